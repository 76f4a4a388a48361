# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # set by run
# What each test of a Python module's unit tests asks.

# units PYTHON FILE: all that FILE has are run, and pass; none is skipped.
units() {
	run "$1" -B "$BATS_TEST_DIRNAME/$2" -v
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output =~ 'Ran '([0-9]+)' tests in' ]]
	[ "${BASH_REMATCH[1]}" -eq "$(grep -c '^    def test_' "$BATS_TEST_DIRNAME/$2")" ]
	[[ $output != *skipped* ]]
}

# nothing_unused FILE...: pyflakes has nothing to say
nothing_unused() {
	(. "$BATS_TEST_DIRNAME/../scripts/lib/common.sh" && require pyflakes3=pyflakes3) 2>"$BATS_TEST_TMPDIR/apt" ||
		skip "$(tail -n1 "$BATS_TEST_TMPDIR/apt")"
	pyflakes3 "$@"
}
