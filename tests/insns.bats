#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/insns: what it makes of the figures that guests print. QEMU is a
# script; the guest's programs are only compiled and packed here.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake

setup() {
	fake_repo
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export SEEN=$BATS_TEST_TMPDIR/seen CONSOLES=$BATS_TEST_TMPDIR/consoles
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	mkdir "$SEEN" "$CONSOLES"
	# The console is the file for the boot (base-1), else for the side (base).
	cat >"$BATS_TEST_TMPDIR/bin/fake-qemu" <<-'END'
		#!/bin/bash
		[ "$1" != --version ] || { echo 'QEMU emulator version 9.8.7'; exit; }
		args=("$@")
		while [ $# -gt 0 ]; do
			case $1 in
			-serial) file=${2#file:} ;;
			-initrd) cpio -it --quiet <"$2" | sort >"$SEEN/files" ;;
			esac
			shift
		done
		boot=${file##*insns-}; boot=${boot#*-}; boot=${boot%.log}
		printf '%s\n' "${args[@]}" >"$SEEN/$boot"
		cp "$CONSOLES/$boot" "$file" 2>/dev/null || cp "$CONSOLES/${boot%-*}" "$file"
		[ -z "$HANG" ] || { echo $$ >"$SEEN/pid"; exec sleep 1000; }
		exit "${QEMU_RC:-0}"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/fake-qemu"
	for side in base again series; do console "$side" 5000 6000; done
}

# console SIDE US1 US512 [US]: what a good guest prints
console() {
	cat >"$CONSOLES/$1" <<-END
		[    0.5] init| RUN /tests/gup_fast
		[    0.6] guest| COST levels=- per_call=1 pages=1250 us=$2
		[    0.7] guest| COST levels=- per_call=512 pages=2500 us=$3
		[    0.8] init| RUN /tests/walks
		[    0.9] guest| COST levels=- walk=mincore1 pages=1000 us=${4-8000}
		[    1.0] init| END programs=2 planned=0 passed=0 failed=0 skipped=0 bad_exits=0
	END
}

# error WORDS: exit 2, and says why
error() {
	run scripts/insns real
	printf '%s\n' "$output"
	[ "$status" -eq 2 ] && [[ $output = *"$1"* ]]
}

status_of() { jq -r '.status + ": " + .reason' "$PXD_RESULTS/insns/$1.json"; }

@test "equal kernels: exit 0, the table, the text's size, what is recorded" {
	run scripts/insns real --record
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	grep -qE '^real +- +1 +500\.00 +500\.00 +500\.00 1\.00000 *$' <<<"$output"
	grep -qE '^real +- +512 +300\.00 +300\.00 +300\.00 1\.00000 *$' <<<"$output"
	grep -qE '^real +- +mincore1 +1000\.00 +1000\.00 +1000\.00 1\.00000 *$' <<<"$output"
	[[ $output = *"functions 100 and 104"* ]]
	[ "$(jq -r '.figures | "\(.n1_base) \(.n1_series) \(.n512_ratio) \(.n512_spread) \(.boots) \(.tree) \(.qemu) \(.functions_series)"' \
		"$PXD_RESULTS/insns/real.json")" = "500 500 1 0 5 series 9.8.7 104" ]
	[ "$(jq -r '.figures | "\(.mincore1_base) \(.mincore1_series) \(.mincore1_ratio)"' "$PXD_RESULTS/insns/real.json")" = "1000 1000 1" ]
	[ "$(jq .figures.text_base "$PXD_RESULTS/insns/real.json")" -gt 0 ]
	[ "$(status_of real)" = "pass: " ]
}

@test "five boots a side: of the right kernel, on one CPU whose clock counts instructions" {
	sed -i 's/-cpu one/-accel "tcg,thread=multi" -cpu one/' targets/real
	scripts/insns real
	[ "$(cd "$SEEN" && echo *)" = "again-1 again-2 again-3 again-4 again-5 base-1 base-2 base-3 base-4 base-5 files series-1 series-2 series-3 series-4 series-5" ]
	for boot in "$SEEN"/*-*; do
		grep -qx 'shift=3,sleep=off' "$boot"
		grep -qx 1 <(grep -x -A 1 -e -smp "$boot")
		grep -qx tcg "$boot"
	done
	grep -qx "$PXD_CACHE/images/real-insns-.*/Image" "$SEEN/base-1"
	grep -qx "$PXD_CACHE/images/real-insns-.*/Image" "$SEEN/again-5"
	grep -qx "$BASES/series/.out-real-insns/arch/fake/boot/Image" "$SEEN/series-3"
	grep -qx tests/gup_fast "$SEEN/files"
	grep -qx tests/walks "$SEEN/files"
	# without the options of the images that are tested
	run ! grep -q COMMON "$BASES/series/.out-real-insns/.config"
	grep -qx CONFIG_OWN=y "$BASES/series/.out-real-insns/.config"
}

@test "one instruction in 500 more fails, and is recorded as a failure" {
	console series 5010 6000
	run scripts/insns real --record
	printf '%s\n' "$output"
	[ "$status" -eq 1 ]
	grep -qE '^real +- +1 +500\.00 +500\.00 +501\.00 1\.00200  more than 0.001' <<<"$output"
	[ "$(status_of real)" = "fail: n1: more than 0.001 over the base" ]
}

@test "only 512 pages a call cost more: fails as well" {
	console series 4000 6007
	run scripts/insns real
	[ "$status" -eq 1 ]
	grep -qE '^real +- +512 .* more than 0.001' <<<"$output"
}

@test "only a walk costs more: fails as well, unless it is expected" {
	console series 5000 6000 8009
	run scripts/insns real --record
	printf '%s\n' "$output"
	[ "$status" -eq 1 ]
	grep -qE '^real +- +mincore1 .* 1\.00112  more than 0.001' <<<"$output"
	[ "$(status_of real)" = "fail: mincore1: more than 0.001 over the base" ]
	echo 'real - mincore1 1.0012 for the test' >scripts/lib/insns.expect
	scripts/insns real
}

@test "--what: these programs and figures only, and nothing is recorded" {
	for what in gup:gup_fast:'per_call=512' walks:walks:'walk=mincore1'; do
		for side in base again series; do
			console "$side" 5000 6000
			sed -i "/COST/{/${what##*:}/!d}; s/programs=2/programs=1/" "$CONSOLES/$side"
		done
		run scripts/insns real --what "${what%%:*}"
		printf '%s\n' "$output"
		[ "$status" -eq 0 ]
		[ "$(grep -c '^real ' <<<"$output")" -eq 1 ]
		[ "$(grep -xE 'tests/.+' "$SEEN/files")" = "tests/$(cut -d: -f2 <<<"$what")" ]
	done
	run scripts/insns real --what walks --record
	[ "$status" -eq 2 ]
	[[ $output = *"leave out --what"* ]]
	[ ! -e "$PXD_RESULTS/insns" ]
}

@test "a guest that ran one program of two is an error" {
	sed -i '/walk/d; s/programs=2/programs=1/' "$CONSOLES/series"
	error "the guest printed no figure"
}

@test "more than 0.1% passes where it is expected, for the reason; no other row, no more than that" {
	# instructions: 500.00 and 501.00, 300.00 and 300.35
	console series 5010 6007
	echo 'real - 1 1.0025 for the test' >scripts/lib/insns.expect
	run scripts/insns real --record
	printf '%s\n' "$output"
	[ "$status" -eq 1 ]
	grep -qE '^real +- +1 .* 1\.00200  expected: for the test$' <<<"$output"
	[ "$(status_of real)" = "fail: n512: more than 0.001 over the base" ]
	[ "$(jq -r .figures.n1_expected "$PXD_RESULTS/insns/real.json")" = 'for the test' ]
	echo 'real - 512 1.0025 as well' >>scripts/lib/insns.expect
	scripts/insns real
	console series 5013 6007
	run scripts/insns real
	[ "$status" -eq 1 ]
	sed -i 's/^real/other/' scripts/lib/insns.expect
	console series 5010 6000
	run scripts/insns real
	[ "$status" -eq 1 ]
}

@test "0.1% more passes, and less passes" {
	console series 5005 5000
	run scripts/insns real
	[ "$status" -eq 0 ]
}

@test "a base that disagrees with itself is no pass, whatever the series is" {
	console again 5010 6000
	for series in 4000 5005 6000; do
		console series "$series" 6000
		run scripts/insns real --record
		printf '%s\n' "$output"
		[ "$status" -eq 1 ]
		[[ $output = *"not measurable: the base differs from itself by 0.001998"* ]]
		[[ $(status_of real) = "skip: n1: not measurable"* ]]
	done
}

@test "a series that costs more is a failure, also where another figure is not measurable" {
	console again 5010 6000
	console series 5000 7000
	run scripts/insns real --record
	[ "$status" -eq 1 ]
	[[ $(status_of real) = "fail: n1: not measurable"*"n512: more than"* ]]
}

@test "medians: two boots of five may be off, three may not" {
	for boot in series-1 series-4 base-2 base-5; do console "$boot" 9000 9000; done
	run scripts/insns real
	[ "$status" -eq 0 ]
	console series-5 9000 9000
	run scripts/insns real
	[ "$status" -eq 1 ]
}

@test "--boots" {
	scripts/insns real --boots 1
	[ "$(cd "$SEEN" && echo *-*)" = "again-1 base-1 series-1" ]
}

@test "levels have rows and figures of their own" {
	for side in base again series; do
		sed -i 's/levels=-/levels=3/p; s/levels=3/levels=4/' "$CONSOLES/$side"
	done
	sed -i '/levels=4 per_call=512/s/us=.*/us=7000/' "$CONSOLES/series"
	run scripts/insns real --record
	printf '%s\n' "$output"
	[ "$status" -eq 1 ]
	grep -qE '^real +3 +512 .* 1\.00000 *$' <<<"$output"
	grep -qE '^real +4 +512 .* 1\.16667 ' <<<"$output"
	[[ $(status_of real) = "fail: levels4_n512: "* ]]
}

@test "a guest without figures is an error, with the end of its console" {
	sed -i '/COST/d; s/.*RUN.*/&\n[    0.6] guest| no such file: gup_test/' "$CONSOLES/series"
	error "the guest printed no figure"
	[[ $output = *"no such file: gup_test"* ]]
}

@test "an empty console is an error" {
	: >"$CONSOLES/base"
	error "the guest printed no figure"
}

@test "a figure that is zero, or words, is none" {
	console again 0 0 0
	error "the guest printed no figure"
	console again nan 1e3 -1
	error "the guest printed no figure"
}

@test "figures of a program that failed, or of a guest that died, do not count" {
	sed -i 's/bad_exits=0/bad_exits=1/' "$CONSOLES/series"
	error "the guest printed no figure"
	console series 5000 6000
	sed -i '/END/d' "$CONSOLES/series"
	error "the guest printed no figure"
}

@test "a figure that is missing in one boot is an error" {
	console series-2 5000 6000
	sed -i '/per_call=512/d' "$CONSOLES/series-2"
	error "did not all print the same figures"
}

@test "a figure that the kernel prints is none" {
	sed -i '/per_call=512/s/guest| //' "$CONSOLES"/{base,series,again}
	run scripts/insns real
	[ "$status" -eq 0 ]
	[[ $output != *" 512 "* ]]
}

@test "several targets: all are measured, the worst decides" {
	console series 5010 6000
	run scripts/insns real other --record
	[ "$status" -eq 1 ]
	[ "$(grep -c '^target ' <<<"$output")" -eq 1 ]
	[[ $(status_of real) = fail* && $(status_of other) = fail* ]]
	sed -i 's/-cpu two/-cpu two -broken/' targets/other
	sed -i '2i case "$*" in *-broken*) exit 1 ;; esac' "$BATS_TEST_TMPDIR/bin/fake-qemu"
	run scripts/insns other real
	[ "$status" -eq 2 ]
	grep -qE '^real ' <<<"$output"
}

@test "without a target: all that boot, and no other" {
	printf 'KARCH=fake\nCROSS=\nOBJS=(mm/)\n' >targets/compiled-only
	run scripts/insns --boots 1
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^real ' <<<"$output")" -eq 3 ]
	[ "$(grep -c '^other ' <<<"$output")" -eq 3 ]
	[[ $output != *compiled-only* ]]
}

@test "--record: all figures, of the series" {
	no_record scripts/insns real -- --base '--with x' '--tree x' '--what walks' '--boots 4' '--timeout 299'
}

@test "--base: against itself, the series is not built" {
	run scripts/insns real --base
	[ "$status" -eq 0 ]
	[ ! -e "$BASES/series/.out-real-insns" ]
	cmp <(grep Image "$SEEN/base-1") <(grep Image "$SEEN/series-1")
}

@test "--tree: what is measured" {
	cp -r "$BASES/series" "$BATS_TEST_TMPDIR/mine"
	run scripts/insns real --tree "$BATS_TEST_TMPDIR/mine" --boots 1
	[ "$status" -eq 0 ]
	grep -qx "$PXD_CACHE/objects/mine-.*/.out-real-insns/arch/fake/boot/Image" "$SEEN/series-1"
	! compgen -G "$BATS_TEST_TMPDIR/mine/.out-*"
	grep -qx "$PXD_CACHE/images/real-insns-.*/Image" "$SEEN/base-1"
}

@test "a kernel that does not build: exit 1, recorded when asked" {
	echo nonsense >"$BASES/series/mm/gup.c"
	run scripts/insns real --record
	[ "$status" -eq 1 ]
	[[ $(status_of real) = "fail: the kernel does not build"* ]]
}

@test "a guest that hangs is ended and is an error" {
	export HANG=1
	run scripts/insns real --timeout 1
	[ "$status" -eq 2 ]
	[[ $output = *"hung: no end within 1 s"* ]]
	gone "$SEEN/pid"
}

@test "Ctrl-C ends the guests and leaves nothing in TMPDIR" {
	export HANG=1 TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	scripts/insns real other 3>&- &
	for _ in {1..100}; do [ -e "$SEEN/pid" ] && break; sleep 0.1; done
	# a job in the background ignores SIGINT
	kill -TERM $!
	wait $! || rc=$?
	[ "$rc" -eq 143 ]
	for _ in {1..50}; do kill -0 "$(cat "$SEEN/pid")" || break; sleep 0.1; done
	run ! kill -0 "$(cat "$SEEN/pid")"
	for _ in {1..50}; do [ -n "$(ls -A "$TMPDIR")" ] || break; sleep 0.1; done
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "QEMU that fails is an error with its words" {
	# shellcheck disable=SC2016 # as it stands there
	sed -i 's/exit "${QEMU_RC.*/echo no such machine >\&2; exit 1/' "$BATS_TEST_TMPDIR/bin/fake-qemu"
	error "fake-qemu failed: no such machine"
}

@test "--help, and bad input is an error in one line" {
	run scripts/insns --help
	[ "$status" -eq 0 ]
	[[ $output = *"Usage: scripts/insns"*"Exit: 0"* ]]
	printf 'KARCH=fake\nCROSS=\nOBJS=(mm/)\n' >targets/compiled-only
	for args in nosuch 'real nosuch' 'real --boots' 'real --boots 0' 'real --timeout x' \
		    'real --what' 'real --what all' 'real --nosuch' 'real --with' 'real --with nosuch.patch' compiled-only 'real --tree /nonexistent'; do
		# shellcheck disable=SC2086 # words
		run scripts/insns $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}
