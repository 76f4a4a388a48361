#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/kcsan: what it makes of the reports of a base and a series. The kernel
# and QEMU are fakes: QEMU writes the console that the test gives for a side and
# row, addr2line knows three places.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets stderr; every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake

setup() {
	fake_repo
	cp "$BATS_TEST_DIRNAME/../scripts/kcsan" scripts/
	cp "$BATS_TEST_DIRNAME"/../scripts/lib/kcsan{.config,-report} scripts/lib/
	mkdir -p selftests/debug
	# shellcheck disable=SC2016 # the fake's
	fake_consoles '-kernel) [[ $2 = */with-kcsan-base/* ]] && side=base || side=series ;;
		-append) row=${2##* } words=$2 ;;' '$side $row $tests $words'
	echo 'int main(void) { return 0; }' >selftests/debug/prog.c
	echo 'int driver;' >>"$LINUX_TREE/mm/gup.c"
	git -C "$LINUX_TREE" diff >selftests/debug/0002-driver.patch
	git -C "$LINUX_TREE" checkout -q .
	cat >selftests/debug/reproducers <<-'END'
		name: lost
		test: prog
		args: -t lost
		kcsan: zap_range
		base: red bad pud [0-9a-f]+
		fixed: green
		what: a mapping is lost
		load: yes

		name: harmless
		test: prog
		args: -t harmless
		base: green
		fixed: green
		what: nothing happens
		load: no
	END
	for side in base series; do green "$side" lost; done
	cat >"$BATS_TEST_TMPDIR/bin/addr2line" <<-'END'
		#!/bin/sh
		case "$*" in
		*0x3) printf 'pud_none\n/x/include/linux/pgtable.h:7\nzap_range\n/x/mm/memory.c:12 (discriminator 2)\nunmap\n/x/mm/memory.c:40\n' ;;
		*0x7) printf 'split\n/x/mm/huge_memory.c:9\n' ;;
		*) printf '??\n??:0\n' ;;
		esac
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/addr2line"
}

# races SIDE ROW [MARKED]: a data race of what is at gup+0x4 with what is at gup+0x8
races() {
	sed -i "2r/dev/stdin" "$CONSOLES/$1-$2" <<-END
		[    0.6] ==================================================================
		[    0.6] BUG: KCSAN: data-race in gup / gup
		[    0.6]
		[    0.6] write (marked) to 0xffff888003c2a000 of 8 bytes by task 51 on cpu 1:
		[    0.6]  gup+0x8/0x10
		[    0.6]  do_syscall_64+0x4/0x10
		[    0.6]
		[    0.6] guest| in between
		[    0.6] read${3:+ ($3)} to 0xffff888003c2a000 of 8 bytes by task 50 on cpu 0:
		[    0.6]  gup+0x4/0x10
		[    0.6]
		[    0.6] value changed: 0x0000000000000001 -> 0x0000000000000000
		[    0.6] ==================================================================
	END
}

@test "reported on the base and not on the series: exit 0, a table, no delays, the detector" {
	races base lost
	races series lost marked
	run --separate-stderr scripts/kcsan real
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ $output =~ ^lost\ +"zap_range()"\ +base\ +1\ +series\ +0$ ]]
	# Rows without functions are not booted.
	[ "$(cut -d' ' -f1-3 "$SEEN")" = $'base lost tests/prog\nseries lost tests/prog' ]
	[ "$(grep -c 'kcsan.skip_watch=[0-9]* .*-- -t lost$' "$SEEN")" -eq 2 ]
	grep -qx 'int driver;' "$BASES/with-kcsan-base/mm/gup.c"
	grep -qx CONFIG_KCSAN=y "$BASES/with-kcsan-base/.out-real/.config"
}

@test "not reported on the base: exit 1" {
	run scripts/kcsan real
	[ "$status" -eq 1 ]
	[[ $output = *"lost: zap_range() is not reported on the base"* ]]
}

@test "reported on the series: exit 1" {
	races base lost
	races series lost
	run scripts/kcsan real
	[ "$status" -eq 1 ]
	[[ $output = *"lost: zap_range() is reported on the series"* ]]
}

@test "a test that fails counts, one that is not run does not" {
	races base lost
	red base lost
	races base lost
	scripts/kcsan real
	sed -i '/guest/d; /init/d' "$CONSOLES/series-lost"
	run scripts/kcsan real
	[ "$status" -eq 2 ]
	[[ $output = *'lost was not run on the series'* ]]
}

@test "--record: figures, and the reports by place, shortened" {
	races base lost
	scripts/kcsan real --record
	json=$PXD_RESULTS/kcsan/real.json
	[ "$(jq -r '"\(.status) \(.figures.lost_zap_range_base) \(.figures.lost_zap_range_series)"' "$json")" = 'pass 1 0' ]
	grep -qxF '    1  read in zap_range() mm/memory.c:12 / write (marked) in split() mm/huge_memory.c:9' "$PXD_RESULTS/kcsan/real.base"
	grep -qx '  pud_none  *include/linux/pgtable.h:7' "$PXD_RESULTS/kcsan/real.base"
	grep -qx '0 reports, 0 pairs' "$PXD_RESULTS/kcsan/real.series"
	races series lost
	run scripts/kcsan real --record
	[ "$status" -eq 1 ]
	[ "$(jq -r .status "$json")" = fail ]
}

@test "a kernel that does not build: exit 1, recorded when asked" {
	# shellcheck disable=SC2016 # make expands it
	printf '$(O)/mm/gup.o: broken\nbroken:\n>false\n' >>"$BASES/series/Makefile"
	git -C "$BASES/series" commit -qam broken
	run scripts/kcsan real --record
	[ "$status" -eq 1 ]
	[[ $(jq -r .reason "$PXD_RESULTS/kcsan/real.json") = 'the kernel of the series does not build'* ]]
}

@test "bad input is an error in one line" {
	for args in '--only harmless' '--only nosuch' --nosuch nosuch 'real other' '--record --only lost'; do
		# shellcheck disable=SC2086 # words
		run scripts/kcsan $args
		[ "$status" -eq 2 ] && [ "${#lines[@]}" -eq 1 ]
	done
}
