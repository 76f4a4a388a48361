#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2031 # sourced in a subshell, and meant to be
# The Python of scripts/audit by itself: tests/test_audit.py, which needs no spatch.

bats_require_minimum_version 1.5.0

load units

ROOT=$BATS_TEST_DIRNAME/..

@test "units: the solver, the locks and the comparison, on facts" {
	units python3 test_audit.py
}

@test "units: pyflakes has nothing to say" {
	nothing_unused "$ROOT"/scripts/lib/audit_*.py "$BATS_TEST_DIRNAME/test_audit.py"
}
