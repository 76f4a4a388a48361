#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/stable: the form of the backports, objects, boots and reproducers before
# and after. The kernel and QEMU are fakes: the image is the source, and QEMU
# writes the console that the test gives for a side and row.

# shellcheck disable=SC2030,SC2031,SC2154 # bats sets stderr; every test is a process of its own
bats_require_minimum_version 1.5.0
load kernel-fake
load trap

setup() {
	fake_repo
	cp "$BATS_TEST_DIRNAME/../scripts/stable" scripts/
	mkdir -p selftests/debug/stable patches/stable-1.0.y
	# shellcheck disable=SC2016 # the fake's
	fake_consoles '-kernel) grep -q "^int fix;" "$2" && side=patched || side=base
			driver=; ! grep -q "^int driver;" "$2" || driver=driver ;;
		-append) row=boot; case $2 in *" -- "*) row=${2##* } ;; esac ;;' '$side $row $tests $driver'

	for target in x86_64 s390 arm; do
		sed '/EXPECT/d' targets/real >"targets/$target"
	done
	cat >>"$LINUX_TREE/Makefile" <<-'END'
		VERSION = 1
		PATCHLEVEL = 0
		mm/gup.o: $(O)/mm/gup.o
		Image: image
		image: $(O)/mm/gup.o
		>@mkdir -p $(O)/arch/fake/boot; cat mm/*.c >$(O)/arch/fake/boot/Image
	END
	sed -i 's|^>@mkdir -p $(O)/arch/fake/boot; cp .*|>@mkdir -p $(O)/arch/fake/boot|' "$LINUX_TREE/Makefile"
	# shellcheck disable=SC2016 # perl's
	echo 'open F, $ARGV[-1]; while (<F>) { print "$ARGV[-1]:$.: WARNING:BAD: bad\n" if /BAD/ }' >"$LINUX_TREE/scripts/checkpatch.pl"
	(cd "$LINUX_TREE" && git add -A && author git commit -qm base && git tag -f base) >/dev/null
	git -C "$LINUX_TREE" checkout -q --detach base

	echo 'int main(void) { return 0; }' >selftests/debug/prog.c
	(cd "$LINUX_TREE" && echo 'int driver;' >mm/driver.c && git add -A && git diff --cached) >selftests/debug/stable/0002-driver.patch
	git -C "$LINUX_TREE" reset -q --hard base
	rm -f "$LINUX_TREE/mm/driver.c"
	cat >selftests/debug/reproducers <<-'END'
		name: lost
		test: prog
		args: -t lost
		base: red bad pud [0-9a-f]+
		fixed: green
		what: a mapping is lost
		load: yes

		name: nowhere
		none: nobody writes there
		what: nothing can happen
		load: merged
	END
	echo 'linux-1.0 linux-source-1.0 1.0.7-1 suite 00' >trees.conf
	printf '0001 arm mm/gup.o\nrepro lost\n' >patches/stable-1.0.y/checks
	fix 'It was lost.' >patches/0001-fix.patch
	backport
	green base boot
	green patched boot
	green patched lost
	red base lost "$BAD_PUD"
}

author() { env "GIT_AUTHOR_NAME=${NAME:-pxd-lockless}" GIT_AUTHOR_EMAIL=pxd-lockless@example.org \
	GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x "$@"; }

# fix CHANGELOG [LINE]: a mail with it, which adds LINE
fix() {
	(
		cd "$LINUX_TREE" || exit
		echo "${2:-int fix;}" >>mm/gup.c
		author git commit -qa --cleanup=verbatim -m "mm: ${SUBJECT:-find it}" -m "$1"
		git format-patch -q --stdout -1
		git reset -q --hard base
	)
}
NOTE='[ pxd-lockless: context ]'
# backport [CHANGELOG [LINE]]: that of the fix
backport() {
	fix "${1:-[ Upstream commit <sha1> ]

It was lost.
$NOTE}" "${2-}" >patches/stable-1.0.y/0001-fix.patch
}

# fails WORDS: exit 1, and says why; the rest is done all the same
fails() {
	run scripts/stable 1.0
	printf '%s\n' "$output"
	[ "$status" -eq 1 ] && [[ $output = *"$1"* ]]
}

@test "all as it should be: exit 0 and the table" {
	run --separate-stderr scripts/stable
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = '# linux-source-1.0 1.0.7-1, 1 patches' ]
	[ "${lines[1]}" = 'all apply, form and checkpatch.pl are all right' ]
	[[ ${lines[2]} =~ ^0001\ +arm\ +mm/gup\.o\ +built,\ changed$ ]]
	[[ ${lines[3]} =~ ^x86_64\ +'base: 1 passed, 0 failed, 0 skipped; patched: 1 passed, 0 failed, 0 skipped'$ ]]
	[[ ${lines[4]} = s390* ]]
	[[ ${lines[5]} =~ ^lost\ +'base red: bad pud 00ab; patched green: 1 passed'$ ]]
	[ "${lines[6]}" = '# linux-source-1.0 1.0.7-1: as it should be' ]
	# the driver is in the images for the reproducers only
	[ "$(sort "$SEEN" | uniq -c | tr -s ' ')" = " 2 base boot tests/example 
 1 base lost tests/prog driver
 2 patched boot tests/example 
 1 patched lost tests/prog driver" ]
	# and nothing in the tree itself
	[ -z "$(git -C "$LINUX_TREE" status --porcelain)" ]
	! compgen -G "$LINUX_TREE/.out-x86_64/arch"
}

@test "a patch that does not apply: exit 1, which one, where" {
	(cd "$LINUX_TREE" && sed -i 's/gup/other/' mm/gup.c && author git commit -qam other && git tag -f base) >/dev/null
	fails '0001-fix.patch does not apply to linux-source-1.0 1.0.7-1: mm/gup.c:1'
	[ ! -e "$SEEN" ]
	# and again, after git am stopped
	fails '0001-fix.patch does not apply'
}

@test "the form: what stable wants, and the changelog of the fix" {
	for body in "It was lost.
$NOTE" "[ Upstream commit <sha1> ]

It was not lost.
$NOTE" "[ Upstream commit <sha1> ]

It was lost." "[ Upstream commit 1234 ]

It was lost.
$NOTE"; do
		backport "$body"
		fails "0001-fix.patch: is not '[ Upstream commit <sha1> ]', the changelog"
	done
	backport "[ Upstream commit 0123456789012345678901234567890123456789 ]

It was lost.
$NOTE"
	scripts/stable 1.0
	NAME=somebody backport
	fails '0001-fix.patch: From: is not pxd-lockless'
	SUBJECT=other backport
	fails '0001-fix.patch: no fix of that subject'
	backport "[ Upstream commit <sha1> ]

It was lost.
Signed-off-by: A Person <a@example.org>
$NOTE"
	fails '0001-fix.patch: tag that only a person can give: Signed-off-by: A'
}

@test "checkpatch.pl" {
	backport '' 'int fix; int BAD;'
	fails '0001-fix.patch: checkpatch: line'
	[[ $output = *'WARNING:BAD: bad'* ]]
}

@test "objects: that the patch does not change, or that do not build" {
	backport '' '/* int fix; */'
	fails '0001: arm: mm/gup.o is as without the patch'
	backport '' 'nonsense'
	run scripts/stable 1.0
	[ "$status" -eq 1 ]
	[[ $output = *'0001: arm: does not build: '*error* ]]
	[[ $output = *'x86_64   base: 1 passed, 0 failed, 0 skipped; patched: does not build'* ]]
	backport
	(cd "$LINUX_TREE" && echo 'non sense;' >include/asm.h && sed -i '1i#include "../include/asm.h"' mm/gup.c &&
		git add -A && author git commit -qam bad && git tag -f base) >/dev/null
	backport
	run scripts/stable 1.0 --no-boot
	[ "$status" -eq 1 ]
	[[ $output = *'0001: arm: does not build, nor did it before'* ]]
}

@test "boots: what fails with the patches only, and what fails anyway" {
	red patched boot
	fails 'x86_64: 0 passed, 1 failed, 0 skipped, 1 tests failed: not ok 1 one'
	red base boot
	run scripts/stable 1.0 --record
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[ "$(jq -r '.status + ": " + .reason' "$PXD_RESULTS/stable/1.0.json")" = \
	  'base-fails: s390 fails without the patches, too, and in the same way' ]
	sed -i 's/ok 1 one/ok 1 two/' "$CONSOLES/patched-boot"
	fails 'not ok 1 two'
}

@test "a target whose compiler apt does not offer is skipped by name; x86_64 and s390 are wanted" {
	fake_apt
	echo 'NEEDS=(nosuch-gcc=gcc-nosuch)' >>targets/arm
	run --separate-stderr scripts/stable 1.0 --record
	printf '%s\n' "$output" "$stderr"
	[ "$status" -eq 0 ]
	[[ ${lines[2]} =~ ^0001\ +arm\ +mm/gup\.o\ +skipped:\ apt\ offers\ no\ gcc-nosuch$ ]]
	[[ ${lines[-1]} = *': as it should be; skipped: arm: apt offers no gcc-nosuch' ]]
	[ "$(jq -r '.reason + "|" + .figures.objects_0001_arm' "$PXD_RESULTS/stable/1.0.json")" = \
	  ' skipped: arm: apt offers no gcc-nosuch|skipped: apt offers no gcc-nosuch' ]
	echo 'NEEDS=(nosuch-gcc=gcc-nosuch)' >>targets/s390
	run scripts/stable 1.0
	[ "$status" -eq 2 ]
	[[ $output = *'s390: skipped: apt offers no gcc-nosuch'* ]]
}

@test "tests of the kernel's own instead of those of selftests/mm" {
	echo 'test own' >>patches/stable-1.0.y/checks
	(cd "$LINUX_TREE" && git mv -k tools/testing/selftests/mm tools/testing/selftests/vm &&
		echo 'int main(void) { return 0; }' >tools/testing/selftests/vm/own.c &&
		git add -A && author git commit -qam own && git tag -f base) >/dev/null
	run scripts/stable 1.0
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	grep -q 'base boot tests/own ' "$SEEN"
	echo 'test other' >>patches/stable-1.0.y/checks
	run scripts/stable 1.0
	[ "$status" -eq 2 ]
	[[ $output = *'1.0 has no test other in tools/testing/selftests/mm' ]]
}

@test "reproducers: green before, or red after" {
	green base lost
	fails 'lost: the base is green: 1 passed'
	red base lost
	fails 'lost: the base is failed: '
	sed -i '1i[    0.6] mm/pgtable-generic.c:44: bad pud 00ab(01)' "$CONSOLES/base-lost"
	red patched lost
	fails 'lost: with the patches it is failed: '
}

@test "--no-boot: builds, boots nothing, records nothing" {
	run scripts/stable 1.0 --no-boot
	[ "$status" -eq 0 ]
	[ ! -e "$SEEN" ]
	[[ $output = *'base: built; patched: built'* ]]
	no_record scripts/stable 1.0 -- --no-boot
	[ ! -e "$PXD_RESULTS" ]
}

@test "--record: of what, and each row" {
	scripts/stable --record
	json=$PXD_RESULTS/stable/1.0.json
	[ "$(jq -r '"\(.status) \(.base) \(.figures.patches)"' "$json")" = 'pass linux-source-1.0 1.0.7-1 1' ]
	[ "$(jq -r '.figures | "\(.objects_0001_arm)|\(.x86_64_patched)|\(.lost)"' "$json")" = \
	  'built, changed|1 passed, 0 failed, 0 skipped|red: bad pud 00ab; green: 1 passed' ]
	green base lost
	run scripts/stable --record
	[ "$status" -eq 1 ]
	[ "$(jq -r '.status + ": " + .reason' "$json")" = 'fail: lost: the base is green: 1 passed' ]
}

@test "DIR: a repository of one's own, by its version; not recorded" {
	run --separate-stderr scripts/stable "$LINUX_TREE"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = "# $LINUX_TREE "* ]]
	# before the first one is looked at
	no_record scripts/stable 1.0 -- "$LINUX_TREE"
	sed -i 's/PATCHLEVEL = 0/PATCHLEVEL = 1/' "$LINUX_TREE/Makefile"
	run scripts/stable "$LINUX_TREE"
	[ "$status" -eq 2 ]
	[[ $output = *"is Linux 1.1: there is no patches/stable-1.1.y" ]]
}

@test "DIR: nothing is written there, and nothing runs that its repository names" {
	mine=$BATS_TEST_TMPDIR/mine
	git clone -q "$LINUX_TREE" "$mine"
	git -C "$mine" remote remove origin
	trap_repository "$mine"
	rm scripts/tree
	cp "$BATS_TEST_DIRNAME/../scripts/tree" scripts/
	before=$(find "$mine" -printf '%p %T@ %C@\n' | sort)
	run scripts/stable "$mine" --no-boot
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
	[[ $output = *'base: built; patched: built'* ]]
	[ "$(find "$mine" -printf '%p %T@ %C@\n' | sort)" = "$before" ]
	not_trapped
}

@test "Ctrl-C ends QEMU and leaves nothing in TMPDIR" {
	ends_qemu scripts/stable 1.0
}

@test "bad input, and a wrong line in checks, are errors in one line" {
	for args in nosuch --nosuch '1.0 nosuch'; do
		# shellcheck disable=SC2086 # words
		run scripts/stable $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	for line in '0002 arm mm/gup.o' '0001 nosuch mm/gup.o' '0001 arm' 'repro nosuch' 'repro nowhere'; do
		printf '0001 arm mm/gup.o\n%s\n' "$line" >patches/stable-1.0.y/checks
		run scripts/stable 1.0
		echo "$line: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	: >patches/stable-1.0.y/checks
	run scripts/stable 1.0
	[ "$status" -eq 2 ]
	[[ $output = *'has no objects for patch 0001' ]]
}

# changelog PATCH: its subject and text
changelog() { git mailinfo "$BATS_TEST_TMPDIR/message" /dev/null <"$1" | sed -n 's/^Subject: //p'; cat "$BATS_TEST_TMPDIR/message"; }

@test "the real ones: the changelog is the fix's, README has all that is Cc: stable" {
	cd "$BATS_TEST_DIRNAME/../patches"
	declare -A text=()
	local patch dir subject body name
	for patch in *.patch; do
		body=$(changelog "$patch")
		text[${body%%$'\n'*}]=$patch
	done
	for dir in stable-*.y; do
		for patch in "$dir"/*.patch; do
			echo "$patch"
			body=$(changelog "$patch")
			subject=${body%%$'\n'*}
			[ "${text[$subject]-}" ]
			[[ $body = "$subject"$'\n[ Upstream commit <sha1> ]\n\n'"$(changelog "${text[$subject]}" | tail -n +2)"$'\n[ pxd-lockless: '*' ]' ]]
			name=${patch##*/}
			grep -q "^${name%%-*} " "$dir/checks"
		done
		for patch in $(grep -il '^Cc: stable@' "${text[@]}"); do
			body=$(changelog "$patch")
			echo "$dir/README: ${body%%$'\n'*}"
			grep -qxF -- "${body%%$'\n'*}" "$dir/README"
		done
	done
}
