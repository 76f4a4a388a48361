#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/boot: what it makes of a guest's console. QEMU is a script that writes
# a given console; selftests/init is only compiled and packed here.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake

setup() {
	fake_repo
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export CONSOLE=$BATS_TEST_TMPDIR/console SEEN=$BATS_TEST_TMPDIR/seen
	cat >"$BATS_TEST_TMPDIR/bin/fake-qemu" <<-'END'
		#!/bin/bash
		[ "$1" != --version ] || { echo 'QEMU emulator version 9.8.7'; exit; }
		printf '%s\n' "$@" >"$SEEN"
		while [ $# -gt 0 ]; do
			case $1 in
			-serial) cp "$CONSOLE" "${2#file:}" ;;
			-initrd) cpio -it --quiet <"$2" | sort >"$SEEN.files" ;;
			esac
			shift
		done
		[ -z "$HANG" ] || { echo $$ >"$SEEN.pid"; exec sleep 1000; }
		exit "${QEMU_RC:-0}"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/fake-qemu"
	good
}

# A console as it should be; tests change it.
good() {
	cat >"$CONSOLE" <<-'END'
		[    0.000000] Linux version 7.3.4 console=fake
		[    0.5] init| RUN /tests/example
		[    0.6] guest| TAP version 13
		[    0.6] guest| 1..3
		[    0.7] guest| # t.c:1:one:crossed boundaries
		[    0.7] guest| ok 1 one
		[    0.8] guest| ok 2 two
		[    0.9] guest| ok 3 three # SKIP no such thing here
		[    1.0] init| END programs=1 planned=3 passed=2 failed=0 skipped=1 bad_exits=0
		[    1.1] reboot: Power down
	END
}
one_fails() {
	sed -i 's/ok 2 two/not ok 2 two/; s/passed=2 failed=0/passed=1 failed=1/' "$CONSOLE"
}

# fails WORDS: exit 1, and says why
fails() {
	run scripts/boot real
	printf '%s\n' "$output"
	[ "$status" -eq 1 ] && [[ $output = *"$1"* ]]
}

@test "a good guest: exit 0, TAP, counts, the skip with its reason, the log" {
	run scripts/boot real
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[[ $output = *$'\nok 2 two\n'* ]]
	[[ $output = *"SKIP three # SKIP no such thing here"* ]]
	[[ $output = *"2 passed, 0 failed, 1 skipped"* ]]
	cmp "$CONSOLE" "$PXD_CACHE/log/boot-real-series.log"
	grep -qx init "$SEEN.files"
	grep -qx tests/example "$SEEN.files"
}

@test "the command line: the image's, the target's, --append" {
	scripts/boot other --base --append 'last words'
	grep -qx 'console=fake more panic=-1 printk.devkmsg=on last words' "$SEEN"
	grep -qx two "$SEEN"
	grep -qx "$PXD_CACHE/images/real-.*/Image" "$SEEN"
}

@test "--test: this program instead of those of selftests/mm, which EXPECT is about" {
	echo 'int main(void) { return 0; }' >other.c
	sed -i 's/crossed/walked/; s|/tests/example|/tests/other|' "$CONSOLE"
	scripts/boot real --test other.c --append '-- -t two'
	[ "$(grep ^tests/ "$SEEN.files")" = tests/other ]
	grep -q -- '-- -t two$' "$SEEN"
	run scripts/boot real --test nosuch.c
	[ "$status" -eq 2 ]
}

@test "--config and --tests-of: more options, tests compiled with the headers of another kernel" {
	echo CONFIG_MORE=y >more
	cp -r "$LINUX_TREE" newer
	echo '#define NEWER 1' >newer/tools/testing/selftests/mm/newer.h
	echo '#include "newer.h"
int main(void) { return !NEWER; }' >other.c
	sed -i 's/crossed/walked/; s|/tests/example|/tests/other|' "$CONSOLE"
	scripts/boot real --tree "$BASES/series" --config more --test other.c --tests-of newer
	grep -qx CONFIG_MORE=y "$BASES/series/.out-real/.config"
	grep -qx CONFIG_OWN=y "$BASES/series/.out-real/.config"
	[ "$(cd newer && git status --porcelain --ignored)" = '?? tools/testing/selftests/mm/newer.h' ]
	[ -d "$PXD_CACHE"/objects/newer-*/.out-real/usr/include ]
	[ ! -e "$PXD_CACHE"/objects/newer-*/.out-real/.config ]
	for args in '--config nosuch' '--tests-of nosuch'; do
		# shellcheck disable=SC2086 # words
		run scripts/boot real $args
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}

@test "a failed test" {
	one_fails
	fails "1 tests failed: not ok 2 two"
}

@test "no verdict" {
	sed -i '/END/d' "$CONSOLE"
	fails "no verdict"
}

@test "an empty console" {
	: >"$CONSOLE"
	fails "nothing on the console"
}

@test "two verdicts" {
	sed -i '/END/{p}' "$CONSOLE"
	fails "no verdict of init, or more than one"
}

@test "a verdict that a test printed is none" {
	sed -i 's/init| END/guest| init| END/' "$CONSOLE"
	fails "no verdict"
}

@test "fewer tests than planned" {
	sed -i '/ok 2/d; s/passed=2/passed=1/' "$CONSOLE"
	fails "3 tests were planned, 2 run"
}

@test "a program that was not run" {
	sed -i 's/programs=1/programs=0/' "$CONSOLE"
	fails "0 of 1 test programs were run"
}

@test "lines lost on the console" {
	sed -i '/ok 2/d' "$CONSOLE"
	fails "the console lost lines"
}

@test "a program that dies" {
	sed -i 's/bad_exits=0/bad_exits=1/; s/.*init| END/[1] init| \/tests\/example was killed by signal 11\n&/' "$CONSOLE"
	fails "killed by signal 11"
}

@test "nothing but skips" {
	sed -i '/ok [12]/d; s/1\.\.3/1..1/; s/planned=3 passed=2/planned=1 passed=0/' "$CONSOLE"
	fails "no test was run to its end"
}

@test "a guest that is not the machine that was meant" {
	sed -i 's/crossed/walked/' "$CONSOLE"
	fails "did not say 'crossed'"
}

@test "every kind of splat, with its lines" {
	while IFS= read -r splat; do
		good
		sed -i "s|.*init. END|[    0.95] $splat\n[    0.96] Call Trace:\n&|" "$CONSOLE"
		fails "the kernel complained: $splat"
		[[ $output = *"Call Trace:"* ]]
	done <<-'END'
		BUG: unable to handle page fault for address: 0000
		WARNING: CPU: 0 PID: 1 at mm/debug_vm_pgtable.c:100 pte_basic_tests
		Oops: general protection fault, 0000
		BUG: KASAN: slab-use-after-free in walk_pmd_range
		BUG: KCSAN: data-race in a / b
		WARNING: possible recursive locking detected
		WARNING: possible circular locking dependency detected
		mm/pgtable-generic.c:55: bad pmd 00000000(0000)
		mm/memory.c:1: bad p4d 00000000(0000)
		BUG: Bad page map in process a
		rcu: INFO: rcu_preempt detected stalls on CPUs/tasks
		Kernel panic - not syncing: Attempted to kill init
		Unable to handle kernel pointer dereference in virtual kernel address space
	END
}

@test "what a test prints is not taken for a splat" {
	sed -i 's/ok 1 one/ok 1 one WARNING: BUG: Oops/' "$CONSOLE"
	run scripts/boot real
	[ "$status" -eq 0 ]
}

@test "--expect-fail: passes when the failure is found and looks as described" {
	one_fails
	sed -i 's/crossed boundaries/a page with the data of 0x1/' "$CONSOLE"
	run scripts/boot real --expect-fail '^not ok .*two' --expect-fail 'the data of'
	[ "$status" -eq 0 ]
	run scripts/boot real --expect-fail '^not ok .*two' --expect-fail 'something else'
	[ "$status" -eq 1 ]
	[[ $output = *"did not say 'something else'"* ]]
}

@test "--expect-fail: a bug that is not found, and one that crashes the guest, fail" {
	run scripts/boot real --expect-fail 'crossed'
	[ "$status" -eq 1 ]
	[[ $output = *"the bug was not found"* ]]
	one_fails
	sed -i 's/.*reboot:/BUG: unable to handle\n&/' "$CONSOLE"
	run scripts/boot real --expect-fail 'crossed'
	[ "$status" -eq 1 ]
	[[ $output = *"the kernel complained"* ]]
}

@test "a guest that hangs is ended and is a failure" {
	export HANG=1
	run scripts/boot real --timeout 1
	[ "$status" -eq 1 ]
	[[ $output = *"hung: no end within 1 s"* ]]
	run ! kill -0 "$(cat "$SEEN.pid")"
}

@test "Ctrl-C ends QEMU and leaves nothing in TMPDIR" {
	ends_qemu scripts/boot real
}

@test "QEMU that fails is an error with its words" {
	QEMU_RC=1 run scripts/boot real
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"fake-qemu failed"* ]]
}

@test "a kernel that does not build: exit 1, recorded when asked" {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	echo nonsense >"$BASES/series/mm/gup.c"
	run scripts/boot real --record
	[ "$status" -eq 1 ]
	[ "$(jq -r .reason "$PXD_RESULTS/boot/real.json")" = "the kernel does not build" ]
}

@test "--record: what was run, on what, and what it came to" {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	scripts/boot real --record
	json=$PXD_RESULTS/boot/real.json
	[ "$(jq -r '"\(.status) \(.figures.passed) \(.figures.tree) \(.command)"' "$json")" = \
	  "pass 2 series scripts/boot real --record" ]
	[ "$(jq -r .figures.qemu "$json")" = 9.8.7 ]
	one_fails
	run scripts/boot real --record
	[ "$status" -eq 1 ]
	[ "$(jq -r '.status + ": " + .reason' "$json")" = "fail: 1 tests failed: not ok 2 two" ]
}

@test "--record: all tests, on the series" {
	echo 'int main(void) { return 0; }' >other.c
	no_record scripts/boot real -- --base '--with x' '--tree x' '--config base.conf' '--test other.c' \
		"--tests-of $LINUX_TREE" '--append x' '--expect-fail x' '--timeout 299'
}

# riscv TARGET KNOWN SAYS: prepare_qemu of the target, with a QEMU that knows the
# property svadu or not, and whose device tree has the words of SAYS
riscv() {
	cat >"$BATS_TEST_TMPDIR/bin/qemu-system-riscv64" <<-END
		#!/bin/bash
		while [ \$# -gt 0 ]; do
			case \$1 in
			-cpu) cpu=\$2 ;;
			-machine) dtb=\${2#dumpdtb=} ;;
			esac
			shift
		done
		says='$3'
		case $2:\$cpu in
		no:*svadu*) echo "Property 'rv64-riscv-cpu.svadu' not found" >&2; exit 1 ;;
		yes:*svadu=off) says=\${says//svadu/} ;;
		esac
		printf '\\0%s' "\$says" >"\$dtb"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/qemu-system-riscv64"
	# shellcheck disable=SC2016 # that shell's
	run bash -c '. "$0/scripts/lib/common.sh"; . "$0/scripts/lib/kernel.sh"
		TARGETS=$1
		load_target "$2"
		prepare_qemu "$3" && echo "${QEMU[*]}" && tr "\0" " " <"$3/dtb"' \
		"$REPO" "$BATS_TEST_DIRNAME/../targets" "$1" "$BATS_TEST_TMPDIR"
	printf '%s\n' "$output"
}

@test "riscv64: five levels, and accessed bits set by hardware are told of in one target only, with old QEMU and new" {
	old='riscv,sv48 rv64imafdch_zicsr_zifencei' new='riscv,sv57 rv64imafdch_zicsr_svadu_svvptc svadu'
	for target in riscv64 riscv64-sv39 riscv64-sv48; do
		riscv "$target" no "$old"
		[ "$status" -eq 0 ]
		[[ $output = *'-cpu rv64 -dtb '*' riscv,sv57 rv64imafdch_zicsr_zifencei' ]]
		riscv "$target" yes "$new"
		[ "$status" -eq 0 ]
		[[ $output = *'-cpu rv64,svadu=off -dtb '*'riscv,sv57'* && $output != *_svadu* ]]
		# one that does as it likes
		riscv "$target" no "$new"
		[ "$status" -ne 0 ]
		[[ $output = *'svadu is on in its device tree' ]]
	done
	riscv riscv64-sv39-svadu no "$old"
	[ "$status" -eq 0 ]
	[[ $output = *'-cpu rv64 -dtb '*' riscv,sv57 rv64imafdch_svadu_zifencei' ]]
	riscv riscv64-sv39-svadu yes "$new"
	[ "$status" -eq 0 ]
	[[ $output = *'-cpu rv64,svadu=on -dtb '*" $new" ]]
	riscv riscv64 no 'riscv,sv39'
	[[ $output = *'does not say sv57' ]]
}

@test "bad input is an error in one line" {
	sed -i '/QEMU=/d' targets/real
	for args in '' nosuch 'real --expect-fail' 'real --timeout x' 'real --nosuch' real; do
		# shellcheck disable=SC2086 # words
		run scripts/boot $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}
