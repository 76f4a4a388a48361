#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# README's main job, on the real base and on a git tree of the user's.

ROOT=$BATS_TEST_DIRNAME/..

classes='reread-value reread-plain stack-copy stack-step'

# number CLASS COLUMN of the summary in $output
number() { awk -v class="$1" -v column="$2" '$1 == class { print $column }' <<<"$output"; }

@test "make: fetches the base, applies the series, audits both" {
	unset LINUX REV
	run make -s -C "$ROOT"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	patches=("$ROOT"/patches/*.patch)
	[[ $output == *": ${#patches[@]} patches applied"* ]]
	for class in $classes; do
		[[ $(number "$class" 2) =~ ^[0-9]+$ ]]
		[[ $(number "$class" 3) =~ ^[0-9]+$ ]]
	done
	# No copy is left; what is read twice in a function that was changed may
	# change its class, but does not become more.
	[ "$(number stack-copy 2)" -gt 0 ]
	[ "$(number stack-copy 3)" -eq 0 ]
	[ "$(number stack-step 3)" -eq 0 ]
	[ $(($(number reread-value 3) + $(number reread-plain 3))) -lt \
		$(($(number reread-value 2) + $(number reread-plain 2))) ]
	for file in $(awk '$1 == "tree" || $1 == "mbox" { print $2 } /\.txt$/ { print $NF }' <<<"$output"); do
		[ -s "$file" ]
	done
}

@test "apply, then export, is the identity; so is exporting twice" {
	unset LINUX REV
	series=$("$ROOT/scripts/apply")
	for _ in 1 2; do
		cp -r "$ROOT"/{scripts,base.conf} "$BATS_TEST_TMPDIR/"
		mkdir -p "$BATS_TEST_TMPDIR"/{patches,cocci/kernel,selftests/mm}
		cp -r "$ROOT"/patches/. "$BATS_TEST_TMPDIR/patches/"
		run "$BATS_TEST_TMPDIR/scripts/export"
		printf '%s\n' "$output"
		[ "$status" -eq 0 ]
		diff -r "$ROOT/patches" "$BATS_TEST_TMPDIR/patches"
	done
	[ -d "$series" ]
}

@test "git am patches/*.patch by hand, and LINUX= leaves the tree untouched" {
	unset LINUX REV
	base=$("$ROOT/scripts/tree")/linux
	mine=$BATS_TEST_TMPDIR/my\ linux
	git clone -q --shared "$base" "$mine"
	git -C "$mine" config user.name me
	git -C "$mine" config user.email me@example.org
	git -C "$mine" checkout -q -b by-hand
	git -C "$mine" am -q "$ROOT"/patches/*.patch
	git -C "$mine" diff --quiet "$(git -C "$base/../series" rev-parse HEAD)^{tree}" HEAD
	git -C "$mine" checkout -q --detach HEAD~"$(ls "$ROOT"/patches/*.patch | wc -l)"

	look() { find "$mine" -printf '%P %y %m %s %T@ %C@\n' | sort | sha256sum; }
	before=$(look)
	run env LINUX="$mine" make -s -C "$ROOT"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[[ $output == *" patches applied"* ]]
	[ "$(look)" = "$before" ]

	# The audits of this base are cached already, its trees need not stay.
	tree=$(awk '$1 == "tree" { print $2 }' <<<"$output")
	[[ ${tree%/series} == */base/my* ]]
	rm -rf "${tree%/series}"
}
