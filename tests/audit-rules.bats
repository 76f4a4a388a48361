#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The rules in cocci/, which are the audit's: how many fixtures there are, what
# the patch mode does to them, and make coccicheck of the base. Those that the
# series adds are in cocci/kernel, see kernel-rules.bats.

# shellcheck disable=SC2030,SC2031 # each test is a subshell, and meant to be

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/..
FIXTURES=$ROOT/cocci/tests
RULE=$ROOT/cocci/offset_lockless.cocci
OPTIONS=(--very-quiet --no-includes --include-headers)

# functions FILE: "line name" of each function, where it starts
functions() { sed -nE '/^[a-z].*\(/{=;s/^[^(]*[ *]([a-z_0-9]+)\(.*/\1/p}' "$1" | paste -d' ' - -; }

# in_functions FILE: for lines given on stdin, the function that each is in
in_functions() {
	awk 'NR == FNR { start[++n] = $1; name[n] = $2; next }
		{ for (i = n; i && start[i] > $1; i--); print name[i] }' <(functions "$1") -
}

# as C of the kernel: since C23, which gcc 15 takes a file for, bool is no name to define
compile() { gcc -std=gnu11 -fsyntax-only -Wall -Wno-unused -Werror -I "$FIXTURES/include" -x c "$@"; }

@test "each class has twenty lines to find and twenty look-alikes" {
	local class file
	for class in reread-value reread-plain stack-copy stack-step; do
		file=$FIXTURES/${class/-/_}.c
		[ "$(grep -c "EXPECT:.*$class" "$file")" -ge 20 ]
		# a look-alike has no line of this class
		[ "$(functions "$file" | grep -c ' good_')" -ge 20 ]
		if grep -n "EXPECT:.*$class" "$file" | cut -d: -f1 | in_functions "$file" | grep '^good_'; then false; fi
	done
}

@test "patch mode: what is expected, in the functions meant for it, and it compiles" {
	local file=$FIXTURES/offset_lockless.c
	cp "$file" "$BATS_TEST_TMPDIR/got.c"
	spatch -D patch "${OPTIONS[@]}" --in-place --cocci-file "$RULE" "$BATS_TEST_TMPDIR/got.c" >/dev/null
	diff "$FIXTURES/offset_lockless.expected.c" "$BATS_TEST_TMPDIR/got.c"
	compile "$file"
	compile "$BATS_TEST_TMPDIR/got.c"
	diff --unchanged-line-format= --old-line-format= --new-line-format='%dn
' "$file" "$BATS_TEST_TMPDIR/got.c" >"$BATS_TEST_TMPDIR/lines" || true
	in_functions "$file" <"$BATS_TEST_TMPDIR/lines" | sort -u >"$BATS_TEST_TMPDIR/changed"
	functions "$file" | sed -n 's/.* \(change_.*\)/\1/p' | sort -u | diff - "$BATS_TEST_TMPDIR/changed"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/lines")" -ge 20 ]
	[ "$(functions "$file" | grep -c ' keep_')" -ge 20 ]
}

@test "patch mode: a second run finds nothing more" {
	run -0 spatch -D patch "${OPTIONS[@]}" --cocci-file "$RULE" "$FIXTURES/offset_lockless.expected.c"
	[[ $output != *lockless\(* ]]
}

@test "patch mode's types are checked: the stubs do not compile with a wrong argument" {
	sed 's/pmd_offset_lockless(pudp, pud, addr)/pmd_offset_lockless(pudp, pudp, addr)/' \
		"$FIXTURES/offset_lockless.expected.c" >"$BATS_TEST_TMPDIR/wrong.c"
	run -1 compile "$BATS_TEST_TMPDIR/wrong.c"
	[[ $output == *incompatible*pmd_offset_lockless* || $output == *pmd_offset_lockless*incompatible* ]]
}

@test "report, org and context modes of offset_lockless show what patch mode changes" {
	local mode
	for mode in report org context; do
		spatch -D $mode "${OPTIONS[@]}" --cocci-file "$RULE" "$FIXTURES/offset_lockless.c" >"$BATS_TEST_TMPDIR/$mode"
	done
	diff --unchanged-line-format= --old-line-format='%dn
' --new-line-format= "$FIXTURES/offset_lockless.c" "$FIXTURES/offset_lockless.expected.c" |
		sort -u >"$BATS_TEST_TMPDIR/want"
	sed -E 's/^[^:]*:([0-9]+):.*/\1/' "$BATS_TEST_TMPDIR/report" | sort -u | diff "$BATS_TEST_TMPDIR/want" -
	sed -E 's/.*::linb=([0-9]+)::.*/\1/' "$BATS_TEST_TMPDIR/org" | sort -u | diff "$BATS_TEST_TMPDIR/want" -
	diff <(grep -c '^-[^-]' "$BATS_TEST_TMPDIR/context") <(wc -l <"$BATS_TEST_TMPDIR/want")
}

@test "a rule that only rewrites is no detector of the audit" {
	grep -qx '// Audit: no' "$RULE"
	mkdir -p "$BATS_TEST_TMPDIR/tree/arch" "$BATS_TEST_TMPDIR/tree/mm"
	printf 'VERSION = 7\nPATCHLEVEL = 3\n' >"$BATS_TEST_TMPDIR/tree/Makefile"
	cp "$FIXTURES/offset_lockless.c" "$BATS_TEST_TMPDIR/tree/mm/"
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache
	run -1 --separate-stderr "$ROOT/scripts/audit" "$BATS_TEST_TMPDIR/tree"
	[[ $output = *': reread-value: '* && $output = *': stack-copy: '* ]]
	[[ $output != *opportunity* ]]
	[ "$(sed -E 's/: .*//' <<<"$output" | grep -c '^mm/')" -eq "$(sed -E '/^mm/!d; s/: .*//' <<<"$output" | sort -u | wc -l)" ]
}

@test "the rules keep the kernel's conventions" {
	local rule mode
	for rule in "$ROOT"/cocci/*.cocci; do
		[ "$(head -n1 "$rule")" = '// SPDX-License-Identifier: GPL-2.0-only' ]
		grep -qxE '// Confidence: (Low|Moderate|High)' "$rule"
		grep -q '^// Copyright: (C) ' "$rule"
		grep -q '^// Comments:' "$rule"
		grep -qx '// Options: --no-includes --include-headers' "$rule"
		grep -q '^/// ' "$rule"
		for mode in context org report; do grep -qx "virtual $mode" "$rule"; done
		# what no rule uses, or what spatch would ask for
		run -0 spatch -D report --parse-cocci "$rule"
		[[ $output != *$'\n'warning* ]]
	done
	grep -qx 'virtual patch' "$RULE"
}

@test "what rules are not shown of a file makes no difference" {
	local base rule how work name
	base=$("$ROOT/scripts/tree")/linux
	mkdir -p "$BATS_TEST_TMPDIR/tree/mm"
	cp "$FIXTURES"/*.[ch] "$base"/mm/{pagewalk,mremap,ksm}.c "$BATS_TEST_TMPDIR/tree/mm/"
	# Entries that only a declaration elsewhere, or a macro, shows to be some.
	cat >"$BATS_TEST_TMPDIR/tree/mm/hidden.c" <<-'EOF'
		struct walk { unsigned long at; pmd_t entry, *table; };
		static pud_t *(*find)(unsigned long), *shared __aligned(8) = 0, *other;
		#define GONE(p) pmd_none(*p)
		#define GONE_TOO(p) GONE(p)
		int member(struct walk *w, void **p)
		{
			w->entry = *p;
			wait();
			return use(*p);
		}
		int pointer(void)
		{
			if (other)
				return use(other);
			return use(shared);
		}
		int macro(void *p)
		{
			if (GONE_TOO(p))
				return 0;
			return use(p);
		}
		int nothing(int a)
		{
			/* pmd_none(), and more
			   { than that */
		#define NOTHING 0
			return use(a, "pmd_none(", '{') ? NOTHING :
				a;
		}
		int scope(pmd_t *pmd)
		{
			return pmd_none(*pmd);
		}
	EOF
	for rule in "$ROOT"/cocci/reread.cocci "$ROOT"/cocci/stack_copy.cocci "$ROOT"/scripts/lib/audit-flow.cocci; do
		for how in all some; do
			name=rule
			[ $how = all ] || name=${rule##*/}
			work=$BATS_TEST_TMPDIR/$how
			mkdir -p "$work/results"
			ln -sfn ../tree "$work/tree"
			cp "$ROOT/scripts/lib/audit-labels.h" "$work/macros.h"
			cp "$rule" "$work/$name"
			echo "$work/results" >"$work/$name.results"
			(cd "$work" && ls tree/mm) | jq -Rn --arg rule "${rule##*/}" '[inputs | [$rule + "-" + ., "mm/" + .]]' >"$work/$name.chunk.0"
			"$ROOT/scripts/lib/audit-files" "$work" "$work/$name.chunk.0"
		done
	done
	diff -r "$BATS_TEST_TMPDIR/all/results" "$BATS_TEST_TMPDIR/some/results"
	grep -q '"mm/hidden.c", 9, "reread-value: member: ' "$BATS_TEST_TMPDIR/some/results/reread.cocci-hidden.c"
	grep -q '"mm/hidden.c", 14, "named ' "$BATS_TEST_TMPDIR/some/results/audit-flow.cocci-hidden.c"
	for work in "$BATS_TEST_TMPDIR"/all/only.*/tree/mm; do
		diff "$BATS_TEST_TMPDIR/tree/mm/hidden.c" "$work/hidden.c"
	done
	for work in "$BATS_TEST_TMPDIR"/some/only.*/tree/mm; do
		diff <(sed '/^int nothing/,/^}/!d; /^[^#{}i]/s/.*//' "$BATS_TEST_TMPDIR/tree/mm/hidden.c") \
			<(sed '/^int nothing/,/^}/!d' "$work/hidden.c")
		grep -q 'w->entry' "$work/hidden.c"
		[ "$(wc -c <"$work/ksm.c")" -lt $(($(wc -c <"$base/mm/ksm.c") / 2)) ]
	done
}

@test "what spatch is shown keeps its lines and columns" {
	local base
	base=$("$ROOT/scripts/tree")/linux
	python3 -B - "$ROOT/scripts/lib" "$FIXTURES"/*.c "$base"/mm/*.c "$base"/arch/*/mm/*.[ch] <<-'EOF'
		import re, sys
		sys.path.insert(0, sys.argv[1])
		import audit_facts, audit_readable
		words = re.compile(r"\b[A-Za-z_]\w*")
		changed = 0
		for path in sys.argv[2:]:
		    with open(path, encoding="latin-1") as f:
		        text = f.read()
		    shown, renamed = audit_readable.readable(text)
		    assert [len(line) for line in shown.split("\n")] == [len(line) for line in text.split("\n")], path
		    changed += shown != text
		    # nothing is at a place that it was not at, but for what an asm becomes
		    for m in words.finditer(audit_facts.code_only(shown)):
		        was = text[m.start():m.end()]
		        if renamed.get(m.group(), m.group()) != was:
		            assert m.group() in ("if", "X", "goto", "else", "asm") or re.search(
		                r"\basm", text[max(0, m.start() - 300):m.start() + 3]), (path, m.group(), was)
		    # and a second time there is nothing to do
		    assert audit_readable.readable(shown)[0] == shown, path
		assert changed > 20, changed
	EOF
}

# A copy: coccicheck writes to the tree.
@test "make coccicheck of the base runs all rules in all their modes" {
	local base rule mode modes name
	base=$("$ROOT/scripts/tree")/linux
	cd "$BATS_TEST_TMPDIR"
	cp -r "$base/scripts" "$base/include" "$base/Makefile" .
	mkdir -p mm arch/x86
	cp "$base"/mm/{memory,pagewalk,vmscan}.c mm/
	cp -r "$base/arch/x86/include" "$base"/arch/x86/Makefile* arch/x86/
	for rule in "$ROOT"/cocci/*.cocci "$ROOT"/cocci/kernel/*.cocci; do
		name=$(basename "$rule" .cocci)
		modes=$(sed -n 's/^virtual //p' "$rule")
		for mode in $modes; do
			make coccicheck COCCI="$(realpath "$rule")" MODE="$mode" M=mm/ J=2 >"$name.$mode" 2>&1
			if grep -E 'EXN|rror|not supported' "$name.$mode"; then false; fi
		done
	done
	grep -qE '^\./memory\.c:[0-9]+:[0-9-]+: WARNING opportunity for pud_offset_lockless\(p4dp, p4d, \.\.\.\)$' offset_lockless.report
	grep -q '^+	pudp = pud_offset_lockless(p4dp, p4d, address);$' offset_lockless.patch
	# the kernel's rules find less than the audit's, and nothing else
	grep -qE '^\./pagewalk\.c:[0-9]+:[0-9-]+: WARNING: \*pud may have changed since ' pxd_reread.report
	grep -q '^-	pmd = pmd_offset(pud, addr);$' pxd_reread.context
	grep -qE '^\./vmscan\.c:[0-9]+:[0-9-]+: WARNING: walk_pmd_range\(\) is given the address ' pxd_stack_copy.report
	for name in reread stack_copy; do
		sed -nE 's,^\./([^:]*:[0-9]+):.*,\1,p' $name.report | sort -u >all
		sed -nE 's,^\./([^:]*:[0-9]+):.*,\1,p' pxd_$name.report | sort -u | comm -13 all - >extra
		diff /dev/null extra
	done
	# nothing that the audit sees is missed
	export PXD_CACHE=$BATS_TEST_TMPDIR/cache
	printf 'VERSION = 7\nPATCHLEVEL = 3\n' >Makefile
	rm -rf include arch/x86
	"$ROOT/scripts/audit" . --rule reread,stack_copy >audit || [ $? -eq 1 ]
	sed -nE 's,^mm/([^:]*:[0-9]+: (reread|stack)-[a-z]+: [^:]*).*,\1,p' audit | sort -u >want
	sed -nE 's,^\./([^:]*:[0-9]+):[0-9-]+: ((reread|stack)-[a-z]+: [^:]*).*,\1: \2,p' reread.report stack_copy.report |
		sort -u | diff want -
	[ "$(wc -l <want)" -ge 10 ]
}
