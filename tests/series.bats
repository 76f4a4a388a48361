#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # stubs quote; each test is a subshell
# scripts/apply and scripts/export: round trips, conflicts, and nobody's work lost.

setup() {
	load series.bash
	project "$BATS_TEST_TMPDIR/a project"
	K=$BATS_TEST_TMPDIR/kernel
	fake_kernel "$K"
	export LINUX=$K
}

# three_patches: as a developer makes them, exported; S is D/series.
three_patches() {
	S=$("$P/scripts/apply")
	in_series 'sed -i s/a10/A10/ mm/memory.c; git commit -qam "mm/memory: one

The first.

Cc: stable@vger.kernel.org"'
	in_series 'mkdir -p tools/testing/selftests/mm scripts/coccinelle/mm
		echo "int test;" >tools/testing/selftests/mm/test.c
		echo "@@ @@" >scripts/coccinelle/mm/rule.cocci
		git add .; git commit -qm "mm: two, with new files"'
	in_series 'sed -i s/a20/A20/ mm/memory.c; git mv mm/gup.c mm/pin.c; git commit -qam "mm/gup: three"'
	"$P/scripts/export"
	"$P/scripts/apply"
	TIP=$(git -C "$S" rev-parse HEAD)
}

# state: of everything that a refusal must not change.
state() {
	git -C "$S" for-each-ref
	git -C "$S" symbolic-ref -q HEAD || git -C "$S" rev-parse HEAD
	git -C "$S" status --porcelain
	git -C "$S" worktree list
	snapshot "$P/patches"
	find "$S" -type f -not -path '*/.git*' -printf '%p %T@\n' | sort
}

@test "series: without patches the branch is the base" {
	S=$("$P/scripts/apply")
	[ "$S" = "$("$P/scripts/tree")/series" ]
	[ "$(git -C "$S" rev-parse HEAD)" = "$(git -C "$K" rev-parse HEAD)" ]
	[ "$(git -C "$S" symbolic-ref HEAD)" = refs/heads/pxd-lockless ]
	"$P/scripts/export"
	[ -z "$(ls "$P/patches")" ]
}

@test "series: export, apply, export: the same files; twice changes nothing" {
	three_patches
	[ "$(ls "$P/patches")" = '0001-mm-memory-one.patch
0002-mm-two-with-new-files.patch
0003-mm-gup-three.patch' ]
	# the directory itself holds temporary files meanwhile
	before=$(snapshot "$P/patches" | sed 1d)
	"$P/scripts/export"
	"$P/scripts/export"
	diff <(echo "$before") <(snapshot "$P/patches" | sed 1d)
	rm -rf "$PXD_CACHE"
	S=$("$P/scripts/apply")
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
	"$P/scripts/export"
	diff <(echo "$before") <(snapshot "$P/patches" | sed 1d)
	[ -z "$(leftovers)" ]
}

@test "series: a patch has no trace of who exported it, when or with what" {
	three_patches
	head -n 1 "$P"/patches/0001* | grep -qx 'From 0\{40\} Mon Sep 17 00:00:00 2001'
	[[ $(tail -n 4 "$P"/patches/0001*) != *"$(git --version | cut -d ' ' -f 3)"* ]]
	grep -qE '^index [0-9a-f]{40}\.\.[0-9a-f]{40}' "$P"/patches/0001*
	grep -q '^rename to mm/pin.c' "$P"/patches/0003*
	grep -qx 'Subject: \[PATCH\] mm/gup: three' "$P"/patches/0003*
}

@test "series: git am by hand onto the base gives the same content" {
	three_patches
	git clone -q "$K" "$K-hand"
	git -C "$K-hand" am -q "$P"/patches/*.patch
	[ "$(git -C "$K-hand" rev-parse 'HEAD^{tree}')" = "$(git -C "$S" rev-parse 'HEAD^{tree}')" ]
}

@test "series: a hostile git configuration changes neither ids nor patches" {
	three_patches
	before=$(cat "$P"/patches/*.patch)
	mkdir -p "$BATS_TEST_TMPDIR/home/.config/git" "$BATS_TEST_TMPDIR/hooks"
	printf '#!/bin/sh\nexit 1\n' | tee "$BATS_TEST_TMPDIR"/hooks/{pre-applypatch,applypatch-msg,commit-msg,post-checkout,reference-transaction} >/dev/null
	chmod +x "$BATS_TEST_TMPDIR"/hooks/*
	echo '*.c -diff' >"$BATS_TEST_TMPDIR/home/.config/git/attributes"
	cat >"$BATS_TEST_TMPDIR/home/.gitconfig" <<-END
		[user]
			name = other
			email = other@example.org
		[core]
			hooksPath = $BATS_TEST_TMPDIR/hooks
			autocrlf = true
			abbrev = 7
		[commit]
			gpgSign = true
		[am]
			threeWay = true
		[diff]
			noprefix = true
			mnemonicPrefix = true
			renames = false
			context = 1
			algorithm = patience
			external = false
		[format]
			signOff = true
			signature = hello
			coverLetter = true
			numbered = true
			subjectPrefix = RFC
			thread = true
			attach = true
			from = true
			headers = X-Other: 1
	END
	rm -rf "$PXD_CACHE"
	hostile=(env -u GIT_CONFIG_NOSYSTEM -u GIT_CONFIG_GLOBAL HOME="$BATS_TEST_TMPDIR/home"
		GIT_COMMITTER_NAME=x GIT_AUTHOR_DATE=@1 GIT_COMMITTER_DATE=@1 GIT_DIFF_OPTS=-u1
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=format.signature GIT_CONFIG_VALUE_0=bye
		GIT_DIR=/nonexistent TZ=Asia/Tokyo LC_ALL=C COLUMNS=40)
	S=$("${hostile[@]}" "$P/scripts/apply")
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
	# and in the repository itself
	git -C "$S" config diff.noprefix true
	git -C "$S" config diff.algorithm patience
	git -C "$S" config format.signature hello
	git -C "$S" config format.numbered true
	git -C "$S" config format.signOff true
	git -C "$S" config core.hooksPath "$BATS_TEST_TMPDIR/hooks"
	"${hostile[@]}" "$P/scripts/export"
	diff <(echo "$before") <(cat "$P"/patches/*.patch)
}

@test "series: nothing to do is nothing done" {
	three_patches
	before=$(snapshot "$S")
	refs=$(git -C "$S" reflog)
	[ "$("$P/scripts/apply")" = "$S" ]
	diff <(echo "$before") <(snapshot "$S")
	[ "$refs" = "$(git -C "$S" reflog)" ]
	# without a lock, so that several verbs may ask at once
	exec 9>"$PXD_CACHE/lock/series"
	flock 9
	[ "$("$P/scripts/apply")" = "$S" ]
}

@test "series: two runs at once" {
	mkdir -p "$PXD_CACHE/lock"
	"$P/scripts/tree"
	exec 9>"$PXD_CACHE/lock/series"
	flock 9
	run "$P/scripts/apply"
	one_line_error 'another run is busy'
	run "$P/scripts/export"
	one_line_error 'another run is busy'
}

@test "series: a changed patch touches the files that change, builds stay" {
	three_patches
	mkdir "$S/.out-x86_64"
	touch -d '1 hour ago' "$S/mm/memory.c" "$S/mm/pin.c" "$S/include"
	echo object >"$S/.out-x86_64/memory.o"
	memory=$(stat -c %y "$S/mm/memory.c")
	pin=$(stat -c %y "$S/mm/pin.c")
	sed -i 's/^+int A20;/+int a_20;/' "$P"/patches/0003*
	"$P/scripts/apply"
	grep -qx 'int a_20;' "$S/mm/memory.c"
	[ "$(stat -c %y "$S/mm/memory.c")" != "$memory" ]
	[ "$(stat -c %y "$S/mm/pin.c")" = "$pin" ]
	[ "$(cat "$S/.out-x86_64/memory.o")" = object ]
	# only a changelog: no file at all
	memory=$(stat -c %y "$S/mm/memory.c")
	sed -i 's/^The first\./The very first./' "$P"/patches/0001*
	"$P/scripts/apply"
	git -C "$S" log --format=%B | grep -qx 'The very first.'
	[ "$(stat -c %y "$S/mm/memory.c")" = "$memory" ]
}

@test "series: a dropped patch is gone from the branch, a dropped commit from patches/" {
	three_patches
	rm "$P"/patches/0003*
	"$P/scripts/apply"
	[ ! -e "$S/mm/pin.c" ]
	[ "$(git -C "$S" rev-list --count base..)" -eq 2 ]
	in_series 'git reset -q --hard HEAD~1'
	"$P/scripts/export"
	[ "$(ls "$P/patches")" = 0001-mm-memory-one.patch ]
}

@test "series: a conflict names patch, file and hunk, and changes nothing" {
	three_patches
	sed -i 's/^ int a19;/ int a19_of_old;/' "$P"/patches/0003*
	sed -i 's/^The first/The 1st/' "$P"/patches/0001*
	before=$(state)
	run "$P/scripts/apply"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = "apply: patches/0003-mm-gup-three.patch does not apply to kernel-"*": mm/memory.c:"[0-9]*"scripts/apply --resolve" ]]
	grep -qx ' int a19_of_old;' <<<"$output"
	grep -qx '+int A20;' <<<"$output"
	diff <(echo "$before") <(state)
	[ -z "$(leftovers)" ]
	# and again
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
}

@test "series: a file that the base does not have, a file that it has already" {
	three_patches
	git -C "$K" rm -q mm/gup.c
	git -C "$K" commit -qm 'no gup'
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"patches/0003-mm-gup-three.patch does not apply"*"mm/gup.c: does not exist"* ]]
	git -C "$K" reset -q --hard HEAD~1
	mkdir -p "$K/tools/testing/selftests/mm"
	echo other >"$K/tools/testing/selftests/mm/test.c"
	git -C "$K" add .
	git -C "$K" commit -qm 'own test'
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"patches/0002-mm-two-with-new-files.patch does not apply"*"test.c: already exists"* ]]
}

@test "series: first conflict, nothing there before" {
	three_patches
	rm -rf "$PXD_CACHE"
	sed -i 's/^ int a9;/ int a9_of_old;/' "$P"/patches/0001*
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"patches/0001-mm-memory-one.patch does not apply"* ]]
	[ ! -e "$("$P/scripts/tree")/series" ]
	[ -z "$(leftovers)" ]
}

@test "series: a file that is no mail" {
	echo hello >"$P/patches/0001-x.patch"
	run "$P/scripts/apply"
	one_line_error '0001-x.patch is not a mail'
	[ -z "$(leftovers)" ]
}

@test "series: a mail that is cut off" {
	three_patches
	truncate -s -20 "$P"/patches/0003*
	before=$(state)
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *patches/0003-mm-gup-three.patch* ]]
	diff <(echo "$before") <(state)
}

@test "series: already applied, wholly and partly" {
	three_patches
	git -C "$K" am -q "$P"/patches/*.patch
	run "$P/scripts/apply"
	one_line_error 'already has the whole series'
	git -C "$K" reset -q --hard HEAD~1
	run "$P/scripts/apply"
	one_line_error 'already has 2 of the 3 patches: remove 0001-mm-memory-one.patch 0002-mm-two-with-new-files.patch'
	[ -z "$(leftovers)" ]
	# one from the middle
	git -C "$K" reset -q --hard HEAD~2
	git -C "$K" am -q "$P"/patches/0002*
	run "$P/scripts/apply"
	one_line_error 'already has 1 of the 3 patches: remove 0002-mm-two'
}

@test "series: commits that are not exported are not dropped" {
	three_patches
	in_series 'echo "int new;" >>mm/pin.c; git commit -qam "mm: four"'
	before=$(state)
	run "$P/scripts/apply"
	one_line_error 'has commits that are not in patches/.*scripts/export'
	diff <(echo "$before") <(state)
	rm "$P"/patches/0003*
	run "$P/scripts/apply"
	one_line_error 'has commits that are not in patches/'
	grep -qx 'int new;' "$S/mm/pin.c"
}

@test "series: exported commits are as good as applied" {
	three_patches
	in_series 'echo "int new;" >>mm/pin.c; git commit -qam "mm: four"'
	"$P/scripts/export"
	"$P/scripts/apply"
	[ "$(git -C "$S" log -1 --format='%s %cn %ct')" = "mm: four pxd-lockless $(git -C "$S" log -1 --format=%at)" ]
	rm "$P"/patches/0004*
	"$P/scripts/apply"
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
}

@test "series: files that are not committed, not added, half merged: not dropped" {
	three_patches
	rm "$P"/patches/0003*
	echo 'int dirty;' >>"$S/mm/pin.c"
	run "$P/scripts/apply"
	one_line_error 'has uncommitted changes'
	git -C "$S" checkout -q mm/pin.c
	echo 'int untracked;' >"$S/mm/untracked.c"
	run "$P/scripts/apply"
	one_line_error 'has uncommitted changes'
	rm "$S/mm/untracked.c"
	in_series 'GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/" git rebase -q -i base' || true
	run "$P/scripts/apply"
	one_line_error 'is not on branch'
	run "$P/scripts/export"
	one_line_error 'finish that first'
	in_series 'git rebase --abort'
	"$P/scripts/apply"
}

@test "series: --force keeps what it drops" {
	three_patches
	in_series 'echo "int new;" >>mm/pin.c; git commit -qam "mm: four"'
	tip=$(git -C "$S" rev-parse HEAD)
	in_series 'echo "int dirty;" >>mm/pin.c; echo "int staged;" >mm/staged.c; git add mm/staged.c; echo "int untracked;" >mm/untracked.c'
	mkdir "$S/.out-x"
	touch "$S/.out-x/kept.o" "$S/mm/memory.o"
	"$P/scripts/apply" --force
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
	[ -z "$(git -C "$S" status --porcelain)" ]
	[ -e "$S/.out-x/kept.o" ]
	[ -e "$S/mm/memory.o" ]
	branch=$(git -C "$S" for-each-ref --format='%(refname)' 'refs/pxd/backup/*-branch')
	files=$(git -C "$S" for-each-ref --format='%(refname)' 'refs/pxd/backup/*-files')
	[ "$(git -C "$S" rev-parse "$branch")" = "$tip" ]
	git -C "$S" show "$files:mm/pin.c" | grep -qx 'int dirty;'
	git -C "$S" show "$files:mm/staged.c" | grep -qx 'int staged;'
	git -C "$S" show "$files:mm/untracked.c" | grep -qx 'int untracked;'
	# nothing to drop, nothing to keep
	"$P/scripts/apply" --force
	[ "$(git -C "$S" for-each-ref refs/pxd/backup | wc -l)" -eq 2 ]
}

@test "series: --force in the middle of a rebase" {
	three_patches
	in_series 'GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/" git rebase -q -i base' || true
	"$P/scripts/apply" --force
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
	[ "$(git -C "$S" symbolic-ref HEAD)" = refs/heads/pxd-lockless ]
	run git -C "$S" rebase --abort
	[ "$status" -ne 0 ]
}

@test "series: --resolve stops at the conflict, export takes the result" {
	three_patches
	sed -i 's/int a21/int a21_new/' "$K/mm/memory.c"
	git -C "$K" commit -qam 'the base moves on'
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	run "$P/scripts/apply" --resolve
	echo "$output"
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"git am --continue"*scripts/export* ]]
	S=$("$P/scripts/tree")/series
	[ "$(git -C "$S" rev-list --count base..)" -eq 2 ]
	run "$P/scripts/export"
	one_line_error 'finish that first'
	run "$P/scripts/apply"
	one_line_error 'in the middle of'
	in_series 'sed -i s/a20/A20/ mm/memory.c; sed -i "/^[<=>|]/d" mm/memory.c; git mv mm/gup.c mm/pin.c 2>/dev/null; git add -A; git am --continue'
	"$P/scripts/export"
	"$P/scripts/apply"
	[ "$(git -C "$S" rev-list --count base..)" -eq 3 ]
	[ "$(find "$P/patches" -name "*.patch" | wc -l)" -eq 3 ]
}

@test "series: --resolve given up" {
	three_patches
	sed -i 's/^ int a19;/ int a19_of_old;/' "$P"/patches/0003*
	run "$P/scripts/apply" --resolve
	[ "$status" -eq 2 ]
	in_series 'git am --abort'
	# the first two alone are not taken for the series
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	sed -i 's/^ int a19_of_old;/ int a19;/' "$P"/patches/0003*
	"$P/scripts/apply"
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
}

# killed SUBCOMMAND VERB: end the run at once when git does that.
killed() {
	stub git 'case " $* " in *" '"$1"' "*) kill -KILL 0 ;; esac
PATH=${PATH#*:} exec git "$@"'
	run setsid --wait "$P/scripts/$2" 3>&-
	[ "$status" -ne 0 ]
	rm "$BATS_TEST_TMPDIR/bin/git"
}

@test "series: apply killed at any step: the next run ends as it should" {
	three_patches
	for step in am symbolic-ref reset 'update-ref refs/pxd/applied'; do
		echo "killed at $step"
		sed -i 's/^The.* first\./The '"${step%% *}"' first./' "$P"/patches/0001*
		killed "$step" apply
		"$P/scripts/apply"
		git -C "$S" log --format=%B base.. | grep -qx "The ${step%% *} first."
		[ -z "$(git -C "$S" status --porcelain)" ]
		[ "$(git -C "$S" worktree list | wc -l)" -eq 2 ]
		[ -z "$(leftovers)" ]
	done
	for step in 'worktree add -q --no-checkout --force' reset; do
		rm -rf "$PXD_CACHE"
		"$P/scripts/tree"
		killed "$step" apply
		S=$("$P/scripts/apply")
		[ -z "$(git -C "$S" status --porcelain)" ]
		[ -z "$(leftovers)" ]
	done
}

@test "series: export killed: the commits are there, the next run ends as it should" {
	three_patches
	in_series 'git commit -q --amend -m "mm: another name"'
	stub mv 'kill -KILL 0'
	run setsid --wait "$P/scripts/export" 3>&-
	[ "$status" -ne 0 ]
	rm "$BATS_TEST_TMPDIR/bin/mv"
	# apply does not take half of it for the series
	run "$P/scripts/apply"
	[ "$status" -eq 2 ]
	"$P/scripts/export"
	[ "$(ls "$P/patches")" = '0001-mm-memory-one.patch
0002-mm-two-with-new-files.patch
0003-mm-another-name.patch' ]
	[ -z "$(leftovers)" ]
	"$P/scripts/apply"
}

@test "series: the work tree was removed by hand" {
	three_patches
	rm -rf "$S"
	"$P/scripts/apply"
	[ "$(git -C "$S" rev-parse HEAD)" = "$TIP" ]
	[ -e "$S/mm/pin.c" ]
}

@test "series: export keeps what is not its own" {
	three_patches
	mkdir -p "$P/patches/stable-6.12" "$P/cocci/tests"
	echo stable >"$P/patches/stable-6.12/0001-x.patch"
	echo note >"$P/patches/README"
	echo test >"$P/cocci/tests/x.c"
	echo mine >"$P/cocci/mine.cocci"
	in_series 'git commit -q --amend -m "mm: other"'
	"$P/scripts/export"
	[ "$(cat "$P/patches/stable-6.12/0001-x.patch" "$P/patches/README" "$P/cocci/tests/x.c" "$P/cocci/mine.cocci")" = "$(printf 'stable\nnote\ntest\nmine')" ]
}

@test "series: export copies out what the series adds" {
	three_patches
	cmp "$S/tools/testing/selftests/mm/test.c" "$P/selftests/mm/test.c"
	cmp "$S/scripts/coccinelle/mm/rule.cocci" "$P/cocci/kernel/rule.cocci"
	in_series 'echo "int more;" >>tools/testing/selftests/mm/test.c; git commit -qam "mm: four"'
	"$P/scripts/export"
	cmp "$S/tools/testing/selftests/mm/test.c" "$P/selftests/mm/test.c"
}

@test "series: export does not overwrite a copy that was edited here" {
	three_patches
	echo 'edited' >>"$P/cocci/kernel/rule.cocci"
	before=$(snapshot "$P/patches")
	in_series 'git commit -q --amend -m "mm: other"'
	run "$P/scripts/export"
	one_line_error 'cocci/kernel/rule.cocci differs.*--force'
	diff <(echo "$before" | grep 0003) <(snapshot "$P/patches" | grep 0003)
	"$P/scripts/export" --force
	cmp "$S/scripts/coccinelle/mm/rule.cocci" "$P/cocci/kernel/rule.cocci"
	grep -qx edited "${S%/series}"/overwritten-*/cocci/kernel/rule.cocci
}

@test "series: export does not overwrite patches that came meanwhile" {
	three_patches
	sed -i 's/^The first/The pulled/' "$P"/patches/0001*
	run "$P/scripts/export"
	one_line_error 'patches/ has changed since scripts/apply'
	grep -q '^The pulled' "$P"/patches/0001*
	"$P/scripts/export" --force
	grep -q '^The first' "$P"/patches/0001*
	grep -q '^The pulled' "${S%/series}"/overwritten-*/patches/0001*
}

@test "series: export refuses what cannot be a series" {
	run "$P/scripts/export"
	one_line_error 'run scripts/apply first'
	three_patches
	in_series 'git checkout -q -b side base; echo "int s;" >>mm/gup.c; git commit -qam side; git checkout -q pxd-lockless; git merge -q side -m merge'
	run "$P/scripts/export"
	one_line_error 'has a merge'
	in_series 'git reset -q --hard HEAD~1; git commit -q --allow-empty -m "mm: nothing"'
	run "$P/scripts/export"
	one_line_error 'changes nothing'
	[ "$(find "$P/patches" -name "*.patch" | wc -l)" -eq 3 ]
	run "$P/scripts/export" --nonsense
	one_line_error usage
	run "$P/scripts/apply" nonsense
	one_line_error usage
}

@test "series: a disk that is full while exporting loses no patch" {
	three_patches
	before=$(snapshot "$P/patches" | grep '0[0-9]*-')
	in_series 'git commit -q --amend -m "mm: other"'
	stub git 'case " $* " in *" format-patch "*) echo "fatal: No space left on device" >&2; exit 128 ;; esac
PATH=${PATH#*:} exec git "$@"'
	run "$P/scripts/export"
	[ "$status" -eq 2 ]
	diff <(echo "$before") <(snapshot "$P/patches" | grep '0[0-9]*-')
	[ -z "$(leftovers)" ]
}
