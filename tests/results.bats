#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/lib/results.sh: what is recorded is valid JSON and says all of it.

setup() {
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache PXD_RESULTS=$BATS_TEST_TMPDIR/results
	unset LINUX REV
}

# record_as ARG...: in a verb of its own
record_as() {
	run bash -c '. "$0/../scripts/lib/common.sh"; . "$ROOT/scripts/lib/results.sh"; record "$@"' \
		"$BATS_TEST_DIRNAME" "$@"
}

@test "a record has every field, strings survive, numbers are numbers" {
	record_as boot s390 fail "it said \"no\" \\ and 'never'" passed=3 ratio=0.5 qemu=7.2.1 note='a b'
	[ "$status" -eq 0 ]
	json=$PXD_RESULTS/boot/s390.json
	[ "$(jq -r .reason "$json")" = "it said \"no\" \\ and 'never'" ]
	[ "$(jq -r .status "$json")" = fail ]
	[ "$(jq -r '.figures | "\(.passed + 1) \(.ratio) \(.qemu) \(.note)"' "$json")" = "4 0.5 7.2.1 a b" ]
	[[ $(jq -r .date "$json") =~ ^20[0-9-]+T[0-9:]+Z$ ]]
	[ "$(jq -r '.commit | .[:40]' "$json")" = "$(git -C "$BATS_TEST_DIRNAME" rev-parse HEAD)" ]
	[ "$(jq -r .base "$json")" = "$(. "$BATS_TEST_DIRNAME/../base.conf"; echo "$BASE_PACKAGE $BASE_VERSION")" ]
	[ "$(jq -r 'keys_unsorted | join(" ")' "$json")" = "date command commit base status reason figures" ]
}

@test "all but a pass needs a reason, and a status is one of four" {
	for what in fail skip base-fails; do
		record_as boot s390 "$what" ""
		[ "$status" -eq 2 ]
	done
	record_as boot s390 passed "x"
	[ "$status" -eq 2 ]
	record_as boot s390 pass "" "not a figure"
	[ "$status" -eq 2 ]
	[ ! -e "$PXD_RESULTS/boot/s390.json" ]
	record_as boot s390 pass ""
	[ "$status" -eq 0 ]
}

@test "a later record takes the place of an earlier one and leaves nothing else" {
	record_as build arm fail "broken"
	record_as build arm pass "" seconds=3
	[ "$status" -eq 0 ]
	[ "$(jq -r .status "$PXD_RESULTS/build/arm.json")" = pass ]
	[ "$(ls -A "$PXD_RESULTS/build")" = arm.json ]
}
