# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016 # the programs expand it
# A repository that is a trap: all that its configuration, attributes and hooks
# name leaves a mark. Nothing of that may run when a verb only reads it.

# trap_repository DIR: make it one. DIR has files, and may be a repository with
# a work tree already; what is in it is committed, and looks changed to git.
trap_repository() {
	local git=$1/.git name hook
	TRAP=${TRAP:-$BATS_TEST_TMPDIR/trap}
	mkdir -p "$TRAP/hooks" "$TRAP/marks"
	# Each is called by another name, and does no harm but the mark.
	for name in clean smudge process textconv command merge fsmonitor ssh pager editor askpass credential gpg \
		proxy packobjects alternates filterdiff external ext upload vcs sequence trailer; do
		printf '#!/bin/sh\n: >%q\ncase %s in clean|smudge|textconv|pager) exec cat ${1:+"$1"} ;; esac\nexit 1\n' \
			"$TRAP/marks/$name" "$name" >"$TRAP/$name"
	done
	for hook in reference-transaction post-index-change pre-auto-gc post-checkout pre-applypatch applypatch-msg \
		post-applypatch fsmonitor-watchman; do
		printf '#!/bin/sh\n: >%q\n' "$TRAP/marks/hook-$hook" >"$TRAP/hooks/$hook"
	done
	chmod +x "$TRAP"/*[a-z] "$TRAP"/hooks/*

	[ -e "$git" ] || command git init -q -b main "$1"
	printf '%s\n' '*.c filter=trap diff=trap merge=trap' '*.h filter=process diff=command' >"$1/.gitattributes"
	# In front of all headers: git gives up at the first one, as its filter fails.
	mkdir -p "$1/.trap"
	echo 'int trap;' >"$1/.trap/trap.c"
	command git -C "$1" add -f .
	command git -C "$1" -c user.name=t -c user.email=t@t commit -qm trap
	cp "$1/.gitattributes" "$TRAP/attributes"
	git=$(command git -C "$1" rev-parse --path-format=absolute --git-common-dir)
	mkdir -p "$git/info" "$git/hooks"
	cp "$1/.gitattributes" "$git/info/attributes"
	cp "$TRAP"/hooks/* "$git/hooks/"
	cat >"$TRAP/config" <<-END
		[core]
			fsmonitor = $TRAP/fsmonitor
			hooksPath = $TRAP/hooks
			attributesFile = $TRAP/attributes
			sshCommand = $TRAP/ssh
			pager = $TRAP/pager
			editor = $TRAP/editor
			askPass = $TRAP/askpass
			gitProxy = $TRAP/proxy
			alternateRefsCommand = $TRAP/alternates
		[pager]
			rev-parse = $TRAP/pager
			grep = $TRAP/pager
		[filter "trap"]
			clean = $TRAP/clean
			smudge = $TRAP/smudge
			required
		[filter "process"]
			process = $TRAP/process
		[diff]
			external = $TRAP/external
		[diff "trap"]
			textconv = $TRAP/textconv
		[diff "command"]
			command = $TRAP/command
		[merge "trap"]
			driver = $TRAP/merge
		[credential]
			helper = $TRAP/credential
		[gpg]
			program = $TRAP/gpg
		[uploadpack]
			packObjectsHook = $TRAP/packobjects
		[interactive]
			diffFilter = $TRAP/filterdiff
		[sequence]
			editor = $TRAP/sequence
		[trailer "x"]
			command = $TRAP/trailer
		[log]
			showSignature
		[protocol]
			allow = always
		[remote "origin"]
			url = ext::$TRAP/ext
			uploadpack = $TRAP/upload
			fetch = +refs/heads/*:refs/remotes/origin/*
			promisor
		[maintenance]
			auto
	END
	# As part of it, and by a name that it gives.
	cat "$TRAP/config" >>"$git/config"
	command git config -f "$git/config" --add include.path "$TRAP/config"
	find "$1" -name .git -prune -o -type f -exec touch -d '1 minute ago' {} +
	trap_works "$1"
}

# trap_works DIR: git alone, in a copy of it, leaves marks: otherwise a test
# with it shows nothing.
trap_works() {
	local copy=$BATS_TEST_TMPDIR/trap-copy mark
	cp -a "$1" "$copy"
	{
		command git -C "$copy" status
		command git -C "$copy" diff --no-index "$copy/.gitattributes" "$copy/Makefile"
		command git -C "$copy" archive HEAD
		command git -C "$copy" grep --textconv -l x
		command git -C "$copy" fetch
		command git -C "$copy" update-ref refs/heads/trap HEAD
		for mark in "$copy"/*/*.c; do echo >>"$mark"; done
		command git -C "$copy" -c diff.external= diff
		command git -C "$copy" stash
	} >/dev/null 2>&1 </dev/null || :
	rm -rf "$copy"
	for mark in clean smudge fsmonitor textconv external hook-reference-transaction ext; do
		[ -e "$TRAP/marks/$mark" ] || { echo "the trap does not work: no $mark"; return 1; }
	done
	rm "$TRAP"/marks/*
}

# not_trapped: nothing has run since.
not_trapped() {
	[ -z "$(ls -A "$TRAP/marks")" ] || { echo "was run: $(find "$TRAP/marks" -type f -printf "%f ")"; return 1; }
}
