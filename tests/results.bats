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

# a repository that a record can be about, in $REPO, with a verb
committed() {
	REPO=$BATS_TEST_TMPDIR/repo
	mkdir -p "$REPO/results/boot"
	cp -r "$BATS_TEST_DIRNAME/../scripts" "$BATS_TEST_DIRNAME/../base.conf" "$REPO/"
	cat >"$REPO/scripts/verb" <<-'END'
		. "$(dirname "$0")/lib/common.sh"
		. "$ROOT/scripts/lib/results.sh"
		may_record ${PARTIAL-}
		eval "${MEANWHILE-}"
		record boot s390 pass ''
	END
	echo whole >"$REPO/results/boot/s390.json"
	git init -q "$REPO"
	commit
	unset PXD_RESULTS
}
commit() {
	git -C "$REPO" add -A
	git -C "$REPO" -c user.name=t -c user.email=t@t commit -qm "${1:-t}"
}
refused() {
	run bash "$REPO/scripts/verb"
	printf '%s\n' "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output = *"$1"* ]]
	[ "$(cat "$REPO/results/boot/s390.json")" = whole ]
}

@test "a run of a part, on another base or of what is in no commit does not replace a record" {
	committed
	PARTIAL='--test --base' refused 'leave out --test --base'
	LINUX=$REPO refused 'unset LINUX'
	echo '# changed' >>"$REPO/scripts/boot"
	refused 'commit them first'
	PXD_RESULTS=$BATS_TEST_TMPDIR/elsewhere run bash "$REPO/scripts/verb"
	[ "$status" -eq 0 ]
	[[ $(jq -r .commit "$BATS_TEST_TMPDIR/elsewhere/boot/s390.json") = *-dirty ]]
	PXD_RESULTS=$BATS_TEST_TMPDIR/elsewhere PARTIAL=--test refused 'leave out --test'
	commit
	rm -rf "$REPO/.git"
	refused 'not a git repository'
}

@test "a record names the commit at which the run began, and is not written if that was left" {
	committed
	MEANWHILE='echo >>"$ROOT/scripts/boot"' refused 'has changed since the run began'
	commit
	export -f commit
	began=$(git -C "$REPO" rev-parse HEAD)
	REPO=$REPO MEANWHILE='echo >"$ROOT/results/other"; commit results' run bash "$REPO/scripts/verb"
	[ "$status" -eq 0 ]
	[ "$(jq -r .commit "$REPO/results/boot/s390.json")" = "$began" ]
	[ "$(git -C "$REPO" rev-parse HEAD)" != "$began" ]
}

@test "what could not be run here does not replace what a run came to" {
	skip_as() {
		run bash -c '. "$0/../scripts/lib/common.sh"; . "$ROOT/scripts/lib/results.sh"; record_skip "$@"' \
			"$BATS_TEST_DIRNAME" matrix arm "$@"
		[ "$status" -eq 0 ]
	}
	skip_as 'no compiler'
	[ "$(jq -r '.status + .reason' "$PXD_RESULTS/matrix/arm.json")" = 'skipno compiler' ]
	skip_as 'none at all'
	[ "$(jq -r .reason "$PXD_RESULTS/matrix/arm.json")" = 'none at all' ]
	record_as matrix arm pass ""
	skip_as 'no compiler'
	[[ $output = *"results/matrix/arm.json stays"* ]]
	[ "$(jq -r .status "$PXD_RESULTS/matrix/arm.json")" = pass ]
}

@test "a later record takes the place of an earlier one and leaves nothing else" {
	record_as build arm fail "broken"
	record_as build arm pass "" seconds=3
	[ "$status" -eq 0 ]
	[ "$(jq -r .status "$PXD_RESULTS/build/arm.json")" = pass ]
	[ "$(ls -A "$PXD_RESULTS/build")" = arm.json ]
}
