#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/build: on a kernel tree that is a Makefile and one C file.

bats_require_minimum_version 1.5.0
load kernel-fake
load trap

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

@test "--record: the objects of the series only" {
	no_record scripts/build real -- --base '--with x' '--tree x' '--config base.conf' --image --lean --vmtests
}

# mine: a tree of the user's
mine() {
	MINE=$BATS_TEST_TMPDIR/mine
	git clone -q "$LINUX_TREE" "$MINE"
	git -C "$MINE" remote remove origin
}
# as_it_was COMMAND...: does not change MINE, not even a time stamp
as_it_was() {
	local before
	before=$(find "$MINE" -printf '%p %T@ %C@\n' | sort)
	run --separate-stderr "$@"
	printf '%s\n' "$output" "$stderr"
	[ "$(find "$MINE" -printf '%p %T@ %C@\n' | sort)" = "$before" ]
	[ "$status" -eq 0 ]
}

@test "--tree: nothing is written there, objects are kept in the cache" {
	mine
	as_it_was scripts/build real --tree "$MINE"
	[[ $output = "$PXD_CACHE"/objects/mine-*/.out-real ]]
	[ -f "$output/mm/gup.o" ]
	[ "$(wc -l <"$PXD_CACHE/objects/compiled")" -eq 1 ]
	as_it_was scripts/build real --tree "$MINE"
	[ "$(wc -l <"$PXD_CACHE/objects/compiled")" -eq 1 ]
	# what is new there, or gone, is seen
	echo 'int gup(void) { return 2; }' >"$MINE/mm/gup.c"
	mkdir "$MINE/new"
	rm -r "$MINE/scripts"
	as_it_was scripts/build real --tree "$MINE"
	[ "$(wc -l <"$PXD_CACHE/objects/compiled")" -eq 2 ]
	[ -d "$PXD_CACHE"/objects/mine-*/new ]
	[ ! -L "$PXD_CACHE"/objects/mine-*/scripts ]
	# without git, too
	rm -rf "$MINE/.git"
	as_it_was scripts/build real --tree "$MINE"
}

@test "--tree: one that nobody may write to" {
	mine
	chmod -R a-w "$MINE"
	if [ "$(id -u)" -eq 0 ]; then
		# root writes all the same; as_it_was sees that
		as_it_was scripts/build real --tree "$MINE"
	else
		scripts/build real --tree "$MINE"
	fi
	chmod -R u+w "$MINE"
}

@test "--tree: one that was built in place is an error that says what to do, and stays as it is" {
	mine
	for made in .config include/config arch/x86/include/generated; do
		mkdir -p "$MINE/$made"
		run scripts/build real --tree "$MINE"
		printf '%s\n' "$output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output = *"has been built in place ($made): run make mrproper"* ]]
		[ -d "$MINE/$made" ]
		rmdir "$MINE/$made"
	done
}

@test "--tree: nothing runs that its repository names" {
	mine
	trap_repository "$MINE"
	scripts/build real --tree "$MINE"
	not_trapped
}

@test "a compiler that apt does not offer: skipped, by name, before anything is fetched" {
	fake_apt
	{ cat targets/real; echo 'CROSS=nosuch-'; echo 'NEEDS=(nosuch-gcc=gcc-nosuch)'; } >targets/a
	printf '#!/bin/sh\nexit 1\n' >scripts/apply
	run scripts/build a
	[ "$status" -eq 2 ]
	[ "$output" = 'build: a: skipped: apt offers no gcc-nosuch' ]
	# after the lists were fetched
	[ "$(cat "$BATS_TEST_TMPDIR/apt/asked")" = '-qq -o DPkg::Lock::Timeout=300 update' ] || [ "$(id -u)" -ne 0 ]
	# what another package provides can be had
	PROVIDED=gcc-nosuch run scripts/build a
	[ "$status" -eq 2 ]
	[[ $output = *missing*gcc-nosuch* || $output = *'could not install'*gcc-nosuch* ]]
	PXD_RESULTS=$BATS_TEST_TMPDIR/results run scripts/build a --record
	[ "$status" -eq 2 ]
	[ "$(jq -r '.status + .reason' "$BATS_TEST_TMPDIR/results/build/a.json")" = 'skipapt offers no gcc-nosuch' ]
}

@test "an apt that has no lists is no reason to skip" {
	fake_apt
	sed -i 's/^offered=.*/offered=/' "$BATS_TEST_TMPDIR/apt/apt-cache"
	{ cat targets/real; echo 'NEEDS=(nosuch-gcc=gcc-nosuch)'; } >targets/a
	run scripts/build a
	[ "$status" -eq 2 ]
	[[ $output = *'run: sudo apt-get update' ]]
}

# clang N...: these are installed, with what goes with them
clang() {
	local n name
	mkdir -p "$BATS_TEST_TMPDIR/clang"
	PATH=$BATS_TEST_TMPDIR/clang:$PATH
	for n; do
		for name in clang ld.lld llvm-ar; do
			printf '#!/bin/bash\n[ "$*" != --version ] || { echo clang %s; exit; }\nexec gcc "${@/#-fcolor*/-O2}"\n' "$n" >"$BATS_TEST_TMPDIR/clang/$name-$n"
		done
	done
	chmod +x "$BATS_TEST_TMPDIR"/clang/*
}
# found: which one is taken
found() {
	# shellcheck disable=SC2016 # that shell's
	env -i PATH="$BATS_TEST_TMPDIR/clang:$BATS_TEST_TMPDIR/apt:/only" HOME="$HOME" PXD_CACHE="$PXD_CACHE" \
		"$BASH" -c 'PATH+=:'"$BATS_TEST_TMPDIR/tools"'; . "$0/scripts/lib/common.sh"; . "$0/scripts/lib/kernel.sh"
			load_target llvm; can_build || { echo "$SKIP"; exit; }; echo "$LLVM $COMPILER ${NEEDS[*]}"' "$REPO"
}

@test "clang: the newest that is installed, or else that apt offers, and no older than the target wants" {
	{ cat targets/real; echo CLANG=17; } >targets/llvm
	# all but the clang of this machine
	mkdir "$BATS_TEST_TMPDIR/tools"
	for name in awk sed sort grep mkdir env git id dirname nproc cksum basename tr realpath; do
		ln -s "$(command -v $name)" "$BATS_TEST_TMPDIR/tools/"
	done
	fake_apt clang-16 lld-16 llvm-16 clang-21 lld-21 llvm-21 clang-22 lld-22
	[ "$(found)" = '-21 clang-21 clang-21=clang-21 ld.lld-21=lld-21 llvm-ar-21=llvm-21' ]
	clang 16 18 19
	[[ $(found) = '-19 clang-19 '* ]]
	rm "$BATS_TEST_TMPDIR/clang/ld.lld-19"
	[[ $(found) = '-18 clang-18 '* ]]
	rm -r "$BATS_TEST_TMPDIR/clang"
	fake_apt clang-16 lld-16 llvm-16
	[ "$(found)" = 'apt offers no clang from 17 on, with lld and llvm' ]
}

@test "clang: what is taken is what make gets" {
	clang 98
	{ cat targets/real; echo CLANG=98; } >targets/llvm
	# shellcheck disable=SC2016 # for make
	sed -i 's/^>$(CC) />@echo "$(LLVM) $(CC)" >>..\/llvm\n&/' "$BASES/series/Makefile"
	scripts/build llvm
	[ "$(cat "$BASES/llvm")" = '-98 ccache clang-98' ]
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
