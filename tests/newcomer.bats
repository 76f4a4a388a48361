#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/newcomer: with stand-ins for debootstrap, and for unshare, which would
# enter the system.

# shellcheck disable=SC2154 # set by run

bats_require_minimum_version 1.5.0

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache PXD_RESULTS=$BATS_TEST_TMPDIR/results
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	ROOT=$BATS_TEST_DIRNAME/..
	stub debootstrap <<-'END'
		for dir; do [[ $dir != */new ]] || mkdir -p "$dir/root" "$dir/etc/apt/sources.list.d"; done
	END
	# The repository may have changes that are not committed: work on a clone.
	git clone -q --no-local "$ROOT" "$BATS_TEST_TMPDIR/clone"
	cp -r "$ROOT/scripts" "$BATS_TEST_TMPDIR/clone/"
	if [ -n "$(git -C "$BATS_TEST_TMPDIR/clone" status --porcelain)" ]; then
		git -C "$BATS_TEST_TMPDIR/clone" add -A
		git -C "$BATS_TEST_TMPDIR/clone" -c user.name=t -c user.email=t@example.org commit -qm test
	fi
	NEWCOMER=$BATS_TEST_TMPDIR/clone/scripts/newcomer
}

stub() {
	{ echo '#!/bin/bash'; cat; } >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# system MAKE-STATUS CHECK-LINE CHECK-STATUS: one in which they end so
system() {
	stub unshare <<-END
		case "\${*: -1}" in
		*'&& make check') printf '%b\n' '$2'; exit $3 ;;
		*'&& make') exit $1 ;;
		*) echo gcc 14.2.0 ;;
		esac
	END
}

@test "both commands pass: recorded, with counts, reasons and versions" {
	system 0 'SKIP no mount name spaces\n40 passed, 0 failed, 1 skipped' 0
	run --separate-stderr "$NEWCOMER" trixie --record
	[ "$status" -eq 0 ]
	json=$PXD_RESULTS/newcomer/trixie.json
	[ "$(jq -r .status "$json")" = pass ]
	[ "$(jq -r '.figures | "\(.passed) \(.failed) \(.skipped) \(.skips) \(.version_gcc)"' "$json")" = \
		"40 0 1 no mount name spaces 14.2.0" ]
	[ -e "$PXD_CACHE/newcomer/trixie/root/pxd-lockless/README" ]
}

@test "a command that fails, or a check that counts nothing, is a failure" {
	system 2 '40 passed, 0 failed, 0 skipped' 0
	run "$NEWCOMER" trixie --record
	[ "$status" -eq 1 ]
	[ "$(jq -r '.status + ": " + .reason' "$PXD_RESULTS/newcomer/trixie.json")" = "fail: make ended with status 2" ]
	system 0 'not ok 3 it boots\n39 passed, 1 failed, 0 skipped' 1
	run "$NEWCOMER" trixie
	[ "$status" -eq 1 ]
	[[ $output == *"not ok 3 it boots"* ]]
	system 0 'nothing' 0
	run "$NEWCOMER" trixie
	[ "$status" -eq 1 ]
	[[ $output == *"make check printed no count"* ]]
}

@test "one step alone is run, and not recorded" {
	system 0 '40 passed, 0 failed, 0 skipped' 1
	run "$NEWCOMER" trixie --step make
	[ "$status" -eq 0 ]
	run "$NEWCOMER" trixie --step make --record
	[ "$status" -eq 2 ]
	[ ! -e "$PXD_RESULTS" ]
}

@test "a system is made once; one that could not be made is no system" {
	system 0 '1 passed, 0 failed, 0 skipped' 0
	run "$NEWCOMER" trixie
	[ "$status" -eq 0 ]
	stub debootstrap <<<'exit 1'
	run "$NEWCOMER" trixie
	[ "$status" -eq 0 ]
	run "$NEWCOMER" trixie --fresh
	[ "$status" -eq 2 ]
	[[ $output == *"debootstrap could not make trixie: see "* ]]
	[ ! -e "$PXD_CACHE/newcomer/trixie" ]
}

@test "a signal ends what is run there, though unshare does not care for it" {
	local pid rc
	stub unshare <<-'END'
		case "${*: -1}" in
		*'&& make') trap '' INT TERM; echo $$ >"$PXD_CACHE/running"; while :; do sleep 0.1; done ;;
		esac
	END
	"$NEWCOMER" trixie --step make 3>&- &
	pid=$!
	for _ in {1..100}; do [ ! -s "$PXD_CACHE/running" ] || break; sleep 0.1; done
	kill -TERM "$pid"
	rc=0
	wait "$pid" || rc=$?
	[ "$rc" -eq 143 ]
	run ! kill -0 "$(cat "$PXD_CACHE/running")"
}
