#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/build: on a kernel tree that is a Makefile and one C file.

bats_require_minimum_version 1.5.0
load kernel-fake

setup() { fake_repo; }

compiled() { wc -l <"$BASES/compiled"; }

@test "objects: prints where they are, builds again only what changed" {
	run --separate-stderr scripts/build real
	[ "$status" -eq 0 ]
	[ "$output" = "$BASES/series/.out-real" ]
	[ -f "$output/mm/gup.o" ]
	run --separate-stderr scripts/build real --series
	[ "$status" -eq 0 ]
	[ "$(compiled)" -eq 1 ]
	[ "$(wc -l <"$BASES/configured")" -eq 1 ]

	echo 'int gup(void) { return 2; }' >"$BASES/series/mm/gup.c"
	run scripts/build real
	[ "$status" -eq 0 ]
	[ "$(compiled)" -eq 2 ]
}

@test "options that the configuration lost are named" {
	run scripts/build real
	[[ $output = *"real does not have: CONFIG_ABSENT=y"* ]]
	grep -qx CONFIG_OWN=y "$BASES/series/.out-real/.config"
}

@test "a changed configuration is configured anew" {
	scripts/build real
	sed -i 's/CONFIG_OWN/CONFIG_NEW/' targets/real
	run scripts/build real
	[ "$status" -eq 0 ]
	grep -qx CONFIG_NEW=y "$BASES/series/.out-real/.config"
	[ "$(wc -l <"$BASES/configured")" -eq 2 ]
}

@test "a base image is built once and found again, until its configuration changes" {
	run --separate-stderr scripts/build real --base --image
	[ "$status" -eq 0 ]
	image=$output
	[[ $image = "$PXD_CACHE"/images/real-*/Image ]]
	rm -rf "$LINUX_TREE/.out-real"
	run --separate-stderr scripts/build other --base --image
	[ "$status" -eq 0 ]
	[ "$output" = "$image" ]
	[ "$(compiled)" -eq 1 ]

	sed -i 's/CONFIG_OWN/CONFIG_NEW/' targets/real
	run --separate-stderr scripts/build real --base --image
	[ "$status" -eq 0 ]
	[ "$output" != "$image" ]
}

@test "code that does not compile: exit 1, the compiler's words, the log's path" {
	echo 'int gup(void) { return nonsense; }' >"$BASES/series/mm/gup.c"
	run scripts/build real
	[ "$status" -eq 1 ]
	[[ $output = *"does not build"* ]]
	[[ $output = *"error: "*nonsense* ]]
	[[ $output = *"$PXD_CACHE/log/build-real-series.log"* ]]
}

@test "warnings are shown, the build passes" {
	echo 'int gup(void) { int unused; return 1; }' >"$BASES/series/mm/gup.c"
	run scripts/build real
	[ "$status" -eq 0 ]
	[[ $output = *"warning: unused variable"* ]]
}

@test "what the caller's environment and make say does not reach the kernel" {
	KCFLAGS=-O0 MAKEFLAGS='k -- KCFLAGS=-O1' ARCH=wrong run scripts/build real --image
	[ "$status" -eq 0 ]
	[ "$(cat "$BASES/flags")" = "MAKEFLAGS-seen: " ]
}

@test "ccache serves a second work tree" {
	scripts/build real
	run scripts/build real --base
	[ "$status" -eq 0 ]
	[[ $output = *"1 of 1 objects from ccache"* ]]
}

fix() {
	cat >"$BATS_TEST_TMPDIR/fix.patch" <<-END
		--- a/mm/gup.c
		+++ b/mm/gup.c
		@@ -1 +1 @@
		-int gup(void) { return 1; }
		+int gup(void) { return $1; }
	END
}

@test "--with: a work tree of its own, the series is left alone, a changed patch is taken" {
	fix 5
	run --separate-stderr scripts/build real --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$status" -eq 0 ]
	[ "$output" = "$BASES/with-fix-series/.out-real" ]
	grep -q 'return 5' "$BASES/with-fix-series/mm/gup.c"
	grep -q 'return 1' "$BASES/series/mm/gup.c"
	[ -z "$(git -C "$BASES/series" status --porcelain)" ]

	run scripts/build real --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$(compiled)" -eq 1 ]
	fix 6
	run scripts/build real --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$status" -eq 0 ]
	grep -q 'return 6' "$BASES/with-fix-series/mm/gup.c"
}

@test "--with: a half-made work tree is made anew" {
	fix 5
	mkdir -p "$BASES/with-fix-base/mm"
	echo junk >"$BASES/with-fix-base/mm/gup.c"
	run scripts/build real --base --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$status" -eq 0 ]
	grep -q 'return 5' "$BASES/with-fix-base/mm/gup.c"
}

@test "--with: a patch that does not apply is an error that names it" {
	fix 5
	sed -i 's/return 1/return 7/' "$BATS_TEST_TMPDIR/fix.patch"
	run scripts/build real --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"fix.patch does not apply"* ]]
	# and is not taken for applied the next time
	run scripts/build real --with "$BATS_TEST_TMPDIR/fix.patch"
	[ "$status" -eq 2 ]
}

@test "--record writes the outcome, also of a failure" {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	scripts/build real --record
	[ "$(jq -r .status "$PXD_RESULTS/build/real.json")" = pass ]
	echo 'nonsense' >"$BASES/series/mm/gup.c"
	run scripts/build real --record
	[ "$status" -eq 1 ]
	[ "$(jq -r '.status + .figures.tree' "$PXD_RESULTS/build/real.json")" = failseries ]
}

@test "bad input is an error in one line" {
	for args in '' 'nosuch' '../targets/real' 'real other' 'real --nosuch' 'real --with' \
		    'real --with nosuch.patch' 'real --tree /nonexistent'; do
		# shellcheck disable=SC2086 # words
		run scripts/build $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	run scripts/build nosuch
	[[ $output = *"one of: other real"* ]]
}

@test "two builds of one target in one tree: the second is told to wait" {
	mkdir -p "$PXD_CACHE/lock"
	scripts/build real
	exec 9>"$(echo "$PXD_CACHE"/lock/build-real-*)"
	flock 9
	run scripts/build real
	[ "$status" -eq 2 ]
	[[ $output = *"another run is busy"* ]]
}

@test "a cache below a directory with a space is an error that says so" {
	mv "$BASES/series" "$BATS_TEST_TMPDIR/a tree"
	run scripts/build real --tree "$BATS_TEST_TMPDIR/a tree"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output = *"space or colon"* ]]
}
