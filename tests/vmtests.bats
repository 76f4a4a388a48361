#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/vmtests: what it makes of the consoles of its guests. QEMU is a script
# that writes a given console, the kernel's selftests are one program that is
# built and packed and never run.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake
load trap

setup() {
	fake_repo
	cp "$BATS_TEST_DIRNAME/../scripts/vmtests" scripts/
	cp -r "$BATS_TEST_DIRNAME/../selftests/vmtests" selftests/
	fake_selftests
	mkdir "$BATS_TEST_TMPDIR/bin"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	export CONSOLE=$BATS_TEST_TMPDIR/console SEEN=$BATS_TEST_TMPDIR/seen
	# The n-th guest: console.n, or the one for all.
	cat >"$BATS_TEST_TMPDIR/bin/fake-qemu" <<-'END'
		#!/bin/bash
		[ "$1" != --version ] || { echo 'QEMU emulator version 9.8.7'; exit; }
		echo "$*" >>"$SEEN"
		nr=$(wc -l <"$SEEN")
		console=$CONSOLE.$nr
		[ -e "$console" ] || console=$CONSOLE
		while [ $# -gt 0 ]; do
			case $1 in
			-serial) cp "$console" "${2#file:}" ;;
			-initrd)
				cpio -it --quiet <"$2" | sort >"$SEEN.files"
				cpio -i --quiet --to-stdout mm/run_vmtests.sh <"$2" >"$SEEN.script" ;;
			esac
			shift
		done
		[ "$HANG" != 1 ] && [ "$HANG" != "guest $nr" ] || { echo $$ >"$SEEN.pid"; exec sleep 1000; }
		exit "${QEMU_RC:-0}"
	END
	chmod +x "$BATS_TEST_TMPDIR/bin/fake-qemu"
	good >"$CONSOLE"
}

# In both trees, and what Debian's packages have.
fake_selftests() {
	local arch side mm
	for side in linux series; do
		mm=$BASES/$side/tools/testing/selftests/mm
		mkdir -p "$BASES/$side/include" "$mm"
		cat >>"$BASES/$side/Makefile" <<-'END'
			modules:
			>@mkdir -p $(O); echo module >$(O)/m.ko
			modules_install:
			>@mkdir -p $(INSTALL_MOD_PATH)/lib/modules/7.3; cp $(O)/m.ko $(INSTALL_MOD_PATH)/lib/modules/7.3/
			.PHONY: modules modules_install
		END
		printf 'CONFIG_LAST=m\n' >"$mm/config"
		cat >"$mm/Makefile" <<-'END'
			.RECIPEPREFIX := >
			all: cow other
			cow other: %: %.c local_config.mk
			>$(CC) $(EXTRA_CFLAGS) $(KHDR_INCLUDES) -I $(CURDIR)/../../../../include -o $@ $<
			local_config.mk:
			>touch $@
		END
		echo '#include <gup.h>' >"$mm/cow.c"
		echo 'int main(void) { return GUP; }' >>"$mm/cow.c"
		echo 'int main(void) { return 0; }' >"$mm/other.c"
		echo '#define GUP 0' >"$BASES/$side/include/gup.h"
		printf '\tCATEGORY="%s" run_test ./%s\n' first 'cow -a' first 'other' >"$mm/run_vmtests.sh"
		printf '\t("$@" 2>&1) | tap_prefix\n' >>"$mm/run_vmtests.sh"
		git -C "$BASES/$side" add -A
		git -C "$BASES/$side" -c user.name=t -c user.email=t@t commit -qm selftests
	done
	arch=$PXD_CACHE/guest/bookworm-$(dpkg --print-architecture)
	mkdir -p "$arch/bin"
	touch "$arch/bin/busybox" "$arch/bin/bash-static"
	echo bash-static_1.deb >"$arch/versions"
}

# A console as it should be.
good() {
	cat <<-'END'
		[    0.000000] Linux version 7.3.4 console=fake
		[    0.5] init| RUN /tests/vmtests
		[    0.6] guest| TAP version 13
		[    0.6] guest| # --------------
		[    0.6] guest| # running ./cow -a
		[    0.6] guest| # --------------
		[    0.6] guest| # TAP version 13
		[    0.6] guest| # 1..3
		[    0.7] guest| # ok 1 at 0x7f1200000000 in 12 ms
		[    0.8] guest| # ok 2 two
		[    0.9] guest| # ok 3 # SKIP three
		[    0.9] guest| # [PASS]
		[    0.9] guest| ok 1 cow -a
		[    1.0] guest| # running bash ./other
		[    1.0] guest| # no such device
		[    1.0] guest| # [SKIP]
		[    1.0] guest| ok 2 other # SKIP
		[    1.0] guest| # SUMMARY: PASS=1 SKIP=1 FAIL=0
		[    1.0] guest| 1..2
		[    1.1] init| END programs=1 planned=2 passed=1 failed=0 skipped=1 bad_exits=0
		[    1.2] reboot: Power down
	END
}
# guest NR SED: the console of this guest alone. 1 and 3 are the base.
guest() { good | sed -E "$2" >"$CONSOLE.$1"; }
cow_fails='s/ok 2 two/not ok 2 two/; s/ok 1 cow -a/not ok 1 cow -a # exit=1/; s/passed=1 failed=0/passed=0 failed=1/'

# vmtests STATUS WORDS...: what it ends with, and what it says
vmtests() {
	local want=$1 words
	shift
	run scripts/vmtests real --runs 2
	printf '%s\n' "$output"
	[ "$status" -eq "$want" ] || return
	for words; do [[ $output = *"$words"* ]] || return; done
}

@test "the same: exit 0, counts, the skips with their reasons" {
	vmtests 0 'same=5 same_ok=3 same_skip=2 same_other=0 different=0 flaky=0 added=0' \
		'SKIP first: other: no such device'
}

@test "the guests: base, series; 2 GiB, the category, a file for each test" {
	scripts/vmtests real
	[ "$(wc -l <"$SEEN")" -eq 2 ]
	[ "$(grep -c -- '-smp 3,cores=1 -m 2G .* numa=fake=2 .* -- first$' "$SEEN")" -eq 2 ]
	[ "$(grep -o 'initrd .*/initramfs' "$SEEN" | sed 's|.*/\([a-z]*\)/initramfs|\1|' | xargs)" = 'base other' ]
	for file in init tests/vmtests mm/cow mm/other mm/run_vmtests.sh bin/bash bin/busybox bin/getconf bin/limit bin/sudo lib/modules/7.3/m.ko; do
		grep -qx "$file" "$SEEN.files"
	done
	run ! grep -q '\.c$' "$SEEN.files"
	# Nothing was written to the sources.
	[ -z "$(git -C "$BASES/linux" status --porcelain)" ]
}

@test "the kernel: the target's options, then what the selftests ask for, then ours" {
	sed -i "s/CONFIG_OWN=y/&\nCONFIG_LAST=y\nCONFIG_MODULES=n/" targets/real
	scripts/vmtests real
	config=$BASES/linux/.out-real-vmtests/.config
	grep -qx CONFIG_OWN=y "$config"
	[ "$(grep -x 'CONFIG_LAST=.*' "$config")" = CONFIG_LAST=m ]
	[ "$(grep -x 'CONFIG_MODULES=.*' "$config")" = CONFIG_MODULES=y ]
}

@test "addresses, times and the order are no difference" {
	guest 2 's/0x7f12/0x7f34/; s/12 ms/1.5 ms/; s/ok 1 at/ok 9 at/'
	vmtests 0 'same=5'
}

@test "a result that is another on the series is a difference" {
	guest 2 "$cow_fails"
	vmtests 1 'DIFFERENT first: cow -a: two: base ok, ok; other not ok' \
		'DIFFERENT first: cow -a: base ok, ok; other not ok, exit 1' 'different=2'
}

@test "a result that the series does not have is a difference" {
	guest 2 '/ok 2 two/d'
	vmtests 1 'DIFFERENT first: cow -a: two: base ok, ok; other absent'
}

@test "a skip is no pass" {
	guest 2 's/ok 2 two/ok 2 # SKIP two/'
	vmtests 1 'DIFFERENT first: cow -a: two: base ok, ok; other skip'
}

@test "what test_vmalloc's module says is a result" {
	summary='s/.*guest. ok 2 .*/[1] Summary: fix_size passed: 9 failed: 1 xfailed: 0 repeat: 1 loops: 2 avg: 33 usec\n&/'
	good | sed -E "$summary; s/failed: 1/failed: 0/" >"$CONSOLE"
	vmtests 0 'same=6 same_ok=4'
	rm "$SEEN"
	guest 2 "$summary"
	vmtests 1 'DIFFERENT first: other: fix_size: base ok, ok; other not ok'
}

@test "what fails on both is the same, and listed" {
	good | sed -E "$cow_fails" >"$CONSOLE"
	vmtests 0 'THE SAME first: cow -a: not ok, exit 1' 'different=0'
}

@test "another exit status is a difference" {
	good | sed -E "$cow_fails" >"$CONSOLE"
	guest 2 "$cow_fails; s/exit=1/exit=139/"
	vmtests 1 'DIFFERENT first: cow -a: base not ok, exit 1, not ok, exit 1; other not ok, exit 139'
}

@test "what is not the same on the base each time is flaky: neither equal nor different" {
	guest 2 "$cow_fails"
	guest 3 "$cow_fails"
	vmtests 0 'FLAKY first: cow -a: two: base ok, not ok; other not ok' 'same=3' 'flaky=2'
	rm "$SEEN" "$CONSOLE.2"
	guest 1 "$cow_fails"
	rm "$CONSOLE.3"
	vmtests 0 'FLAKY first: cow -a: two: base not ok, ok; other ok' 'flaky=2'
}

@test "the base runs again what differs, and nothing else" {
	printf '\tCATEGORY="%s" run_test ./%s\n' second cow >>"$BASES/linux/tools/testing/selftests/mm/run_vmtests.sh"
	git -C "$BASES/linux" -c user.name=t -c user.email=t@t commit -qam second
	guest 4 "$cow_fails"
	run scripts/vmtests real --runs 3
	[ "$status" -eq 1 ]
	[ "$(grep -o -- '-- [a-z]*$' "$SEEN" | xargs)" = '-- first -- first -- second -- second -- second -- second' ]
	[ "$(grep -o 'initrd .*/initramfs' "$SEEN" | sed 's|.*/\([a-z]*\)/initramfs|\1|' | xargs)" = 'base other base other base base' ]
	[[ $output = *'DIFFERENT second: cow -a: two: base ok, ok, ok; other not ok'*'same=8 '*'different=2 '* ]]
}

@test "--runs: the base no more often than that, and until it was seen to be flaky" {
	guest 2 "$cow_fails"
	guest 4 "$cow_fails"
	run scripts/vmtests real
	[ "$status" -eq 0 ]
	[ "$(wc -l <"$SEEN")" -eq 4 ]
	[[ $output = *'FLAKY first: cow -a: two: base ok, ok, not ok; other not ok'* ]]
	rm "$SEEN" "$CONSOLE.4"
	run scripts/vmtests real
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$SEEN")" -eq 6 ]
	rm "$SEEN"
	run scripts/vmtests real --runs 1
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$SEEN")" -eq 2 ]
}

@test "a test that only the series has: listed, and has to pass" {
	more='s/.*SUMMARY/[1] guest| # running .\/new\n[1] guest| # ok 1 inner\n[1] guest| ok 3 new\n&/; s/passed=1/passed=2/'
	guest 2 "$more"
	vmtests 0 'ADDED first: new: inner: ok' 'same=5' 'added=2'
	rm "$SEEN"
	guest 2 "$more; s/ok 1 inner/not ok 1 inner/"
	vmtests 1 'ADDED AND FAILS first: new: inner: not ok'
}

@test "a complaint of the kernel on the series is a difference; the same on both is none" {
	guest 2 's/.*reboot:/[1] BUG: Bad page map in process cow pte:1234\n&/'
	vmtests 1 'DIFFERENT first: BUG: Bad page map in process cow pte:N: base absent, absent; other kernel'
	good | sed -E 's/.*reboot:/[1] WARNING: CPU: 1 PID: 77 at mm\/x.c:5\n&/' >"$CONSOLE"
	rm "$SEEN" "$CONSOLE.2"
	vmtests 0 'THE SAME first: WARNING: CPU: N PID: N at mm/x.c:N: kernel'
}

@test "a guest that dies on the series, and where" {
	guest 2 '/ok 2 two/,$d'
	vmtests 1 'DIFFERENT first: cow -a: base ok, ok; other died'
}

@test "a test that takes too long: named, and no pass" {
	good | sed -E "$cow_fails; s/exit=1/exit=124/" >"$CONSOLE"
	vmtests 0 'THE SAME first: cow -a: timed out'
	rm "$SEEN"
	guest 2 ''
	vmtests 1 'DIFFERENT first: cow -a: base timed out, timed out; other ok'
}

@test "each test has a limit of time; a run_vmtests.sh that cannot be given one is an error" {
	scripts/vmtests real --timeout 77
	grep -qFx '	("$@" 2>&1) | tap_prefix' "$BASES/linux/tools/testing/selftests/mm/run_vmtests.sh"
	grep -qFx '	(limit 77 "$@" 2>&1) | tap_prefix' "$SEEN.script"
	sed -i '/tap_prefix/d' "$BASES/series/tools/testing/selftests/mm/run_vmtests.sh"
	vmtests 2 'run_vmtests.sh of the other runs its tests in another way'
}

@test "the limit: the status of what ends in time; else all of it is ended, and 124" {
	run -3 selftests/vmtests/limit 60 bash -c 'echo out; exit 3'
	[ "$output" = out ]
	run -139 selftests/vmtests/limit 60 bash -c 'kill -SEGV $$'
	# one that is deaf, and a child in a group of its own that holds the pipe
	run -124 timeout 60 selftests/vmtests/limit 1 bash -c 'trap "" TERM; set -m
		sleep 1000 & echo $! >'"$SEEN"'; sleep 1000; sleep 1000'
	gone "$SEEN"
}

@test "a guest that hangs on the series is ended and is a difference" {
	guest 2 '/running bash/,$d'
	export HANG='guest 2'
	run scripts/vmtests real --runs 2 --timeout 1
	[ "$status" -eq 1 ]
	[[ $output = *'DIFFERENT first: the guest: base absent, absent; other hung'* ]]
	gone "$SEEN.pid"
}

@test "lines that the console lost are a difference" {
	guest 2 '/guest. ok 2/d'
	vmtests 1 'other lost'
}

@test "no result on the base at all is an error" {
	: >"$CONSOLE"
	vmtests 2 'no test was run to its end on the base'
}

@test "--base: the base against itself; the series is not asked for" {
	printf '#!/bin/sh\nexit 9\n' >scripts/apply
	run scripts/vmtests real --base
	[ "$status" -eq 0 ]
	[[ $output = *'base against base: same=5'* ]]
}

@test "--tree: another tree, with its own tests" {
	echo '#error no' >>"$BASES/series/mm/gup.c"
	cp -r "$BASES/linux" "$BATS_TEST_TMPDIR/mine"
	printf '\tCATEGORY="second" run_test ./cow\n' >>"$BATS_TEST_TMPDIR/mine/tools/testing/selftests/mm/run_vmtests.sh"
	run scripts/vmtests real --tree "$BATS_TEST_TMPDIR/mine"
	[ "$status" -eq 0 ]
	[ "$(grep -c -- '-- second$' "$SEEN")" -eq 2 ]
}

@test "--list: the categories of run_vmtests.sh, and what is left out, with reasons" {
	echo 'first: takes a week' >>scripts/lib/vmtests.skip
	printf '\tCATEGORY="second" run_test ./cow\n' >>"$BASES/series/tools/testing/selftests/mm/run_vmtests.sh"
	run scripts/vmtests --list
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = second ]
	[[ $output = *'left out: first: takes a week'* ]]
}

@test "a script that is left out is not called" {
	echo 'bad.sh: hangs' >>scripts/lib/vmtests.skip
	printf 'CATEGORY="first" run_test ./%s\n' 'bad.sh -v2' ok.sh >>"$BASES/linux/tools/testing/selftests/mm/run_vmtests.sh"
	git -C "$BASES/linux" -c user.name=t -c user.email=t@t commit -qam scripts
	scripts/vmtests real --base
	run ! grep -q 'bad\.sh' "$SEEN.script"
	grep -qx 'CATEGORY="first" run_test ./ok.sh' "$SEEN.script"
}

@test "--category: this one only, and only if there is one" {
	printf '\tCATEGORY="second" run_test ./cow\n' >>"$BASES/series/tools/testing/selftests/mm/run_vmtests.sh"
	scripts/vmtests real --category second
	[ "$(grep -c -- '-- second$' "$SEEN")" -eq 2 ]
	[ "$(wc -l <"$SEEN")" -eq 2 ]
	run scripts/vmtests real --category third
	[ "$status" -eq 2 ]
	[[ $output = *"no category 'third'"* ]]
}

@test "a test that cannot be built is named, the others run" {
	echo nonsense >>"$BASES/series/tools/testing/selftests/mm/other.c"
	vmtests 0 'not all tests of the other can be built' 'the other has no other'
}

@test "tests that changed are built again, others are not" {
	scripts/vmtests real
	run scripts/vmtests real
	[[ $output != *'building the tests'* ]]
	echo '/* new */' >>"$BASES/series/tools/testing/selftests/mm/cow.c"
	run scripts/vmtests real
	[[ $output = *'building the tests of the other'* ]]
	[[ $output != *'building the tests of the base'* ]]
}

@test "--record: status, counts, flaky ones, the results on the base, the diff" {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	guest 2 "$cow_fails"
	run scripts/vmtests real --record
	[ "$status" -eq 1 ]
	json=$PXD_RESULTS/vmtests/real.json
	[ "$(jq -r '"\(.status) \(.figures.same) \(.figures.different) \(.figures.flaky) \(.figures.categories)"' "$json")" = 'fail 3 2 0 first' ]
	[[ $(jq -r .reason "$json") = *'cow -a: two: base ok, ok, ok, ok, ok; other not ok'* ]]
	grep -qx $'+not ok\tfirst: cow -a: two' "$PXD_RESULTS/vmtests/real.diff"
	grep -qx $'ok\tfirst: cow -a: two' "$PXD_RESULTS/vmtests/real.base"
	rm "$SEEN" "$CONSOLE.2"
	guest 1 "$cow_fails"
	scripts/vmtests real --record
	[ "$(jq -r .status "$json")" = pass ]
	[[ $(jq -r .figures.flaky_results "$json") = *'cow -a: two: base not ok, ok; other ok'* ]]
	grep -qx $'+ok\tfirst: cow -a: two' "$PXD_RESULTS/vmtests/real.diff"
	rm "$SEEN" "$CONSOLE.1"
	scripts/vmtests real --record
	[ "$(cat "$PXD_RESULTS/vmtests/real.diff")" = '# SPDX-License-Identifier: GPL-2.0' ]
}

@test "--record: all categories, of the series" {
	no_record scripts/vmtests real -- --base '--with x' '--tree x' '--category first' '--runs 4' '--timeout 299'
	no_record scripts/vmtests real other -- '--category first'
}

@test "--tree: nothing is written there, its selftests are built in the cache, nothing runs that its repository names" {
	mine=$BATS_TEST_TMPDIR/mine
	git clone -q "$BASES/series" "$mine"
	git -C "$mine" remote remove origin
	trap_repository "$mine"
	before=$(find "$mine" -printf '%p %T@ %C@\n' | sort)
	scripts/vmtests real --tree "$mine"
	[ "$(find "$mine" -printf '%p %T@ %C@\n' | sort)" = "$before" ]
	[ -x "$PXD_CACHE"/objects/mine-*/.out-real-vmtests/vmtests/src/tools/testing/selftests/mm/cow ]
	not_trapped
}

@test "a kernel that does not build: exit 1, recorded when asked" {
	export PXD_RESULTS=$BATS_TEST_TMPDIR/results
	echo nonsense >"$BASES/series/mm/gup.c"
	run scripts/vmtests real --record
	[ "$status" -eq 1 ]
	[[ $(jq -r .reason "$PXD_RESULTS/vmtests/real.json") = 'the kernel does not build'* ]]
}

@test "several targets: one after the other, the worst status" {
	guest 4 "$cow_fails"
	run scripts/vmtests real other
	[ "$status" -eq 1 ]
	[[ $output = *'real, base against series'*'other, base against series'* ]]
}

@test "Debian's packages: fetched once, unpacked; an error that says which" {
	rm -r "$PXD_CACHE/guest"
	mkdir -p "$BATS_TEST_TMPDIR/pkg"/{DEBIAN,bin}
	touch "$BATS_TEST_TMPDIR/pkg/bin"/{busybox,bash-static}
	printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: t\nDescription: t\n' >"$BATS_TEST_TMPDIR/pkg/DEBIAN/control"
	cat >"$BATS_TEST_TMPDIR/bin/apt-get" <<-END
		#!/bin/sh
		echo "\$*" >>"$SEEN.apt"
		[ ! -e "$SEEN.no-apt" ] || exit 100
		case \$2 in download) dpkg-deb -b "$BATS_TEST_TMPDIR/pkg" x_1_all.deb >&2 ;; esac
	END
	# This apt-get installs nothing.
	command -v depmod >/dev/null || ln -s /bin/true "$BATS_TEST_TMPDIR/bin/depmod"
	chmod +x "$BATS_TEST_TMPDIR/bin/apt-get"
	touch "$SEEN.no-apt"
	run scripts/vmtests real
	[ "$status" -eq 2 ]
	echo "$output"
	[[ $output = *'cannot fetch bash-static busybox-static'* ]]
	rm "$SEEN.no-apt"
	scripts/vmtests real
	[ "$(cat "$PXD_CACHE"/guest/bookworm-*/versions)" = x_1_all.deb ]
	rm "$SEEN.apt"
	scripts/vmtests real
	[ ! -e "$SEEN.apt" ]
}

@test "Ctrl-C ends QEMU and leaves nothing in TMPDIR" {
	ends_qemu scripts/vmtests real
}

@test "QEMU that fails is an error with its words" {
	QEMU_RC=1 run scripts/vmtests real
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"fake-qemu failed"* ]]
}

@test "bad input is an error in one line" {
	sed -i '/QEMU=/d' targets/other
	sed -i '/IMAGE=real/d' targets/other
	for args in nosuch other 'real --category' 'real --category ../x' 'real --runs 0' 'real --timeout x' 'real --nosuch'; do
		# shellcheck disable=SC2086 # words
		run scripts/vmtests $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
}
