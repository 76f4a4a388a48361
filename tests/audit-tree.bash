# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # used by the tests; set by run
# What the tests of scripts/audit share: as little of a kernel as it accepts, in
# TREE, and what the fixtures say of themselves.

ROOT=$BATS_TEST_DIRNAME/..
AUDIT=$ROOT/scripts/audit

# audit_tree [DIR]: make it. The tests of a file share one cache, which makes
# them quick.
audit_tree() {
	export PXD_CACHE=$BATS_FILE_TMPDIR/cache TMPDIR=$BATS_TEST_TMPDIR/tmp
	TREE=${1:-$BATS_TEST_TMPDIR/tree}
	mkdir -p "$TMPDIR" "$TREE/arch/x86" "$TREE/mm" "$TREE/include/linux"
	printf 'VERSION = 7\nPATCHLEVEL = 3\n' >"$TREE/Makefile"
	echo 'config X86' >"$TREE/arch/x86/Kconfig"
}

# fixtures NAME...: put them into the tree.
fixtures() {
	local fixture
	for fixture; do
		cp "$ROOT/cocci/tests/$fixture".[ch] "$TREE/mm/"
	done
}

# a spatch of ours, first in PATH; $REAL is the real one
fake_spatch() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	REAL=$(command -v spatch)
	export REAL
	{ echo '#!/bin/bash'; cat; } >"$BATS_TEST_TMPDIR/bin/spatch"
	chmod +x "$BATS_TEST_TMPDIR/bin/spatch"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# file:line class, as the fixtures say and as the report says
expected() {
	(cd "$TREE" && grep -rn 'EXPECT:' --include='*.[ch]' mm) |
		sed -E 's/^([^:]*:[0-9]+):.*EXPECT: ([a-z -]*[a-z]).*/\1 \2/' |
		awk '{ for (i = 2; i <= NF; i++) print $1, $i }' | sort -u
}
reported() { sed -nE 's/^([^ ]+:[0-9]+): ([a-z-]+): .*/\1 \2/p' "$@" | sort -u; }

# as_expected: stdin has the findings that the fixtures are marked with, no other.
as_expected() {
	reported >"$BATS_TEST_TMPDIR/got"
	expected >"$BATS_TEST_TMPDIR/want"
	[ -s "$BATS_TEST_TMPDIR/want" ]
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

# no_results: none is kept, though what the rules look for may be known, and which
# files have it.
no_results() {
	[ -z "$(find "$PXD_CACHE" -type f ! -name 'tokens-????????????????????????????????' \
		! -name 'files-????????????????????????????????-????????????????')" ]
}

# wrong MESSAGE ARG...: with these arguments it says that, in one line, and no more.
wrong() {
	local want=$1
	shift
	run -2 --separate-stderr "$AUDIT" "$@"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"$want"* ]]
}
