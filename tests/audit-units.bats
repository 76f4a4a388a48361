#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2031 # sourced in a subshell, and meant to be
# The Python of scripts/audit by itself: tests/test_audit.py, which needs no spatch.

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/..

@test "units: the solver, the locks and the comparison, on facts" {
	run python3 -B "$BATS_TEST_DIRNAME/test_audit.py" -v
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ 'Ran '([0-9]+)' tests in' ]]
	[ "${BASH_REMATCH[1]}" -eq "$(grep -c '^    def test_' "$BATS_TEST_DIRNAME/test_audit.py")" ]
	[[ $output != *skipped* ]]
}

@test "units: pyflakes has nothing to say" {
	(. "$ROOT/scripts/lib/common.sh" && require pyflakes3=pyflakes3) 2>"$BATS_TEST_TMPDIR/apt" ||
		skip "$(tail -n1 "$BATS_TEST_TMPDIR/apt")"
	pyflakes3 "$ROOT"/scripts/lib/audit_*.py "$BATS_TEST_DIRNAME/test_audit.py"
}
