#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Real kernels: the series is compiled where a wrong helper would go unnoticed
# elsewhere, and booted with the selftests.

ROOT=$BATS_TEST_DIRNAME/..

# Prints what the verb said if the test fails.
verb() {
	run "$ROOT/scripts/$1" "${@:2}"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}

# built TARGET: without a warning
built() {
	verb build "$1"
	[[ $output != *warning:* ]]
}

# booted TARGET [OPTION...]: the fast path was seen to be taken, data compared
booted() {
	verb boot "$@"
	[[ $output == *" passed, 0 failed, "* ]]
	for test in read_data write_data fast_path_only slow_path_is_seen; do
		grep -qE "^ok [0-9]+ pgtable_boundary\.[a-z0-9_]+\.$test$" <<<"$output"
	done
}

@test "arm, 2 levels: mm/ of the series builds without a warning" {
	built arm
}

@test "arm64, 39 bit: mm/ of the series builds without a warning" {
	built arm64-39
}

@test "arm64, 48 bit: mm/ of the series builds without a warning" {
	built arm64-48
}

@test "arm64, 52 bit: mm/ of the series builds without a warning" {
	built arm64-52
}

@test "x86_64, 4 levels: the series boots and passes the selftests" {
	booted x86_64
}

@test "x86_64, 5 levels: the series boots and passes the selftests" {
	booted x86_64-la57
}

@test "riscv64, Sv39, two levels folded at run time: the series boots and passes the selftests" {
	booted riscv64-sv39
}

@test "riscv64, Sv39, accessed bits: MGLRU sees that pages are read, above 1 GB as well" {
	verb boot riscv64-sv39-svadu --test "$ROOT/selftests/debug/lru_gen.c"
	grep -qx 'ok 1 aging.low' <<<"$output"
	grep -qx 'ok 2 aging.high' <<<"$output"
}

@test "riscv64, Sv48: the series boots and passes the selftests" {
	booted riscv64-sv48
}

@test "riscv64, Sv57: the series boots and passes the selftests" {
	booted riscv64
}

@test "s390, 3, 4 and 5 levels: the series boots and passes the selftests" {
	booted s390
	for level in 3 4 5; do
		for test in read_data write_data fast_path_only slow_path_is_seen; do
			grep -qxE "ok [0-9]+ pgtable_boundary\.levels_$level\.$test" <<<"$output"
		done
	done
}

@test "s390: the selftest finds the bug of 2020 when it is put back" {
	bug=("$ROOT"/selftests/debug/0001-*.patch)
	verb boot s390 --with "${bug[0]}" \
		--expect-fail '^not ok .*levels_3\.read_data' \
		--expect-fail '^not ok .*levels_4\.read_data' \
		--expect-fail 'read_data:2\^31 bytes: pinned for .*: a page with the data of' \
		--expect-fail 'read_data:2\^42 bytes: pinned for .*: a page with the data of'
	# With five levels nothing is folded, so there the bug is none.
	grep -qxE 'ok [0-9]+ pgtable_boundary\.levels_5\.read_data' <<<"$output"
}
