#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # stubs quote; each test is a subshell
# scripts/tree: every kind of LINUX= is left untouched; what goes wrong says so.

setup() {
	load series.bash
	project
	K=$BATS_TEST_TMPDIR/kernel
}

teardown() { end_snapshot; }

# untouched DIR WANTED: tree and apply on it work, hold the content of WANTED,
# and leave DIR as it was.
untouched() {
	local before D S
	before=$(snapshot "$1")
	D=$(LINUX=$2 "$P/scripts/tree")
	S=$(LINUX=$2 "$P/scripts/apply")
	diff <(echo "$before") <(snapshot "$1")
	[ "$(git -C "$D/linux" rev-parse base)" = "$3" ]
	[ "$(git -C "$D/linux" rev-parse HEAD)" = "$3" ]
	[ -z "$(git -C "$D/linux" status --porcelain)" ]
	grep -qx 'int version3;' "$D/linux/mm/memory.c"
	[ -x "$D/linux/scripts/tool.sh" ]
	[ -L "$D/linux/include/link" ]
	[ -e "$S/mm/gup.c" ]
	# nothing leads back
	[ ! -e "$D/linux/.git/objects/info/alternates" ]
	git -C "$D/linux" fsck --connectivity-only
	[ -z "$(leftovers)" ]
}

@test "tree: a work tree, loose objects" {
	fake_kernel "$K"
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: a work tree, packed, with a stale index" {
	fake_kernel "$K"
	git -C "$K" gc -q
	# git status would refresh the index of this one
	touch "$K/mm/memory.c"
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: dirty: only what is committed counts" {
	fake_kernel "$K"
	echo 'broken(' >>"$K/mm/memory.c"
	echo new >"$K/mm/new.c"
	git -C "$K" add mm/new.c
	rm "$K/mm/gup.c"
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: bare" {
	fake_kernel "$K"
	git clone -q --bare "$K" "$K.git"
	untouched "$K.git" "$K.git" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: linked work tree" {
	fake_kernel "$K"
	git -C "$K" worktree add -q --detach ../linked
	git -C "$K" checkout -q HEAD~1
	before=$(snapshot "$K")
	untouched "$BATS_TEST_TMPDIR/linked" "$BATS_TEST_TMPDIR/linked" "$(git -C "$BATS_TEST_TMPDIR/linked" rev-parse HEAD)"
	diff <(echo "$before") <(snapshot "$K")
}

@test "tree: shallow" {
	fake_kernel "$K"
	git clone -q --depth=1 "file://$K" "$K-shallow"
	untouched "$K-shallow" "$K-shallow" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: a clone with alternates of its own" {
	fake_kernel "$K"
	git clone -q -s "$K" "$K-shared"
	before=$(snapshot "$K")
	untouched "$K-shared" "$K-shared" "$(git -C "$K" rev-parse HEAD)"
	diff <(echo "$before") <(snapshot "$K")
}

@test "tree: spaces, colons, quotes and backslashes in the path" {
	K="$BATS_TEST_TMPDIR/my \"linux\" tree: a\\b"
	fake_kernel "$K"
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: a relative path, a symbolic link, the .git directory" {
	fake_kernel "$K"
	commit=$(git -C "$K" rev-parse HEAD)
	ln -s kernel "$BATS_TEST_TMPDIR/link"
	cd "$BATS_TEST_TMPDIR"
	untouched "$K" ./kernel "$commit"
	untouched "$K" link "$commit"
	untouched "$K" "$K/.git" "$commit"
}

@test "tree: owned by somebody else" {
	[ "$(id -u)" -eq 0 ] || skip "giving files away needs root"
	fake_kernel "$K"
	commit=$(git -C "$K" rev-parse HEAD)
	chown -R 65534:65534 "$K"
	# git by itself refuses: otherwise this test shows nothing
	run git -C "$K" rev-parse HEAD
	[ "$status" -ne 0 ]
	untouched "$K" "$K" "$commit"
}

@test "tree: read-only and owned by somebody else, for a user without rights" {
	[ "$(id -u)" -eq 0 ] || skip "becoming somebody else needs root"
	fake_kernel "$K"
	commit=$(git -C "$K" rev-parse HEAD)
	chmod -R a-w,a+rX "$K"
	mkdir -p "$P/cache"
	chown 65534 "$P/cache"
	before=$(snapshot "$K")
	LINUX=$K HOME=/nonexistent setpriv --reuid=65534 --regid=65534 --clear-groups "$P/scripts/apply"
	diff <(echo "$before") <(snapshot "$K")
	[ "$(GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
		git -C "$P"/cache/base/*/linux rev-parse HEAD)" = "$commit" ]
}

@test "tree: a series that writes an object that LINUX has, does not touch it" {
	# With LINUX as an alternate, git would set the time stamp of that object.
	fake_kernel "$K"
	git -C "$K" repack -q -ad
	git clone -q "$K" "$K-work"
	git -C "$K-work" revert --no-edit HEAD
	git -C "$K-work" format-patch -q -o "$P/patches" -1
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
	grep -qx 'int version2;' "$P"/cache/base/*/series/mm/memory.c
}

@test "tree: REV= names the commit, and bases lie side by side" {
	fake_kernel "$K"
	one=$(LINUX=$K REV=HEAD~1 "$P/scripts/tree")
	two=$(LINUX=$K "$P/scripts/tree")
	[ "$one" != "$two" ]
	grep -qx 'int version2;' "$one/linux/mm/memory.c"
	grep -qx 'int version3;' "$two/linux/mm/memory.c"
}

@test "tree: a second run makes nothing anew, also when LINUX is gone meanwhile" {
	fake_kernel "$K"
	D=$(LINUX=$K "$P/scripts/tree")
	touch "$D/mark"
	run env LINUX="$K" "$P/scripts/tree"
	[ "$output" = "$D" ]
	[ -e "$D/mark" ]
	rm -rf "$K"
	git -C "$D/linux" log -1 --stat base
	git -C "$D/linux" checkout -q -f --detach base
}

@test "tree: bad LINUX= and REV=" {
	fake_kernel "$K"
	LINUX=/nonexistent run "$P/scripts/tree"
	one_line_error 'no such directory'
	mkdir "$BATS_TEST_TMPDIR/plain"
	LINUX=$BATS_TEST_TMPDIR/plain run "$P/scripts/tree"
	one_line_error 'not a git repository'
	# a plain directory inside of a repository is not that repository
	mkdir "$K/plain"
	LINUX=$K/plain run "$P/scripts/tree"
	one_line_error 'not a git repository'
	LINUX=$K/Makefile run "$P/scripts/tree"
	one_line_error 'no such directory'
	LINUX=$K REV=nonsense run "$P/scripts/tree"
	one_line_error 'no commit nonsense'
	LINUX=$K REV=--all run "$P/scripts/tree"
	one_line_error 'no commit --all'
	LINUX=$K REV=HEAD:mm run "$P/scripts/tree"
	one_line_error 'no commit HEAD:mm'
	LINUX='' REV=HEAD run "$P/scripts/tree"
	one_line_error 'set that too'
	git init -q "$BATS_TEST_TMPDIR/empty"
	LINUX=$BATS_TEST_TMPDIR/empty run "$P/scripts/tree"
	one_line_error 'no commit HEAD'
	run "$P/scripts/tree" one two
	one_line_error 'one name at most'
	run "$P/scripts/tree" surplus
	one_line_error 'no tree surplus in trees.conf'
	[ -z "$(ls "$P/cache/base" 2>/dev/null)" ]
}

@test "tree: not a kernel" {
	fake_kernel "$K"
	git -C "$K" rm -rq mm
	git -C "$K" commit -qm 'no mm'
	before=$(snapshot "$K")
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'not a Linux kernel tree'
	LINUX=$K REV=HEAD~1 "$P/scripts/tree"
	echo 'all:' >"$K/Makefile"
	git -C "$K" checkout -q HEAD~1 -- mm
	git -C "$K" commit -qam 'no VERSION'
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'not a Linux kernel tree'
	[ -z "$(leftovers)" ]
	[ "$(find "$P/cache/base" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}

@test "tree: a partial clone lacks objects: said, and none is fetched into it" {
	fake_kernel "$K"
	git -C "$K" config uploadpack.allowFilter true
	git clone -q --no-checkout --filter=blob:none "file://$K" "$K-partial"
	before=$(snapshot "$K-partial")
	LINUX=$K-partial run "$P/scripts/tree"
	one_line_error 'lacks objects.*--refetch'
	LINUX=$K-partial REV=$(git -C "$K" rev-parse HEAD:mm/gup.c) run "$P/scripts/tree"
	one_line_error 'no commit'
	diff <(echo "$before") <(snapshot "$K-partial")
	[ -z "$(leftovers)" ]
	[ -z "$(ls "$P/cache/base")" ]
	# what the message says helps
	git -C "$K-partial" fetch -q --refetch --no-filter
	LINUX=$K-partial "$P/scripts/tree"
}

@test "tree: a corrupt object in LINUX" {
	fake_kernel "$K"
	blob=$(git -C "$K" rev-parse HEAD:mm/gup.c)
	blob=$K/.git/objects/${blob:0:2}/${blob:2}
	chmod u+w "$blob"
	echo garbage >"$blob"
	LINUX=$K run "$P/scripts/tree"
	[ "$status" -eq 2 ]
	[ -z "$(leftovers)" ]
	[ -z "$(ls "$P/cache/base")" ]
}

# start_and_stop SIGNAL SUBCOMMAND: end the whole run while git does that.
start_and_stop() {
	local pid
	stub git 'case " $* " in *" '"$2"' "*) touch "'"$BATS_TEST_TMPDIR"'/there"; sleep 60 ;; esac
PATH=${PATH#*:} exec git "$@"'
	LINUX=$K env --default-signal=INT setsid "$P/scripts/tree" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	for _ in {1..100}; do
		[ ! -e "$BATS_TEST_TMPDIR/there" ] || break
		sleep 0.1
	done
	[ -e "$BATS_TEST_TMPDIR/there" ]
	kill "-$1" -- "-$pid"
	status=0
	wait "$pid" || status=$?
	rm "$BATS_TEST_TMPDIR/bin/git" "$BATS_TEST_TMPDIR/there"
}

@test "tree: Ctrl-C while copying: nothing is left, LINUX is untouched" {
	fake_kernel "$K"
	before=$(snapshot "$K")
	start_and_stop INT pack-objects
	[ "$status" -eq 130 ]
	[ -z "$(leftovers)" ]
	[ -z "$(ls "$P/cache/base")" ]
	diff <(echo "$before") <(snapshot "$K")
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
}

@test "tree: killed while checking out: the next run does not trust it" {
	fake_kernel "$K"
	before=$(snapshot "$K")
	start_and_stop KILL reset
	[ "$status" -eq 137 ]
	[ -n "$(leftovers)" ]
	diff <(echo "$before") <(snapshot "$K")
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
	[ "$(find "$P/cache/base" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
}

@test "tree: two runs at once" {
	fake_kernel "$K"
	mkdir -p "$P/cache/lock"
	exec 9>"$P/cache/lock/base"
	flock 9
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'another run is busy'
	exec 9>&-
	D=$(LINUX=$K "$P/scripts/tree")
	# one that is ready needs no lock
	exec 9>"$P/cache/lock/base"
	flock 9
	[ "$(LINUX=$K "$P/scripts/tree")" = "$D" ]
}

@test "tree: no space, seen in time" {
	fake_kernel "$K"
	stub df 'printf "Filesystem 1024-blocks Used Available Capacity Mounted\nx 1 1 1000 1%% /\n"'
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'free some space'
	[ -z "$(ls "$P/cache/base" 2>/dev/null)" ]
}

@test "tree: the disk fills up meanwhile" {
	[ "$(id -u)" -eq 0 ] || skip "a small file system needs root"
	unshare -m true 2>/dev/null || skip "no mount name spaces here"
	fake_kernel "$K"
	head -c 3000000 /dev/urandom >"$K/mm/big.c"
	git -C "$K" add -A
	git -C "$K" commit -qm big
	stub df 'printf "Filesystem 1024-blocks Used Available Capacity Mounted\nx 1 1 99000000 1%% /\n"'
	mkdir "$P/cache"
	LINUX=$K run unshare -m bash -c 'mount -t tmpfs -o size=2m none "$PXD_CACHE" && cd / || exit 9
		"$0"/scripts/tree; rc=$?; find "$PXD_CACHE/base" -mindepth 1 -maxdepth 1; exit $rc' "$P"
	one_line_error 'No space left|Out of disk ?space'
}

@test "tree: a base changed by hand is not used" {
	fake_kernel "$K"
	D=$(LINUX=$K "$P/scripts/tree")
	echo 'int oops;' >>"$D/linux/mm/gup.c"
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'changed by hand'
	git -C "$D/linux" checkout -q -f --detach base
	echo 'int oops;' >>"$D/linux/mm/gup.c"
	git -C "$D/linux" commit -qam oops
	LINUX=$K run "$P/scripts/tree"
	one_line_error 'changed by hand'
	git -C "$D/linux" checkout -q -f --detach base
	LINUX=$K "$P/scripts/tree"
}

@test "tree: a damaged base is made again, the work in it is kept" {
	fake_kernel "$K"
	D=$(LINUX=$K "$P/scripts/tree")
	LINUX=$K "$P/scripts/apply"
	echo work >"$D/series/mm/work.c"
	rm -rf "$D/linux/.git/objects"
	untouched "$K" "$K" "$(git -C "$K" rev-parse HEAD)"
	grep -qx work "$D".damaged-*/series/mm/work.c
}

# debian_package: a package as Debian makes it, an apt that offers it, and
# base.conf for it.
debian_package() {
	local root=$BATS_TEST_TMPDIR/deb source=$BATS_TEST_TMPDIR/linux-source-7.3
	fake_kernel "$source"
	rm -rf "$source/.git"
	printf '\n#\n# Debian packaging: ignore everything at the top level, since it isn'\''t\n# included in our repository\n#\n/*\n!/debian/\n' >>"$source/.gitignore"
	find "$source" -exec touch -h -d '2026-11-01 UTC' {} +
	mkdir -p "$root/DEBIAN" "$root/usr/src"
	tar -cJf "$root/usr/src/linux-source-7.3.tar.xz" -C "$BATS_TEST_TMPDIR" linux-source-7.3
	printf 'Package: linux-source-7.3\nVersion: 7.3.4-1~bpo13+1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >"$root/DEBIAN/control"
	dpkg-deb -b "$root" "$BATS_TEST_TMPDIR/source.deb" >/dev/null
	SHA=$(sha256sum <"$BATS_TEST_TMPDIR/source.deb")
	SHA=${SHA%% *}
	sed -i "s/^BASE_SHA256=.*/BASE_SHA256=$SHA/" "$P/base.conf"
	export T=$BATS_TEST_TMPDIR
	echo '7.3.4-1~bpo13+1' >"$T/offered"
	stub apt-get '
		echo "$*" >>"$T/apt-calls"
		case " $* " in
		*" download "*)
			[ ! -e "$T/no-network" ] || exit 100
			v=${!#}; v=${v#*=}
			cp "$T/source.deb" "./linux-source-7.3_${v}_all.deb" ;;
		esac'
	stub apt-cache '
		[ ! -e "$T/no-network" ] || exit 100
		case $1 in
		madison) sed "s/.*/ linux-source-7.3 | & | http:x suite Packages/" "$T/offered" ;;
		show) echo "Package: x"; echo "SHA256: '"$SHA"'" ;;
		esac'
	if ! command -v apt-config >/dev/null; then stub apt-config :; fi
}

@test "tree: Debian's package: the commit, and a second run asks nobody" {
	debian_package
	D=$("$P/scripts/tree")
	[ "$D" = "$P/cache/base/linux-7.3.4-1_bpo13+1" ]
	grep -qx 'int version3;' "$D/linux/mm/memory.c"
	[ -x "$D/linux/scripts/tool.sh" ]
	[ "$(git -C "$D/linux" rev-list --count base)" -eq 1 ]
	[ "$(git -C "$D/linux" log -1 --format='%an %ad %cd' --date=short base)" = 'pxd-lockless 2026-11-01 2026-11-01' ]
	git -C "$D/linux" cat-file -e base:.gitignore
	calls=$(wc -l <"$T/apt-calls")
	"$P/scripts/tree"
	[ "$(wc -l <"$T/apt-calls")" -eq "$calls" ]
	[ -z "$(leftovers)" ]
}

@test "tree: Debian's package: the same commit id every time, whoever makes it" {
	debian_package
	D=$("$P/scripts/tree")
	one=$(git -C "$D/linux" rev-parse base)
	rm -rf "$P/cache/base"
	printf '[user]\nname = other\n[core]\nautocrlf = true\n[commit]\ngpgSign = true\n' >"$BATS_TEST_TMPDIR/gitconfig"
	D=$(umask 077; GIT_CONFIG_GLOBAL=$BATS_TEST_TMPDIR/gitconfig GIT_AUTHOR_NAME=other GIT_COMMITTER_DATE=@1 TZ=Asia/Tokyo "$P/scripts/tree")
	[ "$(git -C "$D/linux" rev-parse base)" = "$one" ]
}

@test "tree: Debian's package: new files at the top level are seen by git" {
	debian_package
	D=$("$P/scripts/tree")
	S=$("$P/scripts/apply")
	mkdir "$S/new"
	touch "$S/new/file.c"
	[ "$(git -C "$S" status --porcelain)" = '?? new/' ]
}

@test "tree: Debian's package: the download is cut off" {
	debian_package
	truncate -s -100 "$T/source.deb"
	run "$P/scripts/tree"
	one_line_error 'does not have the sha256'
	[ -z "$(find "$P/cache/deb" "$P/cache/base" -type f)" ]
}

@test "tree: Debian's package: a cached file that is corrupt is fetched again" {
	debian_package
	"$P/scripts/tree"
	rm -rf "$P/cache/base" "$T/apt-calls"
	printf x | dd of="$P/cache/deb/linux-source-7.3_7.3.4-1~bpo13+1_all.deb" bs=1 seek=500 conv=notrunc status=none
	"$P/scripts/tree"
	grep -q download "$T/apt-calls"
	# an intact one is not
	rm -rf "$P/cache/base" "$T/apt-calls"
	"$P/scripts/tree"
	[ ! -e "$T/apt-calls" ]
}

@test "tree: Debian's package: no network" {
	debian_package
	touch "$T/no-network"
	run "$P/scripts/tree"
	one_line_error 'http://deb.debian.org/debian offers no linux-source-7.3 .*http://127.0.0.1:9 did not answer.*LINUX='
	[ -z "$(ls "$P/cache/base")" ]
}

@test "tree: Debian's package: what the suites have is not asked of the snapshot archive" {
	debian_package
	snapshot_archive linux-source-7.3 '7.3.4-1~bpo13+1' "$T/source.deb"
	"$P/scripts/tree"
	[ ! -s "$T/snapshot.log" ]
}

@test "tree: Debian's package: gone from the suites: that version from the snapshot archive" {
	debian_package
	"$P/scripts/tree"
	commit=$(git -C "$P"/cache/base/*/linux rev-parse base)
	rm -rf "$P/cache"
	echo 7.3.9-1 >"$T/offered"
	snapshot_archive linux-source-7.3 '7.3.4-1~bpo13+1' "$T/source.deb"
	run "$P/scripts/tree"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *'about 160 MB to fetch, 3.6 GB'* ]]
	[[ $output != *warning* ]]
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.4-1_bpo13+1" ]
	[ "$(git -C "$P"/cache/base/*/linux rev-parse base)" = "$commit" ]
	[ -z "$(leftovers)" ]
	asked=$(wc -l <"$T/snapshot.log")
	[ "$asked" -eq 2 ]
	"$P/scripts/tree"
	[ "$(wc -l <"$T/snapshot.log")" -eq "$asked" ]
}

@test "tree: Debian's package: the download fails though it is offered: the snapshot archive" {
	debian_package
	snapshot_archive linux-source-7.3 '7.3.4-1~bpo13+1' "$T/source.deb"
	stub apt-get 'case " $* " in *" download "*) exit 100 ;; esac'
	"$P/scripts/tree"
	[ -d "$P/cache/base/linux-7.3.4-1_bpo13+1" ]
}

@test "tree: Debian's package: the snapshot archive has other bytes: refused" {
	debian_package
	echo 7.3.9-1 >"$T/offered"
	head -c -100 "$T/source.deb" >"$T/other.deb"
	snapshot_archive linux-source-7.3 '7.3.4-1~bpo13+1' "$T/other.deb"
	run "$P/scripts/tree"
	one_line_error '7.3.4-1~bpo13\+1 of http://127.0.0.1:[0-9]+ does not have the sha256'
	[ -z "$(find "$P/cache/deb" "$P/cache/base" -type f 2>/dev/null)" ]
}

@test "tree: Debian's package: the snapshot archive does not have it, or cannot be asked: the newest, and what was tried" {
	debian_package
	echo 7.3.9-1 >"$T/offered"
	run "$P/scripts/tree"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *'warning: Debian no longer has'*': this is 7.3.9-1'*'tried: http://deb.debian.org/debian ('*'; http://127.0.0.1:9 did not answer'* ]]
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.9-1" ]
	# kept for a day, with what was tried
	snapshot_archive linux-source-7.3 '7.3.4-1~bpo13+1' "$T/source.deb"
	run "$P/scripts/tree"
	[[ $output = *'warning: Debian no longer has'*'; http://127.0.0.1:9 did not answer'* ]]
	[ ! -s "$T/snapshot.log" ]
	# not for ever
	find "$P/cache/base" -maxdepth 1 -name '.instead*' -exec touch -d '2 days ago' {} +
	run "$P/scripts/tree"
	echo "$output"
	[[ $output != *warning* ]]
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.4-1_bpo13+1" ]
	# one that answers, but has another version only
	rm -rf "$P/cache" "$T/snapshot/mr/binary/linux-source-7.3"
	run "$P/scripts/tree"
	[ "$status" -eq 0 ]
	[[ $output = *'warning: '*'or does not have linux-source-7.3 7.3.4-1~bpo13+1'* ]]
}

@test "tree: on a terminal, long steps say how far they are; else they are quiet" {
	fake_kernel "$K"
	stub git 'case " $* " in *" reset "*) sleep 1 ;; esac
PATH=${PATH#*:} exec git "$@"'
	PXD_TICK=0.3 LINUX=$K run script -qec "$P/scripts/tree" /dev/null
	echo "$output"
	[[ $output = *'tree: checking out '*': 1 MB'* ]]
	rm -rf "$P/cache"
	PXD_TICK=0.3 LINUX=$K run "$P/scripts/tree"
	[[ $output != *' MB'* ]]
	# nothing ticks on, nor holds a lock
	exec 9>"$P/cache/lock/base"
	flock -n 9
}

@test "tree: Debian's package: the version is gone: the newest instead, with a warning" {
	debian_package
	printf '7.3.9-1\n7.3.8-1\n' >"$T/offered"
	# the hash of the other version is not this one
	sed -i 's/^BASE_SHA256=.*/BASE_SHA256=0/' "$P/base.conf"
	run "$P/scripts/tree"
	echo "$output"
	[ "$status" -eq 0 ]
	grep -q 'warning: Debian no longer has linux-source-7.3 7.3.4-1~bpo13+1: this is 7.3.9-1' <<<"$output"
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.9-1" ]
	calls=$(wc -l <"$T/apt-calls")
	run "$P/scripts/tree"
	grep -q warning <<<"$output"
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.9-1" ]
	[ "$(wc -l <"$T/apt-calls")" -eq "$calls" ]
	# a day later it looks again
	find "$P/cache/base" -maxdepth 1 -name '.instead*' -exec touch -d '2 days ago' {} +
	echo '7.3.4-1~bpo13+1' >"$T/offered"
	sed -i "s/^BASE_SHA256=.*/BASE_SHA256=$SHA/" "$P/base.conf"
	run "$P/scripts/tree"
	[ "${lines[-1]}" = "$P/cache/base/linux-7.3.4-1_bpo13+1" ]
}

@test "tree: Debian's package: another version is checked against the signed index" {
	debian_package
	echo 7.3.9-1 >"$T/offered"
	truncate -s -100 "$T/source.deb"
	run "$P/scripts/tree"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *'7.3.9-1 does not have the sha256'* ]]
	[ -z "$(find "$P/cache/deb" "$P/cache/base" -type f -not -name '.instead*')" ]
}

@test "tree: Debian's package: without apt-get it says LINUX=" {
	mkdir "$BATS_TEST_TMPDIR/few"
	ln -s /usr/bin/* /bin/* "$BATS_TEST_TMPDIR/few/" 2>/dev/null || true
	rm -f "$BATS_TEST_TMPDIR"/few/apt*
	PATH=$BATS_TEST_TMPDIR/few run "$P/scripts/tree"
	one_line_error 'no apt-get.*LINUX='
}

@test "tree: apt sees none of this machine's configuration, but the proxy" {
	command -v apt-config >/dev/null || skip "no apt here"
	debian_package
	echo 'Acquire::http::Proxy "http://proxy.example.org:3128"; APT::Default-Release "nonsense";' >"$BATS_TEST_TMPDIR/host.conf"
	APT_CONFIG=$BATS_TEST_TMPDIR/host.conf "$P/scripts/tree"
	export APT_CONFIG=$P/cache/apt/apt.conf
	eval "$(apt-config shell lists Dir::State::lists/d sources Dir::Etc::sourceparts/d list Dir::Etc::sourcelist/f \
		parts Dir::Etc::parts/d main Dir::Etc::main/f pins Dir::Etc::preferencesparts/d status Dir::State::status/f \
		archives Dir::Cache::archives/d trusted Dir::Etc::trustedparts/d proxy Acquire::http::Proxy release APT::Default-Release)"
	for place in "$lists" "$sources" "$list" "$parts" "$main" "$pins" "$status" "$archives" "$trusted"; do
		echo "$place"
		[[ $place = "$P/cache/apt/"* ]]
	done
	[ "$proxy" = http://proxy.example.org:3128 ]
	[ -z "${release-}" ]
	grep -qx 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' "$sources/base.sources"
}
