#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/audit and the verbs with LINUX=: the tree is data. Nothing that it names
# runs, no name of a file is misread, nothing is left out without a word.

# shellcheck disable=SC2030,SC2031,SC2154 # set by run; each test is a subshell, and meant to be
# shellcheck disable=SC2016 # bash -c expands it

bats_require_minimum_version 1.5.0

load audit-tree
load trap

setup() { audit_tree; }

git() { command git -c user.name=t -c user.email=t@t -C "$TREE" "$@"; }

# bad FILE FUNCTION [DIR]: a file with a double read
bad() {
	mkdir -p "$(dirname "${3-$TREE}/$1")"
	cat >"${3-$TREE}/$1" <<-END
		pmd_t *$2(pud_t *pudp, unsigned long addr)
		{
			pud_t pud = READ_ONCE(*pudp);

			if (pud_none(pud))
				return NULL;
			return pmd_offset(pudp, addr);
		}
	END
}
found() { grep -v '^#' <<<"$output" | grep . || :; }
snapshot() { find "$1" -printf '%p %i %T@ %C@ %s\n' | sort; }

# trapped_tree: a trap with a commit "base" and one that adds a finding
trapped_tree() {
	bad mm/bad.c bad
	git init -q -b main
	git add -f .
	git commit -qm base
	git tag base
	bad mm/new.c new
	git add -f .
	git commit -qm next
	git diff base HEAD >"$BATS_TEST_TMPDIR/next.diff"
	git rm -q --cached mm/new.c
	rm "$TREE/mm/new.c"
	trap_repository "$TREE"
	git -c core.hooksPath=/dev/null -c core.fsmonitor=false tag next HEAD~1
	rm -f "$TRAP"/marks/*
}

all_modes() {
	cd "$TREE" || return
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ "$(found | wc -l)" -eq 3 ] || [[ $output == *mm/bad.c:7:* ]]
	run -1 --separate-stderr "$AUDIT" .
	run -1 --separate-stderr "$AUDIT" . --rev base
	[[ $output == *mm/bad.c:7:* ]]
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev next --no-cache --format sarif
	run -1 --separate-stderr "$AUDIT" "$TREE" --range base..next
	[[ $output == *'mm/new.c:7: '*'[new]'* ]]
	run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/next.diff"
	[[ $output == *'mm/new.c:7: '*'[new]'* ]]
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev base --patch "$BATS_TEST_TMPDIR/next.diff"
	[[ $output == *'mm/new.c:7: '*'[new]'* ]]
	not_trapped
}

@test "nothing that the audited repository names is run, in any mode" {
	trapped_tree
	snapshot "$TREE" >"$BATS_TEST_TMPDIR/before"
	all_modes
	snapshot "$TREE" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "nor if it is somebody else's" {
	[ "$(id -u)" -eq 0 ] || skip "giving files away needs root"
	trapped_tree
	chown -R 65534:65534 "$TREE"
	all_modes
}

@test "nor in a linked work tree, a bare one, or by what a patch brings along" {
	trapped_tree
	git -c core.hooksPath=/dev/null -c core.fsmonitor=false worktree add -q --detach --no-checkout "$BATS_TEST_TMPDIR/linked" base
	rm -f "$TRAP"/marks/*
	run -1 --separate-stderr "$AUDIT" "$BATS_TEST_TMPDIR/linked" --rev HEAD
	[[ $output == *mm/bad.c:7:* ]]
	run -1 --separate-stderr "$AUDIT" "$TREE/.git" --range base..next
	not_trapped
	# the repository itself, copied to where the patch is applied
	(cd "$TREE" && find .git .gitattributes -type f -size -4k -printf '--- a/%p\n+++ b/%p\n@@ -1 +1 @@\n-x\n+y\n') >"$BATS_TEST_TMPDIR/evil"
	run -2 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/evil"
	[[ $stderr == *'does not fit'* ]]
	printf '%s\n' '--- a/.gitattributes' '+++ b/.gitattributes' '@@ -1,2 +1,3 @@' '+*.S eol=crlf' \
		" $(sed -n 1p "$TREE/.gitattributes")" " $(sed -n 2p "$TREE/.gitattributes")" | cat - "$BATS_TEST_TMPDIR/next.diff" >"$BATS_TEST_TMPDIR/attributes"
	run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/attributes"
	[[ $output == *'mm/new.c:7: '*'[new]'* ]]
	not_trapped
}

@test "nor by tree, apply, series with LINUX=" {
	trapped_tree
	local P=$BATS_TEST_TMPDIR/project
	mkdir -p "$P/patches"
	cp -r "$ROOT"/{scripts,cocci,base.conf,trees.conf} "$P/"
	PXD_CACHE=$P/cache LINUX=$TREE run -0 --separate-stderr "$P/scripts/tree"
	PXD_CACHE=$P/cache LINUX=$TREE REV=base run -0 --separate-stderr "$P/scripts/apply"
	PXD_CACHE=$P/cache LINUX=$TREE run -0 --separate-stderr "$P/scripts/series"
	[[ $output == *'reread-value            1        1'* ]]
	not_trapped
}

@test "the caller's GIT_* have no say" {
	trapped_tree
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=include.path GIT_CONFIG_VALUE_0=$TRAP/config GIT_EXTERNAL_DIFF=$TRAP/external
	export GIT_SSH_COMMAND=$TRAP/ssh GIT_ATTR_SOURCE=HEAD GIT_DEFAULT_HASH=sha256 GIT_GLOB_PATHSPECS=1 GIT_SHALLOW_FILE=/nonexistent
	export GIT_DIR=$TREE/.git GIT_INDEX_FILE=$TREE/.git/index
	run -1 --separate-stderr "$AUDIT" "$TREE" --range base..next
	[[ $output == *'mm/new.c:7: '*'[new]'* ]]
	not_trapped
}

@test "shallow: --range needs the commit where both parted, and says so" {
	bad mm/bad.c bad
	git init -q -b main
	git add -f .
	git commit -qm base
	git checkout -q -b side
	bad mm/side.c side
	git add -f . && git commit -qm side
	git checkout -q main
	bad mm/new.c new
	git add -f . && git commit -qm one
	echo >>"$TREE/mm/new.c"
	git commit -qam two
	command git clone -q --depth 2 --no-single-branch "file://$TREE" "$BATS_TEST_TMPDIR/shallow"
	run -0 --separate-stderr "$AUDIT" "$BATS_TEST_TMPDIR/shallow" --range HEAD~1..HEAD
	command git clone -q --depth 1 --no-single-branch "file://$TREE" "$BATS_TEST_TMPDIR/shallow1"
	wrong 'is shallow and lacks the commit where' "$BATS_TEST_TMPDIR/shallow1" --range origin/side..HEAD
}

@test "a partial clone is an error, and nothing is fetched" {
	bad mm/bad.c bad
	git init -q -b main
	git add -f .
	git commit -qm base
	git config uploadpack.allowFilter true
	command git clone -q --bare --filter=blob:none "file://$TREE" "$BATS_TEST_TMPDIR/partial"
	snapshot "$BATS_TEST_TMPDIR/partial" >"$BATS_TEST_TMPDIR/before"
	run -2 --separate-stderr "$AUDIT" "$BATS_TEST_TMPDIR/partial" --rev HEAD
	[ "${#stderr_lines[@]}" -eq 1 ]
	snapshot "$BATS_TEST_TMPDIR/partial" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a sha256 repository, and one whose objects are replaced" {
	bad mm/bad.c bad
	git init -q -b main --object-format=sha256
	git add -f .
	git commit -qm base
	echo 'int nothing;' >"$TREE/mm/bad.c"
	git commit -qam good
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev HEAD~1
	git replace HEAD~1 HEAD
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev HEAD~1
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev HEAD~1 --no-cache
	[[ $output == *mm/bad.c:7:* ]]
}

# odd_names: files whose names are as odd as can be
odd_names() {
	local number=0 name
	ODD=($'mm/tab\tx.c' $'mm/line\nfeed.c' 'mm/x:1:y.c' 'mm/100%s.c' '-dash.c' 'mm/ two  spaces .c' $'mm/quote"\'s.c'
		'mm/back\slash.c' $'mm/latin\xe9.c' $'mm/\x01.c' "mm/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200}).c")
	for name in "${ODD[@]}"; do
		number=$((number + 1))
		bad "$name" "odd_$number"
	done
}

@test "any name of a file is read, named exactly in JSON, and never misread in text" {
	odd_names
	mkdir "$BATS_TEST_TMPDIR/json"
	run -1 --separate-stderr "$AUDIT" "$TREE" --json "$BATS_TEST_TMPDIR/json"
	[ "$(found | wc -l)" -eq "${#ODD[@]}" ]
	[[ $output == *'"mm/tab\tx.c":7: '* && $output == *'"mm/line\nfeed.c":7: '* && $output == *'"mm/x:1:y.c":7: '* ]]
	[[ $output == *$'\n-dash.c:7: '* && $output == *'"mm/latin\351.c":7: '* && $output == *'"mm/back\\slash.c":7: '* ]]
	first=$output
	python3 - "$BATS_TEST_TMPDIR/json" "${ODD[@]}" <<-'END'
		import json, os, sys
		findings = json.load(open(sys.argv[1] + "/findings.json"))
		assert sorted(os.fsencode(f["file"]) for f in findings) == sorted(map(os.fsencode, sys.argv[2:]))
		assert len({f["key"] for f in findings}) == len(findings)
	END
	run -1 --separate-stderr "$AUDIT" "$TREE" --format sarif
	python3 -c '
import json, os, sys, urllib.parse
uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in json.load(sys.stdin)["runs"][0]["results"]]
assert sorted(map(urllib.parse.unquote_to_bytes, uris)) == sorted(map(os.fsencode, sys.argv[1:]))' "${ODD[@]}" <<<"$output"
	run -1 --separate-stderr "$AUDIT" "$TREE" --format html
	run -1 --separate-stderr "$AUDIT" "$TREE" --format org
	# from the cache, and as a commit
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ "$output" = "$first" ]
	git init -q
	git add Makefile arch
	git commit -qm kernel
	git tag kernel
	git add -f .
	git commit -qm odd
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev HEAD --no-cache
	[ "$output" = "$first" ]
	# and in a series
	git diff kernel HEAD >"$BATS_TEST_TMPDIR/diff"
	run -1 --separate-stderr "$AUDIT" "$TREE" --range "kernel..HEAD"
	[ "$(found | grep -c '\[new\]$')" -eq "${#ODD[@]}" ]
	git checkout -qf kernel
	run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff"
	[ "$(found | wc -l)" -eq "${#ODD[@]}" ]
	[ "$(found | grep -c '\[new\]$')" -eq "${#ODD[@]}" ]
}

@test "a symbolic link out of the tree is not followed, and named" {
	local out=$BATS_TEST_TMPDIR/outside
	mkdir -p "$out/dir"
	bad dir/secret.c secret "$out"
	echo 'int nothing;' >"$out/plain.c"
	bad mm/bad.c bad
	ln -s bad.c "$TREE/mm/inside.c"
	ln -s "$out/plain.c" "$TREE/mm/plain.c"
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ "$(found | wc -l)" -eq 1 ]
	ln -s "$out/dir/secret.c" "$TREE/mm/secret.c"
	run -2 --separate-stderr "$AUDIT" "$TREE" --keep-going
	[[ $output == *'mm/secret.c:1: failed: it is a symbolic link that leads out of the tree'* && $output != *'secret: pmd_offset'* ]]
	rm "$TREE/mm/secret.c"
	ln -s "$out/dir" "$TREE/mm/dir"
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ $output == *'mm/dir:1: failed: it is a symbolic link'* ]]
	# nor if a patch names it
	printf '%s\n' '--- a/mm/dir/secret.c' '+++ b/mm/dir/secret.c' '@@ -1,3 +1,4 @@' '+/* x */' \
		' pmd_t *secret(pud_t *pudp, unsigned long addr)' ' {' $' \tpud_t pud = READ_ONCE(*pudp);' >"$BATS_TEST_TMPDIR/diff"
	run -2 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff"
	[[ $stderr == *'does not fit'* ]]
	rm -r "$TREE/mm/dir"
}

@test "nor in a commit, whoever adds it" {
	local named='mm/link.c:1: failed: it is a symbolic link that leads out of the tree'
	bad mm/bad.c bad
	bad mm/other.txt other
	cd "$TREE"
	git init -q
	git add Makefile arch mm/bad.c mm/other.txt
	git commit -qm kernel
	git tag kernel
	ln -s /elsewhere/secret.c mm/link.c
	ln -s /elsewhere/dir mm/dir
	ln -s /elsewhere/picture.png mm/picture.png
	ln -s other.txt mm/text.c
	git add mm/link.c mm/dir mm/picture.png mm/text.c
	git commit -qm links
	git diff kernel HEAD >"$BATS_TEST_TMPDIR/diff"
	run -2 --separate-stderr "$AUDIT" "$TREE" --rev HEAD --json "$BATS_TEST_TMPDIR"
	[ "$(jq -r '.[] | select(.class == "failed") | .file' "$BATS_TEST_TMPDIR/findings.json" | sort -u | xargs)" = \
		'mm/dir mm/link.c mm/text.c' ]
	run -2 --separate-stderr "$AUDIT" "$TREE" --range kernel..HEAD
	[[ $stderr == *'not a result'* ]]
	git checkout -qf kernel
	rm -f mm/link.c mm/dir mm/picture.png mm/text.c
	run -2 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff"
	[[ $stderr == *'not a result: 2 of '* ]]
	# in the place of a file
	git checkout -qb replaced
	ln -sf /elsewhere/bad.c mm/bad.c
	git commit -qam replaced
	run -2 --separate-stderr "$AUDIT" "$TREE" --range kernel..HEAD
}

@test "names that look like ours, a return that ends no line" {
	local i
	for i in 0 1 2; do bad "odd/$i.c" "odd$i"; bad "odd.$i.c/x.c" "dir$i"; done
	bad 'mm/a b.c' spaces
	{ printf '/* a\rb\rc */\n'; sed 's/spaces/other/' "$TREE/mm/a b.c"; } >"$TREE/mm/return.c"
	run -1 --separate-stderr "$AUDIT" "$TREE" -j 1
	[ "$(found | wc -l)" -eq 8 ]
	[[ $output == *$'\n''mm/return.c:8: reread-value: other: '*'(first read at line 4)'* ]]
}

@test "what the caller's shell exports does not lead elsewhere" {
	bad mm/bad.c bad
	mkdir "$BATS_TEST_TMPDIR/tmp2"
	cd "$BATS_TEST_TMPDIR"
	CDPATH=$BATS_TEST_TMPDIR:/ PYTHONSAFEPATH=1 PYTHONHOME=/none GIT_TRACE=1 TMPDIR=tmp2 \
		run -1 --separate-stderr "$AUDIT" tree --no-cache
	[ "$(found | wc -l)" -eq 1 ]
	[ -z "$(ls -A tmp2)" ]
}

@test "a file that cannot be read is named, exit 2" {
	[ "$(id -u)" -eq 0 ] || skip "to be another user needs root"
	bad mm/bad.c bad
	bad mm/locked.c locked
	bad locked/x.c below
	chmod 0 "$TREE/mm/locked.c" "$TREE/locked"
	# The repository may be where only its owner can go.
	cp -r "$ROOT/scripts" "$ROOT/cocci" "$BATS_TEST_TMPDIR/"
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR"
	chmod -R a+rX "$BATS_TEST_TMPDIR"/{scripts,cocci}
	chmod a+rwx "$TMPDIR"
	PXD_CACHE=$TMPDIR/cache HOME=/nonexistent run -2 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$BATS_TEST_TMPDIR/scripts/audit" "$TREE"
	[[ $output == *'mm/locked.c:1: failed: cannot be read: Permission denied'* ]]
	[[ $output == *'locked:1: failed: the directory cannot be read: Permission denied'* ]]
	[[ $output == *'mm/bad.c:7: reread-value'* ]]
}

@test "a file that changes within a second is read anew" {
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	bad mm/bad.c bad
	run -1 --separate-stderr "$AUDIT" "$TREE"
	sleep 0.3
	run -1 --separate-stderr "$AUDIT" "$TREE"
	# the same size, and the same time stamp
	local i stamp
	stamp=$(stat -c %y "$TREE/mm/bad.c")
	for i in 1 2 3; do
		sed -i 's/pmd_offset(pudp/pxd_offset(pudp/; s/pud_none(pud)/pxd_none(pud)/; s/READ_ONCE/READ_TWO_/' "$TREE/mm/bad.c"
		touch -d "$stamp" "$TREE/mm/bad.c"
		run -0 --separate-stderr "$AUDIT" "$TREE"
		bad mm/bad.c bad
		touch -d "$stamp" "$TREE/mm/bad.c"
		run -1 --separate-stderr "$AUDIT" "$TREE"
	done
}

@test "options are checked before anything is read" {
	bad mm/bad.c bad
	fake_spatch <<-'END'
		echo "$*" >>"$BATS_TEST_TMPDIR/spatch"
		exec "$REAL" "$@"
	END
	echo 'no ledger' >"$BATS_TEST_TMPDIR/ledger"
	wrong "audit: unknown class 'reread-plian': one of reread-value, reread-plain" "$TREE" --class reread-plian
	wrong "audit: unknown class ','" "$TREE" --class ,
	wrong "audit: unknown rank 'hihg': one of high" "$TREE" --rank hihg
	wrong 'audit: cannot read the ledger' "$TREE" --ledger "$BATS_TEST_TMPDIR/none"
	wrong 'ledger:1: not KEY, VERDICT and SENTENCE' "$TREE" --ledger "$BATS_TEST_TMPDIR/ledger"
	wrong "audit: --expect wants base or series, not 'both'" "$TREE" --expect both
	wrong 'audit: --expect wants --ledger FILE as well' "$TREE" --expect base
	wrong 'audit: cannot write to' "$TREE" --json "$BATS_TEST_TMPDIR/none"
	wrong 'audit: cannot write to' "$TREE" --json "$BATS_TEST_TMPDIR/ledger"
	wrong 'audit: --rule names none' "$TREE" --rule ,
	for option in --rev --range --rule --patch --output --json --hosts -j; do
		wrong "audit: $option wants a value" "$TREE" "$option" ''
	done
	wrong 'is a directory: name a file' "$TREE" --output "$BATS_TEST_TMPDIR"
	wrong 'there are no rules in' "$TREE" --rules "$BATS_TEST_TMPDIR/none"
	wrong "-j wants a number above 0, not '99999999999999999999'" "$TREE" -j 99999999999999999999
	PXD_AUDIT_TIMEOUT=soon wrong 'PXD_AUDIT_TIMEOUT wants a number of seconds' "$TREE"
	[ ! -e "$BATS_TEST_TMPDIR/spatch" ]
	[ -z "$(ls -A "$TMPDIR")" ]
	# a class that only somebody's own rules have
	cp -r "$ROOT/cocci" "$BATS_TEST_TMPDIR/rules"
	sed -i 's/"reread-value"/"reread-changed"/' "$BATS_TEST_TMPDIR/rules/reread.cocci"
	run -1 --separate-stderr "$AUDIT" "$TREE" --rules "$BATS_TEST_TMPDIR/rules" --class reread-changed
}

@test "--output to a device leaves the device, FILE.part is not ours" {
	bad mm/bad.c bad
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	echo mine >"$BATS_TEST_TMPDIR/report.part"
	cat "$BATS_TEST_TMPDIR/pipe" >"$BATS_TEST_TMPDIR/through" &
	run -1 "$AUDIT" "$TREE" --output "$BATS_TEST_TMPDIR/pipe"
	wait
	[ -p "$BATS_TEST_TMPDIR/pipe" ]
	grep -q '^mm/bad.c:7:' "$BATS_TEST_TMPDIR/through"
	run -1 "$AUDIT" "$TREE" --output "$BATS_TEST_TMPDIR/report"
	[ "$(cat "$BATS_TEST_TMPDIR/report.part")" = mine ]
	# a link stays one, as /dev/stdout is
	echo old >"$BATS_TEST_TMPDIR/target"
	ln -s target "$BATS_TEST_TMPDIR/link"
	ln -s /proc/self/fd/1 "$BATS_TEST_TMPDIR/stdout"
	run -1 "$AUDIT" "$TREE" --output "$BATS_TEST_TMPDIR/link"
	[ -L "$BATS_TEST_TMPDIR/link" ]
	grep -q '^mm/bad.c:7:' "$BATS_TEST_TMPDIR/target"
	"$AUDIT" "$TREE" --output "$BATS_TEST_TMPDIR/stdout" >"$BATS_TEST_TMPDIR/redirected" || [ $? -eq 1 ]
	[ -L "$BATS_TEST_TMPDIR/stdout" ]
	grep -q '^mm/bad.c:7:' "$BATS_TEST_TMPDIR/redirected"
	grep -q '^mm/bad.c:7:' "$BATS_TEST_TMPDIR/report"
}

@test "a full disk and a killed process are errors, exit 2" {
	bad mm/bad.c bad
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) kill -KILL $PPID; sleep 1 ;; esac
		exec "$REAL" "$@"
	END
	run -2 --separate-stderr "$AUDIT" "$TREE"
	[[ -z $output && $stderr == *'ended with status 137'* ]]
	PATH=${PATH#*:}
	run -2 --separate-stderr bash -c 'ulimit -f 4; trap "" XFSZ; exec "$0" "$1"' "$AUDIT" "$TREE"
	[[ -z $output && $stderr == *'File too large'* ]]
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "files that failed: one line for one cause, no counts, exit 2 with --keep-going as well" {
	local i
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	for i in 1 2 3; do bad "mm/bad$i.c" "bad$i"; done
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) echo "Fatal error: no $PWD/tree" >&2; exit 255 ;; esac
		exec "$REAL" "$@"
	END
	mkdir "$BATS_TEST_TMPDIR/json"
	run -2 --separate-stderr "$AUDIT" "$TREE" --keep-going --json "$BATS_TEST_TMPDIR/json"
	grep -qx 'failed: 3 files: spatch ended with status 255: Fatal error: no tree (first: mm/bad1.c)' <<<"$output"
	[ "$(found | wc -l)" -eq 1 ]
	grep -qx '# not a result: 3 of 3 files failed' <<<"$output"
	[[ $output != *reread-value* && $output != *.pxd.* ]]
	[[ $stderr == *'audit: not a result: 3 of 3 files failed: spatch ended with status 255: Fatal error: no tree (first: mm/bad1.c)' ]]
	[ "$(jq '[.[] | select(.class == "failed")] | length' "$BATS_TEST_TMPDIR/json/findings.json")" -eq 9 ]
	[ "$(jq -c '[.failed, .causes[0].files]' "$BATS_TEST_TMPDIR/json/summary.json")" = '[3,3]' ]
	# series prints no table then
	local P=$BATS_TEST_TMPDIR/project
	mkdir -p "$P/patches"
	cp -r "$ROOT"/{scripts,cocci,base.conf,trees.conf} "$P/"
	git init -q && git add -f . && git commit -qm base
	PXD_CACHE=$P/cache LINUX=$TREE run -2 --separate-stderr "$P/scripts/series"
	[ -z "$output" ]
	[ "$(grep -c 'Fatal error' <<<"$stderr")" -eq 1 ]
	[[ ${stderr_lines[-1]} == 'series: the audit of base is no result, for the reason above; all of it is in '*/base.txt ]]
}

@test "findings.json is JSON, with and without findings" {
	mkdir "$BATS_TEST_TMPDIR/json"
	run -0 "$AUDIT" "$TREE" --json "$BATS_TEST_TMPDIR/json"
	[ "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1])))' "$BATS_TEST_TMPDIR/json/findings.json")" = '[]' ]
	bad mm/bad.c bad
	run -1 "$AUDIT" "$TREE" --json "$BATS_TEST_TMPDIR/json"
	[ "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[0]["file"])' "$BATS_TEST_TMPDIR/json/findings.json")" = mm/bad.c ]
}

@test "the cache: a changed audit_facts.py makes new results; what nobody uses goes" {
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	cp -r "$ROOT/scripts" "$ROOT/cocci" "$BATS_TEST_TMPDIR/"
	AUDIT=$BATS_TEST_TMPDIR/scripts/audit
	bad mm/bad.c bad
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ "$(find "$PXD_CACHE/audit" -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq 3 ]
	echo '# changed' >>"$BATS_TEST_TMPDIR/scripts/lib/audit_facts.py"
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[[ $stderr == *'reading 1 of 1 files with 3 rules'* ]]
	[ "$(find "$PXD_CACHE/audit" -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq 6 ]
	touch -d '40 days ago' "$PXD_CACHE"/audit/{files-old,tokens-old}
	run -1 --separate-stderr "$AUDIT" "$TREE"
	[ ! -e "$PXD_CACHE/audit/files-old" ]
	[ ! -e "$PXD_CACHE/audit/tokens-old" ]
}

@test "how far it is: on a terminal only" {
	command -v script >/dev/null || skip "no script(1)"
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	bad mm/bad.c bad
	fake_spatch <<-'END'
		case "$*" in *--file-groups*) sleep 5 ;; esac
		exec "$REAL" "$@"
	END
	script -qec "${AUDIT@Q} ${TREE@Q} --no-cache -j1" /dev/null >"$BATS_TEST_TMPDIR/terminal" </dev/null || [ $? -eq 1 ]
	grep -qE 'audit: [0-9]+% read' "$BATS_TEST_TMPDIR/terminal"
	run -1 --separate-stderr "$AUDIT" "$TREE" --no-cache -j1
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "units of audit_work.py" {
	python3 -B "$BATS_TEST_DIRNAME/audit_work_test.py"
}
