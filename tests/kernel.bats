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

# booted TARGET [OPTION...]: and nothing was skipped but what is named
booted() {
	verb boot "$@"
	[[ $output == *" passed, 0 failed, "* ]]
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

@test "riscv64, Sv48: the series boots and passes the selftests" {
	booted riscv64-sv48
}

@test "riscv64, Sv57: the series boots and passes the selftests" {
	booted riscv64
}

@test "s390, 3, 4 and 5 levels: the series boots and passes the selftests" {
	booted s390
	for level in 3 4 5; do
		[[ $output == *"ok "*"levels_$level.read_data"* ]]
		[[ $output == *"ok "*"levels_$level.fast_path_only"* ]]
		[[ $output != *"levels_$level."*"# SKIP no event"* ]]
	done
}

@test "s390: the selftest finds the bug of 2020 when it is put back" {
	bug=("$ROOT"/selftests/debug/0001-*.patch)
	verb boot s390 --with "${bug[0]}" \
		--expect-fail 'levels_3.*: a page with the data of' \
		--expect-fail 'levels_4.*: a page with the data of'
}
