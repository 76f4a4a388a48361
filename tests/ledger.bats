#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# What the audit finds in the base and in the series is what the ledger knows.

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/..
LEDGER=$ROOT/cocci/ledger/linux-7.3

setup_file() {
	unset LINUX REV
	export SERIES
	SERIES=$("$ROOT/scripts/apply") || return
}

# audit TREE base|series: leaves findings.json in a directory of its own
audit() {
	mkdir -p "$BATS_FILE_TMPDIR/$2"
	run "$ROOT/scripts/audit" "$1" --json "$BATS_FILE_TMPDIR/$2" --ledger "$LEDGER" --expect "$2"
	grep -A 100 '^# rank ' <<<"$output"
}

@test "base: every finding has a verdict, 80% of those ranked high are real" {
	audit "${SERIES%/*}/linux" base
	[ "$status" -eq 0 ]
	share=$(sed -n 's/^# precision: .*: \([0-9]*\)\.[0-9]*%$/\1/p' <<<"$output")
	[ "$share" -ge 80 ]
}

@test "series: every finding has a verdict, none is one that a patch fixes" {
	audit "$SERIES" series
	[ "$status" -eq 0 ]
	run ! grep -q '"class": *"stack-' "$BATS_FILE_TMPDIR/series/findings.json"
}

@test "no verdict is left of what is in neither" {
	run python3 -B "$ROOT/scripts/lib/audit-report" --ledger "$LEDGER" \
		--stale "$BATS_FILE_TMPDIR"/{base,series}/findings.json
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}
