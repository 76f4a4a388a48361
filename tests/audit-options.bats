#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/audit --rev, --range, --patch.

# shellcheck disable=SC2030,SC2031,SC2154 # set by run; each test is a subshell, and meant to be

bats_require_minimum_version 1.5.0

load audit-tree

setup() {
	audit_tree
	good mm/good.c good
	bad mm/bad.c bad
	cp "$ROOT/cocci/tests/reread_value.c" "$TREE/mm/"
	command git init -q -b main "$TREE"
	commit first
}

git() { command git -c user.name=t -c user.email=t@t -C "$TREE" "$@"; }
commit() { git add -f . && git commit -qm "$1" && git tag "$1"; }

# good FILE FUNCTION, bad FILE FUNCTION: a file with it
good() {
	cat >"$TREE/$1" <<-END
		pmd_t *$2(pud_t *pudp, unsigned long addr)
		{
			pud_t pud = READ_ONCE(*pudp);

			if (pud_none(pud))
				return NULL;
			return pmd_offset_lockless(pudp, pud, addr);
		}
	END
}
bad() {
	good "$@"
	sed -i 's/pmd_offset_lockless(pudp, pud, addr)/pmd_offset(pudp, addr)/' "$TREE/$1"
}

snapshot() { find "$TREE" -printf '%p %i %T@ %C@ %s\n' | sort; }

# the lines of the findings
found() { grep -v '^#' | grep . || :; }

@test "--rev: the commit, whatever is checked out, as if it were checked out" {
	run -1 --separate-stderr "$AUDIT" "$TREE"
	first=$output
	good mm/bad.c bad
	git rm -q --cached mm/reread_value.c
	rm "$TREE/mm/reread_value.c"
	commit second
	echo 'something else' >"$TREE/mm/good.c"
	rm -r "$PXD_CACHE/audit"
	snapshot >"$BATS_TEST_TMPDIR/before"
	for _ in searched 'from the cache'; do
		run -1 --separate-stderr "$AUDIT" "$TREE" --rev first
		[ "$output" = "$first" ]
		[ "$(found <<<"$output" | wc -l)" -gt 10 ]
	done
	run -0 --separate-stderr "$AUDIT" "$TREE" --rev second
	snapshot | diff "$BATS_TEST_TMPDIR/before" -
	[ -z "$(ls -A "$TMPDIR")" ]
	# without the cache, and in ranks that depend on arch/*/Kconfig, the same
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev HEAD~1 --no-cache
	[ "$output" = "$first" ]
}

@test "--rev: what the architecture selects is that of the commit" {
	mkdir "$TREE/arch/x86/mm"
	bad arch/x86/mm/k.c kernel_address
	sed -i '3i\	pgd_t *pgd = pgd_offset_k(addr);' "$TREE/arch/x86/mm/k.c"
	commit without
	echo 'select HAVE_ARCH_HUGE_VMAP' >>"$TREE/arch/x86/Kconfig"
	commit with
	local one
	"$AUDIT" "$TREE" --rev without >"$BATS_TEST_TMPDIR/without" || [ $? -eq 1 ]
	"$AUDIT" "$TREE" --rev with >"$BATS_TEST_TMPDIR/with" || [ $? -eq 1 ]
	for one in without with; do
		git checkout -q "$one"
		run -1 --separate-stderr "$AUDIT" "$TREE"
		diff "$BATS_TEST_TMPDIR/$one" - <<<"$output"
	done
	run ! cmp -s "$BATS_TEST_TMPDIR/without" "$BATS_TEST_TMPDIR/with"
}

@test "--rev: a bare repository; names with spaces; dot files and links are left out" {
	mkdir "$TREE/.hidden" "$TREE/a dir"
	bad '.hidden/x.c' hidden
	bad 'a dir/x y.c' spaces
	ln -s bad.c "$TREE/mm/link.c"
	commit odd
	run -1 --separate-stderr "$AUDIT" "$TREE"
	first=$output
	[[ $output == *'a dir/x y.c:7:'* && $output != *.hidden/* && $output != *mm/link.c* ]]
	command git clone -q --bare "$TREE" "$BATS_TEST_TMPDIR/bare's \"one\".git"
	rm -r "$TREE"
	TREE="$BATS_TEST_TMPDIR/bare's \"one\".git"
	rm -r "$PXD_CACHE/audit"
	snapshot >"$BATS_TEST_TMPDIR/before"
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev odd
	[ "$output" = "$first" ]
	snapshot | diff "$BATS_TEST_TMPDIR/before" -
	run -1 --separate-stderr "$AUDIT" "$TREE" --rev odd --format sarif
	[[ $output == *'"file://'*'/bare%27s%20%22one%22.git/"'* && $output != *"$TMPDIR"* ]]
}

@test "--rev: bad input is one line, exit 2" {
	# shellcheck disable=SC2154 # set by run
	wrong 'has no commit no-such' "$TREE" --rev no-such
	wrong 'has no commit --all' "$TREE" --rev --all
	wrong 'has no commit HEAD:Makefile' "$TREE" --rev HEAD:Makefile
	wrong 'is not a git repository' "$TREE/mm" --rev HEAD
	wrong '--rev wants a value' "$TREE" --rev
	git rm -qr arch
	commit no-arch
	wrong 'at no-arch is not a kernel tree' "$TREE" --rev no-arch
	[ -z "$(ls -A "$TMPDIR")" ]
}

# series: commit "second" changes bad() without its findings, gives good() one,
# and lets a caller go through a function that now reads the entry again.
series() {
	cat >"$TREE/mm/callee.c" <<-'END_C'
		pmd_t *callee(pud_t *p, unsigned long addr)
		{
			return pmd_offset_lockless(p, *p, addr);
		}

		int elsewhere(pmd_t *pmdp)
		{
			return pmd_none(*pmdp);
		}
	END_C
	cat >"$TREE/mm/caller.c" <<-'END_C'
		pmd_t *callee(pud_t *p, unsigned long addr);

		pmd_t *caller(pud_t *pudp, unsigned long addr)
		{
			pud_t pud = READ_ONCE(*pudp);

			if (pud_none(pud))
				return NULL;
			return callee(pudp, addr);
		}
	END_C
	bad mm/chain.c chain
	sed -i 's/return pmd_offset(/return through(/; 1i pmd_t *through(pud_t *p, unsigned long addr);\n' "$TREE/mm/chain.c"
	cat >"$TREE/mm/through.c" <<-'END_C'
		pmd_t *through(pud_t *p, unsigned long addr)
		{
			return pmd_offset(p, addr);
		}
	END_C
	commit before
	bad mm/good.c good
	sed -i 's/pmd_offset_lockless(p, \*p, addr)/pmd_offset(p, addr)/' "$TREE/mm/callee.c"
	commit middle
	# old findings: in the function, or reached through it; a shift of lines
	sed -i 's/return NULL;/return NULL;	\/\/ changed/; 1i /* more\n * lines\n */' "$TREE/mm/bad.c"
	sed -i 's/return pmd_offset/return (pmd_t *)pmd_offset/' "$TREE/mm/through.c"
	sed -i '1i /* the line numbers only */' "$TREE/mm/reread_value.c"
	bad mm/added.c added
	commit after
}

cat_expected() {
	cat <<-'END_L'
		mm/added.c:7: reread-value: added: pmd_offset(pudp) (first read at line 3) [new]
		mm/bad.c:10: reread-value: bad: pmd_offset(pudp) (first read at line 6) [old]
		mm/caller.c:9: reread-value: caller: pmd_offset(p) in callee(pudp) (first read at line 5) [new]
		mm/chain.c:9: reread-value: chain: pmd_offset(p) in through(pudp) (first read at line 5) [old]
		mm/good.c:7: reread-value: good: pmd_offset(pudp) (first read at line 3) [new]
	END_L
}

@test "--range: what the commits change, callers included; new or old" {
	series
	snapshot >"$BATS_TEST_TMPDIR/before"
	run -1 --separate-stderr "$AUDIT" "$TREE" --range before..after
	diff <(cat_expected) <(found <<<"$output" | sort)
	grep -qxF '# reread-value       5, 3 [new]' <<<"$output"
	run -1 --separate-stderr "$AUDIT" "$TREE" --range before..after --format sarif
	[ "$(jq -r '.runs[0].results[] | .baselineState' <<<"$output" | sort | uniq -c | xargs)" = '3 new 2 unchanged' ]
	# all is there already; the second half has one that is new
	run -0 --separate-stderr "$AUDIT" "$TREE" --range after..
	[ -z "$(found <<<"$output")" ]
	run -1 --separate-stderr "$AUDIT" "$TREE" --range middle..HEAD
	diff <(cat_expected | grep -E 'added|old') <(found <<<"$output" | sort)
	snapshot | diff "$BATS_TEST_TMPDIR/before" -
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--range: backwards there is nothing new, and A's own commits are not undone" {
	series
	git checkout -q -b other before
	good mm/bad.c bad
	commit other
	# seen from its side only
	run -0 --separate-stderr "$AUDIT" "$TREE" --range after..other
	[ -z "$(found <<<"$output")" ]
	# an old finding in a changed function: shown, and no reason to fail
	git checkout -q -b old before
	sed -i 's/return NULL/return 0/' "$TREE/mm/bad.c"
	commit old
	run -0 --separate-stderr "$AUDIT" "$TREE" --range before..old
	[ "$(found <<<"$output")" = 'mm/bad.c:7: reread-value: bad: pmd_offset(pudp) (first read at line 3) [old]' ]
}

@test "--patch: a diff, mails, an mbox, a directory: the same as the range" {
	series
	local out=$BATS_TEST_TMPDIR/patches
	git format-patch -q --cover-letter -o "$out" before..after
	cat "$out"/*.patch >"$BATS_TEST_TMPDIR/mbox"
	git diff before after >"$BATS_TEST_TMPDIR/diff"
	git checkout -q before
	snapshot >"$BATS_TEST_TMPDIR/before"
	same() {
		run -1 --separate-stderr "$AUDIT" "$TREE" "$@"
		diff <(cat_expected) <(found <<<"$output" | sort)
	}
	same --patch "$BATS_TEST_TMPDIR/diff"
	same --patch "$BATS_TEST_TMPDIR/mbox"
	same --patch "$out"
	same --patch "$out/0001-middle.patch" --patch "$out/0002-after.patch"
	same --patch <(git diff before after)
	snapshot | diff "$BATS_TEST_TMPDIR/before" -
	# of a tree without git, and of a commit
	git checkout -q after
	same --rev before --patch "$out"
	git checkout -q before
	mv "$TREE/.git" "$BATS_TEST_TMPDIR/git"
	same --patch "$out"
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "--patch: a mail in base64, renamed, deleted and new files" {
	git mv mm/bad.c mm/moved.c
	sed -i 's/return NULL/return 0/' "$TREE/mm/moved.c"
	git rm -q mm/good.c
	bad mm/added.c added
	commit second
	git diff -M first second >"$BATS_TEST_TMPDIR/diff"
	grep -q '^rename from' "$BATS_TEST_TMPDIR/diff"
	git checkout -q first
	{
		printf 'From: a <a@b>\nSubject: [PATCH] x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n'
		printf 'Content-Transfer-Encoding: base64\n\n'
		{ printf 'Text.\n---\n'; cat "$BATS_TEST_TMPDIR/diff"; } | base64
	} >"$BATS_TEST_TMPDIR/mail"
	for one in diff mail; do
		run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/$one"
		diff <(printf '%s\n' 'mm/added.c:7: reread-value: added: pmd_offset(pudp) (first read at line 3) [new]' \
			'mm/moved.c:7: reread-value: moved: pmd_offset(pudp) (first read at line 3) [new]' | sed 's/moved: /bad: /') \
			<(found <<<"$output")
	done
}

@test "--patch: only what it touches is read anew; --rank, --ledger and --json know" {
	PXD_CACHE=$BATS_TEST_TMPDIR/cache
	run -1 --separate-stderr "$AUDIT" "$TREE"
	bad mm/good.c good
	git diff >"$BATS_TEST_TMPDIR/diff"
	git checkout -q mm/good.c
	mkdir "$BATS_TEST_TMPDIR/json"
	run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff" --json "$BATS_TEST_TMPDIR/json"
	[[ $stderr == *'reading 1 of 3 files'* ]]
	[ "$(jq length "$BATS_TEST_TMPDIR/json/findings.json")" -eq 1 ]
	grep -qF "\"tree\": \"$TREE\"" "$BATS_TEST_TMPDIR/json/summary.json"
	run -0 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff" --class stack-copy
	printf 'mm/good.c good reread-value pmd_offset(pudp)\tsafe\tA reason.\n' >"$BATS_TEST_TMPDIR/ledger"
	run -0 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/diff" --ledger "$BATS_TEST_TMPDIR/ledger"
	[[ $output == *'[new]'* ]]
}

# two SLOT...: a function that reads each of these twice, in mm/two.c
two() {
	local slot
	{
		printf 'void two(pud_t *a, pud_t *b, unsigned long addr)\n{\n\tpud_t *p;\n\n'
		for slot; do
			printf '\tp = %s;\n\tif (pud_none(*p))\n\t\treturn;\n\tuse(pmd_offset(p, addr));\n' "$slot"
		done
		printf '}\n'
	} >"$TREE/mm/two.c"
	commit "two-$(tr -d ' ' <<<"$*")"
}

@test "--range: one double read in the place of another is new, the other one is gone" {
	local went='#   mm/two.c:8: reread-plain: two: pmd_offset(p) (first read at line 6) [gone]'
	two a
	two b
	run -1 --separate-stderr "$AUDIT" "$TREE" --range two-a..two-b --json "$BATS_TEST_TMPDIR/tmp"
	[ "$(found <<<"$output")" = 'mm/two.c:8: reread-plain: two: pmd_offset(p) (first read at line 6) [new]' ]
	grep -qxF '# 1 finding went away' <<<"$output"
	grep -qxF "$went" <<<"$output"
	[ "$(grep -c '"key": "mm/two.c two reread-plain pmd_offset(p)"' "$BATS_TEST_TMPDIR/tmp/gone.json")" -eq 1 ]
	rm "$BATS_TEST_TMPDIR"/tmp/*.json
	run -1 --separate-stderr "$AUDIT" "$TREE" --range two-a..two-b --format sarif
	[ "$(jq -r '.runs[0].results[] | .baselineState' <<<"$output" | sort | xargs)" = 'absent new' ]
	# a fix: nothing is new
	two
	run -0 --separate-stderr "$AUDIT" "$TREE" --range two-a..two-
	[ -z "$(found <<<"$output")" ]
	grep -qxF "$went" <<<"$output"
	run -0 --separate-stderr "$AUDIT" "$TREE" --range two-a..two- --class stack-copy
	grep -qxF '# 0 findings went away' <<<"$output"
}

@test "--range: a lock that the caller takes no more makes it new" {
	cat >"$TREE/mm/locked.c" <<-'END'
		static int helper(pmd_t *pmdp, unsigned long addr)
		{
			pmd_t pmd = READ_ONCE(*pmdp);

			if (pmd_none(pmd))
				return 0;
			return use(pte_offset_kernel(pmdp, addr));
		}

		int caller(pmd_t *pmd, spinlock_t *ptl)
		{
			int found;

			spin_lock(ptl);
			found = helper(pmd, 0);
			spin_unlock(ptl);
			return found;
		}
	END
	git -C "$TREE" init -q
	git -C "$TREE" add -f .
	git -C "$TREE" commit -qm locked
	git -C "$TREE" tag locked
	sed -i '/spin_/d' "$TREE/mm/locked.c"
	git -C "$TREE" commit -qam unlocked
	run -1 --separate-stderr "$AUDIT" "$TREE" --range locked..HEAD
	[ "$(found <<<"$output")" = 'mm/locked.c:7: reread-value: helper: pte_offset_kernel(pmdp) (first read at line 3) [new]' ]
	# and the other way round it is none
	git -C "$TREE" revert --no-edit HEAD >/dev/null
	run -0 --separate-stderr "$AUDIT" "$TREE" --range HEAD~1..HEAD
}

@test "--patch: an mbox with something in front of it" {
	python3 - >"$BATS_TEST_TMPDIR/mails" <<-'END'
		import email.mime.text
		for name, charset in ("one", "us-ascii"), ("two", "utf-8"):
		    diff = "--- /dev/null\n+++ b/mm/%s.c\n@@ -0,0 +1,8 @@\n" % name
		    diff += "+int %s(pmd_t *p)\n+{\n+\tpmd_t v = READ_ONCE(*p);\n+\n+\tif (pmd_none(v))\n+\t\treturn 0;\n" % name
		    diff += "+\treturn use(pte_offset_kernel(p, 0));\n+}\n"
		    mail = email.mime.text.MIMEText("x\n\n---\n\n" + diff, _charset=charset)
		    mail["Subject"], mail["From"] = name, "a@b.example"
		    print("From x Thu Jan  1 00:00:00 1970")
		    print(mail.as_string())
	END
	grep -q base64 "$BATS_TEST_TMPDIR/mails"
	for front in '' '\n' '\xef\xbb\xbf' 'kept by somebody\n\n'; do
		{ printf "$front"; cat "$BATS_TEST_TMPDIR/mails"; } >"$BATS_TEST_TMPDIR/mbox"
		run -1 --separate-stderr "$AUDIT" "$TREE" --patch "$BATS_TEST_TMPDIR/mbox"
		[ "$(found <<<"$output" | wc -l)" -eq 2 ]
	done
}

@test "--range: moved code and a key with another number are old" {
	two a b
	two b
	run -0 --separate-stderr "$AUDIT" "$TREE" --range two-ab..two-b
	[ "$(found <<<"$output")" = 'mm/two.c:8: reread-plain: two: pmd_offset(p) (first read at line 6) [old]' ]
	grep -qxF '# 1 finding went away' <<<"$output"
	two b a
	run -0 --separate-stderr "$AUDIT" "$TREE" --range two-ab..two-ba
	[ "$(found <<<"$output" | grep -c 'old')" -eq 2 ]
	grep -qxF '# 0 findings went away' <<<"$output"
	git mv mm/two.c mm/renamed.c
	sed -i '5i\\tmore();' "$TREE/mm/renamed.c"
	commit renamed
	run -0 --separate-stderr "$AUDIT" "$TREE" --range two-ba..renamed
	[ "$(found <<<"$output" | grep -c '^mm/renamed.c:.* \[old\]$')" -eq 2 ]
	git format-patch -q -M -1 -o "$BATS_TEST_TMPDIR/renames" renamed
	run -0 --separate-stderr "$AUDIT" "$TREE" --rev two-ba --patch "$BATS_TEST_TMPDIR/renames"
	[ "$(found <<<"$output" | grep -c '^mm/renamed.c:.* \[old\]$')" -eq 2 ]
}

@test "--range, --patch: bad input is one line, exit 2" {
	# shellcheck disable=SC2154 # set by run
	wrong '--range wants A..B' "$TREE" --range first
	wrong '--range wants A..B' "$TREE" --range first...HEAD
	wrong 'has no commit none' "$TREE" --range first..none
	wrong 'give one of them' "$TREE" --range first..HEAD --rev HEAD
	wrong 'cannot read' "$TREE" --patch "$BATS_TEST_TMPDIR/none"
	wrong 'there is no *.patch' "$TREE" --patch "$TREE/mm"
	echo 'just a text' >"$BATS_TEST_TMPDIR/text"
	wrong 'there is no diff in' "$TREE" --patch "$BATS_TEST_TMPDIR/text"
	printf '%s\n' '--- a/mm/bad.c' '+++ b/mm/bad.c' '@@ -1 +1 @@' '-not there' '+x' >"$BATS_TEST_TMPDIR/other"
	wrong 'does not fit' "$TREE" --patch "$BATS_TEST_TMPDIR/other"
	printf '%s\n' '--- a/../../evil.c' '+++ b/../../evil.c' '@@ -0,0 +1 @@' '+x' >"$BATS_TEST_TMPDIR/evil"
	wrong 'does not fit' "$TREE" --patch "$BATS_TEST_TMPDIR/evil"
	[ -z "$(ls -A "$TMPDIR")" ]
}
