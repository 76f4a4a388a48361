#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # stubs quote; each test is a subshell
# scripts/audit-trees: what is recorded, what is skipped, what is an error.

bats_require_minimum_version 1.5.0

setup() {
	load series.bash
	project
	cp -r "$BATS_TEST_DIRNAME/../cocci" "$P/"
	export T=$BATS_TEST_TMPDIR PXD_RESULTS=$BATS_TEST_TMPDIR/results
	JSON=$PXD_RESULTS/audit/linux-5.19.json
}

teardown() { end_snapshot; }

# fake_tree DIR: a double read, and a function that spatch cannot read.
fake_tree() {
	mkdir -p "$1/arch/x86" "$1/mm"
	printf 'VERSION = 5\nPATCHLEVEL = 19\n' >"$1/Makefile"
	printf 'config X86\n\tselect HAVE_ARCH_HUGE_VMAP\n' >"$1/arch/x86/Kconfig"
	cat >"$1/mm/walk.c" <<-'END'
		pte_t *walk(pmd_t *pmdp, unsigned long addr)
		{
			pmd_t pmd = READ_ONCE(*pmdp);

			if (pmd_none(pmd))
				return NULL;
			return pte_offset_kernel(pmdp, addr);
		}
		void garbage(pud_t *pudp)
		{
			some thing here(]) {
			if (pud_none(*pudp))
				return;
		}
	END
}

# package: one as Debian makes it, an apt that offers it, and trees.conf for it.
package() {
	local source=$T/linux-source-5.19 sha
	fake_tree "$source"
	mkdir -p "$T/deb/DEBIAN" "$T/deb/usr/src"
	tar -cJf "$T/deb/usr/src/linux-source-5.19.tar.xz" -C "$T" linux-source-5.19
	printf 'Package: linux-source-5.19\nVersion: 5.19.1-1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >"$T/deb/DEBIAN/control"
	dpkg-deb -b "$T/deb" "$T/source.deb" >/dev/null
	sha=$(sha256sum <"$T/source.deb")
	printf '# a comment\nlinux-5.19 linux-source-5.19 5.19.1-1 suite %s\n' "${sha%% *}" >"$P/trees.conf"
	echo 5.19.1-1 >"$T/offered"
	stub apt-get '
		echo "$*" >>"$T/apt-calls"
		case " $* " in
		*" update "*) cat "$T/errors" 2>/dev/null ;;
		*" download "*) v=${!#}; cp "$T/source.deb" "./linux-source-5.19_${v#*=}_all.deb" ;;
		esac'
	stub apt-cache 'sed "s/.*/ linux-source-5.19 | & | http:x suite Packages/" "$T/offered"'
	if ! command -v apt-config >/dev/null; then stub apt-config :; fi
}

# old_record: of another day
old_record() {
	mkdir -p "${JSON%/*}"
	echo '{"old": "record"}' >"$JSON"
}
untouched() {
	[ "$(cat "$JSON")" = '{"old": "record"}' ]
	[ -z "$(find "$P/cache" -name '.pxd.*')" ]
}

@test "audit-trees: what is recorded" {
	package
	old_record
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = '1 recorded, 0 skipped' ]
	[ "$(jq -r '"\(.status) \(.base)"' "$JSON")" = 'pass linux-source-5.19 5.19.1-1' ]
	[ "$(jq -r '.figures | "\(.files) \(.functions) \(.functions_missed) \(.calls) \(.calls_missed)"' "$JSON")" = '1 2 1 3 1' ]
	[ "$(jq -r '.figures | "\(.functions_analysed_percent) \(.calls_analysed_percent)"' "$JSON")" = '50 66.66' ]
	[ "$(jq -r '.figures | "\(.high) \(.medium) \(.low) \(.high_reread_value) \(.high_stack_copy)"' "$JSON")" = '1 0 0 1 0' ]
	[ "$(jq -r '.figures | "\(.unparsed), \(.failed)"' "$JSON")" = 'mm/walk.c:12 garbage, ' ]
	jq -e '.figures | .seconds > 0 and .cpu_seconds > 0 and .peak_mib > 0' "$JSON"
	[ -z "$(find "$P/cache" -name '.pxd.*')" ]
	# the package is kept, and nobody is asked for it again
	rm "$T/apt-calls"
	"$P/scripts/audit-trees" linux-5.19
	[ ! -e "$T/apt-calls" ]
}

@test "tree NAME: a kernel of trees.conf is a repository of its own, made once" {
	package
	run --separate-stderr env LINUX=/nonexistent "$P/scripts/tree" linux-5.19
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "$output" = "$PXD_CACHE/base/linux-5.19.1-1" ]
	[ "$(git -C "$output/linux" log --format=%s base)" = 'linux-source-5.19 5.19.1-1' ]
	[ -z "$(git -C "$output/linux" status --porcelain)" ]
	cmp "$output/linux/mm/walk.c" "$T/linux-source-5.19/mm/walk.c"
	rm "$T/apt-calls" "$PXD_CACHE"/deb/*
	"$P/scripts/tree" linux-5.19
	[ ! -e "$T/apt-calls" ]
	run "$P/scripts/tree" linux-9
	[ "$status" -eq 2 ]
	[ "$output" = 'tree: no tree linux-9 in trees.conf: there are linux-5.19' ]
	# a version that is gone has no other one in its place
	rm -rf "$PXD_CACHE/base"
	echo 5.19.2-1 >"$T/offered"
	run "$P/scripts/tree" linux-5.19
	[ "$status" -eq 2 ]
	[[ $output = *'does not offer linux-source-5.19 5.19.1-1 in suite, but 5.19.2-1; http://127.0.0.1:9 did not answer'* ]]
	[ -z "$(ls -A "$PXD_CACHE/base")" ]
	# but the snapshot archive has it
	snapshot_archive linux-source-5.19 5.19.1-1 "$T/source.deb"
	run --separate-stderr "$P/scripts/tree" linux-5.19
	echo "$output" "$stderr"
	[ "$output" = "$PXD_CACHE/base/linux-5.19.1-1" ]
}

@test "audit-trees: a version that is not offered is skipped, with the reason" {
	package
	old_record
	printf '5.19.3-1\n5.19.2-1\n' >"$T/offered"
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "SKIP linux-5.19: http://deb.debian.org/debian does not offer linux-source-5.19 5.19.1-1 in suite, but 5.19.3-1, 5.19.2-1; http://127.0.0.1:9 did not answer, or does not have linux-source-5.19 5.19.1-1" ]
	[ "${lines[1]}" = '0 recorded, 1 skipped' ]
	untouched
	run ! grep download "$T/apt-calls"
}

@test "audit-trees: a suite that is gone is skipped, no network is an error" {
	package
	old_record
	: >"$T/offered"
	echo "E: The repository 'http://deb.debian.org/debian suite Release' does not have a Release file." >"$T/errors"
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = 'SKIP linux-5.19: '*' does not offer linux-source-5.19 5.19.1-1 in suite; '* ]]
	untouched
	echo "W: Failed to fetch http://deb.debian.org/debian/dists/suite/InRelease  Temporary failure resolving" >"$T/errors"
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	[ "$status" -eq 2 ]
	[[ $stderr = *'is there a network?'* ]]
	untouched
}

@test "audit-trees: a wrong sha256 is an error" {
	package
	old_record
	truncate -s -100 "$T/source.deb"
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	[ "$status" -eq 2 ]
	[[ $stderr = *'does not have the sha256'* ]]
	[[ $output != *SKIP* ]]
	untouched
	[ -z "$(find "$P/cache/deb" -type f)" ]
}

@test "audit-trees: files that spatch fails on: recorded as failed, status 1" {
	package
	stub spatch 'case " $* " in *--file-groups*) kill -SEGV $$ ;; esac
		PATH=${PATH#*:} exec spatch "$@"'
	run --separate-stderr "$P/scripts/audit-trees" linux-5.19
	echo "$output" "$stderr"
	[ "$status" -eq 1 ]
	[ "$(jq -r .status "$JSON")" = fail ]
	[[ $(jq -r .figures.failed "$JSON") = *mm/walk.c:1* ]]
}

@test "audit-trees: the base and the series, of the version of base.conf only" {
	: >"$P/trees.conf"
	fake_tree "$T/linux-7.3.4-1_bpo13+1/linux"
	mkdir -p "$P/cache/base" "${JSON%/*}"
	mv "$T/linux-7.3.4-1_bpo13+1" "$P/cache/base/"
	cp -r "$P/cache/base/linux-7.3.4-1_bpo13+1/linux" "$T/series"
	sed -i 's/pte_offset_kernel(pmdp/pte_offset_kernel(\&pmd/' "$T/series/mm/walk.c"
	printf '#!/bin/sh\necho "$T/series"\n' >"$P/scripts/apply"
	printf '#!/bin/sh\necho "$PXD_CACHE/base/linux-7.3.4-1_bpo13+1"\n' >"$P/scripts/tree"
	run --separate-stderr "$P/scripts/audit-trees"
	echo "$output" "$stderr"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = '2 recorded, 0 skipped' ]
	[ "$(jq -r '"\(.base) \(.figures.high_reread_value)"' "$PXD_RESULTS/audit/linux-7.3.json")" = 'linux-source-7.3 7.3.4-1~bpo13+1 1' ]
	[ "$(jq -r '"\(.base) \(.figures.high_reread_value)"' "$PXD_RESULTS/audit/series.json")" = 'linux-source-7.3 7.3.4-1~bpo13+1 0' ]
	rm "$PXD_RESULTS"/audit/*
	printf '#!/bin/sh\necho "$PXD_CACHE/base/linux-7.3.9-1"\n' >"$P/scripts/tree"
	run --separate-stderr "$P/scripts/audit-trees"
	[ "$status" -eq 0 ]
	[[ ${lines[0]} = 'SKIP linux-7.3: Debian no longer has linux-source-7.3 7.3.4-1~bpo13+1'* ]]
	[[ ${lines[1]} = 'SKIP series: '* ]]
	[ -z "$(ls "$PXD_RESULTS/audit")" ]
	# an error is none
	printf '#!/bin/sh\nexit 2\n' >"$P/scripts/tree"
	run --separate-stderr "$P/scripts/audit-trees"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
}

@test "audit-trees: Ctrl-C: nothing is left, the old record stays" {
	local pid
	package
	old_record
	stub spatch 'case " $* " in *--file-groups*) touch "$T/there"; exec sleep 1234.5 ;; esac
		PATH=${PATH#*:} exec spatch "$@"'
	mkdir "$T/tmp"
	TMPDIR=$T/tmp env --default-signal=INT setsid "$P/scripts/audit-trees" linux-5.19 >"$T/out" 2>&1 3>&- &
	pid=$!
	for _ in {1..300}; do
		[ ! -e "$T/there" ] || break
		sleep 0.1
	done
	[ -e "$T/there" ]
	kill -INT -- "-$pid"
	status=0
	wait "$pid" || status=$?
	cat "$T/out"
	[ "$status" -eq 130 ]
	run ! pgrep -f 'sleep 1234\.5'
	untouched
	[ -z "$(find "$T/tmp" -mindepth 1)" ]
}

@test "audit-trees: a name that is not there" {
	: >"$P/trees.conf"
	run "$P/scripts/audit-trees" linux-9
	[ "$status" -eq 2 ]
	[ "$output" = 'audit-trees: no tree linux-9: there are linux-7.3 series' ]
}

@test "audit-trees: every record is of a tree that is pinned" {
	local root=$BATS_TEST_DIRNAME/.. name package version rest
	while read -r name package version rest; do
		[[ $name != '#'* ]] || continue
		echo "$name"
		[[ ${rest##* } =~ ^[0-9a-f]{64}$ ]]
		[ "$(jq -r .base "$root/results/audit/$name.json")" = "$package $version" ]
	done <"$root/trees.conf"
	for name in linux-7.3 series; do
		[ "$(jq -r .base "$root/results/audit/$name.json")" = "$(. "$root/base.conf" && echo "$BASE_PACKAGE $BASE_VERSION")" ]
	done
}
