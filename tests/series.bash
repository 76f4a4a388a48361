# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # status and output are from bats
# What the tests of tree, apply, export and hygiene share: a project of their
# own (the verbs find patches/ next to themselves) and kernels of a few files.

export LC_ALL=C.UTF-8 TZ=UTC
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=someone GIT_AUTHOR_EMAIL=someone@example.org
export GIT_COMMITTER_NAME=someone GIT_COMMITTER_EMAIL=someone@example.org
unset LINUX REV JOBS

# project [DIR]: its root, in P.
project() {
	P=${1:-$BATS_TEST_TMPDIR/project}
	mkdir -p "$P/patches"
	cp -r "$BATS_TEST_DIRNAME"/../{scripts,base.conf,trees.conf} "$P/"
	export PXD_CACHE=$P/cache
	# Nobody is asked over the network; see snapshot_archive.
	sed -i 's|^BASE_SNAPSHOT=.*|BASE_SNAPSHOT=http://127.0.0.1:9|' "$P/base.conf"
	# Reachable for the tests that become somebody else.
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* 2>/dev/null || true
}

# fake_kernel DIR: a repository with three commits and what is asked for.
fake_kernel() {
	local n
	mkdir -p "$1/mm" "$1/include" "$1/scripts"
	git init -q -b master "$1"
	printf 'VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n' >"$1/Makefile"
	printf '.*\n*.o\n!.gitignore\n' >"$1/.gitignore"
	printf '#!/bin/sh\n' >"$1/scripts/tool.sh"
	chmod +x "$1/scripts/tool.sh"
	ln -s ../mm "$1/include/link"
	for n in 1 2 3; do
		{ printf 'int a%d;\n' {1..30}; echo "int version$n;"; } >"$1/mm/memory.c"
		printf 'int b%d;\n' {1..30} >"$1/mm/gup.c"
		git -C "$1" add -A
		git -C "$1" commit -q -m "kernel $n"
	done
}

# snapshot DIR: everything about it that a write could change.
snapshot() {
	(
		cd "$1" || exit
		find . -printf '%p %y %s %m %U %G %T@ %C@ %l\n' | sort
		find . -type f -print0 | sort -z | xargs -0 sha256sum
	)
}

# snapshot_archive PACKAGE VERSION FILE: a snapshot archive that has it, over HTTP; its
# log is $BATS_TEST_TMPDIR/snapshot.log.
snapshot_archive() {
	local root=$BATS_TEST_TMPDIR/snapshot hash port
	hash=$(sha1sum <"$3")
	hash=${hash%% *}
	mkdir -p "$root/file" "$root/mr/binary/$1/$2"
	cp "$3" "$root/file/$hash"
	printf '{"_comment": "foo", "binary": "%s", "binary_version": "%s", "result": [{"architecture": "all", "hash": "%s"}]}\n' \
		"$1" "$2" "$hash" >"$root/mr/binary/$1/$2/binfiles"
	(cd "$root" && exec python3 -u -m http.server 0 --bind 127.0.0.1 >"$root.port" 2>"$root.log" 3>&-) &
	SNAPSHOT_PID=$!
	for _ in {1..100}; do
		port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$root.port" 2>/dev/null) || true
		[ -z "$port" ] || break
		sleep 0.1
	done
	[ -n "$port" ]
	sed -i "s|^BASE_SNAPSHOT=.*|BASE_SNAPSHOT=http://127.0.0.1:$port|" "$P/base.conf"
}
end_snapshot() { [ -z "${SNAPSHOT_PID-}" ] || kill "$SNAPSHOT_PID" 2>/dev/null || true; }

# in_series COMMANDS: as a developer would, in D/series.
in_series() { (cd "$S" && eval "$1"); }

# leftovers: what a later run could trip over.
leftovers() { find "$P" -name '.pxd.*' -o -name .moving -o -name .exporting -o -name '*.lock' -path '*/.git/*'; }

# stub NAME BODY: a command of that name comes first in PATH from here on.
stub() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/usr/bin/env bash\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	case $PATH in
	"$BATS_TEST_TMPDIR/bin:"*) ;;
	*) PATH=$BATS_TEST_TMPDIR/bin:$PATH ;;
	esac
}

# one_line_error PATTERN: the verb in $output failed as it should.
one_line_error() {
	echo "status $status: $output"
	[ "$status" -eq 2 ]
	[ "$(grep -vc '^tree: copying\|^apply: applying\|^tree: asking\|^tree: fetching\|^tree: unpacking\|^tree: making\|^apply: checking out' <<<"$output")" -eq 1 ]
	grep -qE "$1" <<<"$output"
}
