#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What holds for every verb and every file.

ROOT=$BATS_TEST_DIRNAME/..

verbs() { find "$ROOT/scripts" -maxdepth 1 -type f -executable | sort; }

@test "shellcheck has nothing to say" {
	# shellcheck disable=SC2046
	shellcheck -x $(verbs) "$ROOT"/scripts/lib/*.sh "$ROOT"/selftests/vmtests/* "$ROOT/.ci/run"
}

@test "every verb has --help, with its usage and exit codes, and changes nothing" {
	[ "$(verbs | wc -l)" -ge 9 ]
	for verb in $(verbs); do
		run env PXD_CACHE="$BATS_TEST_TMPDIR/cache" "$verb" --help
		echo "$verb: $output"
		[ "$status" -eq 0 ]
		[[ ${output,,} == *usage:\ scripts/${verb##*/}* ]]
		[[ $output == *Exit* ]]
		[ ! -e "$BATS_TEST_TMPDIR/cache" ]
	done
}

@test "an unknown option is an error of one line, exit 2" {
	for verb in $(verbs); do
		run env PXD_CACHE="$BATS_TEST_TMPDIR/cache" "$verb" --no-such-option
		echo "$verb: $status: $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "every file names its licence" {
	cd "$ROOT"
	missing=$(git ls-files | grep -vE '^(LICENSE|README|cover-letter\.txt|results/.*\.json)$' |
		xargs grep -L 'SPDX-License-Identifier' || true)
	echo "$missing"
	# A patch has no comments; what it adds to the kernel names its licence there.
	[ -z "$(grep -v '^patches/' <<<"$missing" || true)" ]
}

@test "make help has every target and every verb" {
	run make -s -C "$ROOT" help
	[ "$status" -eq 0 ]
	for target in $(sed -n 's/^\.PHONY: //p' "$ROOT/Makefile"); do
		[[ $output == *"$target "* ]]
	done
	for verb in $(verbs); do
		grep -q "${verb##*/}" "$ROOT/Makefile" "$ROOT/README"
	done
	for verb in $(sed -n 's/^\t@\(scripts\/[a-z]*\).*/\1/p' "$ROOT/Makefile"); do
		[ -x "$ROOT/$verb" ]
	done
}

@test "a missing package that cannot be installed is an error that names it, exit 2" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in bash dirname id sed cat mkdir nproc rm mktemp; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bin/"
	done
	run env PATH="$BATS_TEST_TMPDIR/bin" PXD_CACHE="$BATS_TEST_TMPDIR/cache" \
		"$(command -v bash)" "$ROOT/scripts/check"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *bats* ]]
}

@test "clean removes the cache, but nothing else and not under a run" {
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache
	mkdir -p "$PXD_CACHE/lock" "$PXD_CACHE/base" "$PXD_CACHE/photos"
	run "$ROOT/scripts/clean"
	[ "$status" -eq 2 ]
	[[ $output == *photos* ]]
	rmdir "$PXD_CACHE/photos"
	run flock "$PXD_CACHE/lock/tree" "$ROOT/scripts/clean"
	[ "$status" -eq 2 ]
	[ -d "$PXD_CACHE/base" ]
	run "$ROOT/scripts/clean"
	[ "$status" -eq 0 ]
	[ ! -e "$PXD_CACHE" ]
	run "$ROOT/scripts/clean"
	[ "$status" -eq 0 ]
}
