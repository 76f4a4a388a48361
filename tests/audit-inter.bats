#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The second pass of scripts/audit (calls, locks, ranks) on cocci/tests/inter_*.

# shellcheck disable=SC2030,SC2031 # each test is a subshell, and meant to be

bats_require_minimum_version 1.5.0

load audit-tree

setup() {
	audit_tree
	FOUND=$BATS_TEST_TMPDIR/json
	mkdir "$FOUND"
}

# file FILE: what is on stdin
file() { mkdir -p "$TREE/$(dirname "$1")"; cat >"$TREE/$1"; }

audit() { "$AUDIT" "$TREE" --rule calls --json "$FOUND" "$@" || [ $? -eq 1 ]; }

# get EXPRESSION: of each finding, in Python; f is the finding
get() {
	python3 -c '
import json, sys
for f in json.load(open(sys.argv[1])):
    print(eval(sys.argv[2]))' "$FOUND/findings.json" "$1"
}

check_fixtures() {
	fixtures "$@"
	audit >"$BATS_TEST_TMPDIR/out"
	as_expected <"$BATS_TEST_TMPDIR/out"
}

@test "an entry handed on: every marked line is reported, and no other" { check_fixtures inter_passed; }
@test "a tested entry returned: every marked line, and no other" { check_fixtures inter_returned; }
@test "two reads in one expression: every marked line, and no other" { check_fixtures inter_expression; }
@test "copies handed to other files: every marked line, and no other" { check_fixtures inter_copied inter_other; }
@test "functions of the same name: every marked line, and no other" { check_fixtures inter_names inter_other; }

@test "each pattern has twenty lines to find and twenty look-alikes" {
	local name
	for name in passed returned expression copied; do
		[ "$(grep -c 'EXPECT:' "$ROOT/cocci/tests/inter_$name.c")" -ge 20 ]
		[ "$(grep -c '^static.*[ *]good_[a-z_0-9]*(' "$ROOT/cocci/tests/inter_$name.c")" -ge 20 ]
	done
}

@test "ranks and locks: as the names of the functions say" {
	fixtures inter_names inter_other
	audit >/dev/null
	get 'f["function"] + " " + f["rank"]' | sed -nE 's/^bad_(high|medium|low)(_[a-z_]*)? /\1 /p' >"$BATS_TEST_TMPDIR/ranks"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/ranks")" -ge 11 ]
	awk '$1 != $2 { print; bad = 1 } END { exit bad }' "$BATS_TEST_TMPDIR/ranks"
	get 'f["lock"] if f["function"] == "bad_low_callers_hold" else ""' | grep -qx callers
	get 'f["lock_why"] if f["function"] == "bad_low_callers_hold" else ""' | grep -qF 'pmd_lock(mm,pmd) (mm/inter_names.c:'
	get 'f["lock"] if f["function"] == "bad_low_called_at_boot" else ""' | grep -qx init
	get 'f["lock"] if f["function"] == "bad_low_idmap" else ""' | grep -qx private
	get 'f["lock"] if f["function"] == "bad_medium_mmap_write" else ""' | grep -qx asserted
}

@test "the chain leads from the first read to the second, through every call" {
	file mm/a.c <<-'END'
		static pmd_t *last(pud_t *p, unsigned long addr)
		{
			return pmd_offset(p, addr);
		}
		static pmd_t *middle(unsigned long addr, pud_t *q)
		{
			return last(q, addr);
		}
		static pmd_t *first(pud_t *pudp, unsigned long addr)
		{
			pud_t pud = READ_ONCE(*pudp);

			if (pud_none(pud))
				return NULL;
			return middle(addr, pudp);
		}
	END
	audit >"$BATS_TEST_TMPDIR/out"
	grep -qxF 'mm/a.c:15: reread-value: first: pmd_offset(p) in middle(pudp) (first read at line 11)' "$BATS_TEST_TMPDIR/out"
	[ "$(get '[(s["line"], s["function"], s["what"]) for s in f["chain"]]')" = \
		"[(15, 'first', 'middle(pudp)'), (7, 'middle', 'last(q)'), (3, 'last', 'pmd_offset(p)')]" ]
	[ "$(get 'f["key"]')" = 'mm/a.c first reread-value pmd_offset(p) in middle(pudp)' ]
	[ "$(get '(f["first_line"], f["second_file"], f["second_line"])')" = "(11, 'mm/a.c', 3)" ]
	[[ $(get 'f["helper"]') == *'pmd_offset_lockless('* ]]
	[ -n "$(get 'f["risk"]')" ]
}

@test "a read in another file: first_file names it" {
	file mm/find.c <<-'END'
		pud_t *find(p4d_t *p4d, unsigned long addr)
		{
			pud_t *pud = pud_offset(p4d, addr);

			if (pud_none_or_clear_bad(pud))
				return NULL;
			return pud;
		}
	END
	file mm/use.c <<-'END'
		pmd_t *use(p4d_t *p4d, unsigned long addr)
		{
			pud_t *pud = find(p4d, addr);

			return pud ? pmd_offset(pud, addr) : NULL;
		}
	END
	audit >"$BATS_TEST_TMPDIR/out"
	grep -qxF 'mm/use.c:5: reread-plain: use: pmd_offset(pud) (first read at mm/find.c:5)' "$BATS_TEST_TMPDIR/out"
	[ "$(get 'f["chain"][0]["file"]')" = mm/find.c ]
}

@test "the same twice in a function: the keys differ" {
	file mm/a.c <<-'END'
		static pmd_t *last(pud_t *p, unsigned long addr)
		{
			return pmd_offset(p, addr);
		}
		static void first(pud_t *pud, unsigned long addr)
		{
			if (pud_none(*pud))
				walk(0);
			else if (addr)
				walk(last(pud, addr));
			else
				walk(last(pud, 0));
		}
	END
	audit >/dev/null
	[ "$(get 'f["key"]' | sort | uniq -d)" = '' ]
	[ "$(get 'f["key"]' | tail -n1)" = 'mm/a.c first reread-plain pmd_offset(p) in last(pud) #2' ]
}

callers_of() {	# FUNCTION FILE...
	local name=$1 at
	shift
	for at; do
		file "$at" <<-END
			int caller(pud_t *pud, unsigned long addr)
			{
				if (pud_none(*pud))
					return 0;
				return walk($name(pud, addr));
			}
		END
	done
}

@test "an architecture's own function before the generic one, none of another" {
	local at
	for at in arch/x/mm/a.c mm/generic.c; do
		file $at <<-END
			pmd_t *look_up(pud_t *pud_of_${at%%/*}, unsigned long addr)
			{
				return pmd_offset(pud_of_${at%%/*}, addr);
			}
		END
	done
	file arch/z/mm/a.c <<-'END'
		pmd_t *only_there(pud_t *pud, unsigned long addr)
		{
			return pmd_offset(pud, addr);
		}
	END
	callers_of look_up arch/x/mm/caller.c arch/y/mm/caller.c mm/caller.c
	callers_of only_there arch/x/mm/none.c
	audit >/dev/null
	[ "$(get 'f["file"] + " " + f["expression"]' | sort)" = "$(sort <<-'END'
		arch/x/mm/caller.c pmd_offset(pud_of_arch) in look_up(pud)
		arch/y/mm/caller.c pmd_offset(pud_of_mm) in look_up(pud)
		mm/caller.c pmd_offset(pud_of_mm) in look_up(pud)
	END
	)" ]
}

@test "a static inline function in a header: for whoever can include it" {
	local at
	for at in include/linux/w.h arch/x/include/asm/w.h drivers/d/w.h; do
		file $at <<-END
			static inline pmd_t *in_$(tr / _ <<<"${at%/w.h}")(pud_t *pud, unsigned long addr)
			{
				return pmd_offset(pud, addr);
			}
		END
	done
	callers_of in_include_linux mm/1.c arch/x/mm/1.c arch/y/mm/1.c drivers/d/1.c
	callers_of in_arch_x_include_asm arch/x/mm/2.c arch/y/mm/2.c
	callers_of in_drivers_d mm/3.c drivers/d/3.c drivers/e/3.c
	audit >/dev/null
	[ "$(get 'f["file"]' | sort | tr '\n' ' ')" = \
		'arch/x/mm/1.c arch/x/mm/2.c arch/y/mm/1.c drivers/d/1.c drivers/d/3.c mm/1.c ' ]
}

@test "a level that the architecture never has: low" {
	callers_of other_pud arch/arm/mm/1.c arch/csky/mm/1.c
	file mm/a.c <<-'END'
		pmd_t *other_pud(pud_t *pud, unsigned long addr)
		{
			return pmd_offset(pud, addr);
		}
	END
	audit >/dev/null
	[ "$(get 'f["file"] + " " + f["rank"]' | sort | tr '\n' ' ')" = 'arch/arm/mm/1.c medium arch/csky/mm/1.c low ' ]
}

@test "a change of the callee changes the report of its callers, which are not read again" {
	file mm/a.c <<-'END'
		pmd_t *look_up(pud_t *pud, unsigned long addr)
		{
			return pmd_offset(pud, addr);
		}
	END
	callers_of look_up mm/b.c
	audit >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	grep -q '^mm/b.c:5: reread-plain' "$BATS_TEST_TMPDIR/out"
	sed -i 's/return.*/return pmd_offset_lockless(pud, pudp_get(pud), addr);/' "$TREE/mm/a.c"
	audit >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	[[ $(cat "$BATS_TEST_TMPDIR/err") == *'reading 1 of 2 files'* ]]
	run ! grep -q '^mm/b.c:5: reread-plain' "$BATS_TEST_TMPDIR/out"
}

@test "--rank, --keep-going, and the share of functions analysed" {
	fixtures inter_names inter_other
	audit --rank low >"$BATS_TEST_TMPDIR/out"
	grep -q ': bad_low_' "$BATS_TEST_TMPDIR/out"
	run ! grep -q '^[^#]*: bad_high' "$BATS_TEST_TMPDIR/out"
	grep -qE '^# ([0-9]+) of \1 functions that have page table calls analysed \(100.00%\)' "$BATS_TEST_TMPDIR/out"
	run -2 "$AUDIT" "$TREE" --rank no-such
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/bash\ncase "$*" in *--file-groups*) kill -SEGV $$ ;; esac\nexec %q "$@"\n' \
		"$(command -v spatch)" >"$BATS_TEST_TMPDIR/bin/spatch"
	chmod +x "$BATS_TEST_TMPDIR/bin/spatch"
	local files
	files=$(find "$TREE/mm" -name '*.[ch]' | wc -l)
	for going in '' --keep-going; do
		PATH=$BATS_TEST_TMPDIR/bin:$PATH run -2 --separate-stderr "$AUDIT" "$TREE" --rule calls --no-cache $going
		grep -q "^failed: $files files: spatch died of signal 11 (first: mm/" <<<"$output"
	done
}

@test "without the second pass: --rule with other names" {
	fixtures inter_passed
	run -0 --separate-stderr "$AUDIT" "$TREE" --rule stack_copy
	run -1 --separate-stderr "$AUDIT" "$TREE" --rule stack_copy,calls
	[[ $output == *': bad_three_deep: '* ]]
}

# permuted SUFFIX...: the findings with the files of mm/ called by these letters,
# one after the other; each line with the names that the files had.
permuted() {
	local name letters=("$@") n=0 back=()
	mv "$TREE/mm" "$BATS_TEST_TMPDIR/as-it-was"
	mkdir "$TREE/mm"
	for name in "$BATS_TEST_TMPDIR"/as-it-was/*; do
		cp "$name" "$TREE/mm/${letters[n]}.${name##*.}"
		back+=(-e "s,mm/${letters[n]}\\.,mm/was-$n.,g")
		n=$((n + 1))
	done
	audit -j1 >/dev/null
	rm -r "$TREE/mm"
	mv "$BATS_TEST_TMPDIR/as-it-was" "$TREE/mm"
	get 'f["file"], f["line"], f["function"], f["class"], f["expression"], f["rank"], f["first_file"], f["first_line"], f["chain"]' |
		sed "${back[@]}" | sort
}

@test "the findings do not depend on -j, nor on what the files are called" {
	local name order
	fixtures inter_passed inter_returned inter_names inter_copied inter_other
	audit -j1 --no-cache >/dev/null
	cp "$FOUND/findings.json" "$BATS_TEST_TMPDIR/one"
	audit -j3 --no-cache >/dev/null
	diff "$BATS_TEST_TMPDIR/one" "$FOUND/findings.json"
	# A function that changes the entry, or the one that a static function is not.
	file mm/zap.c <<-'END'
		void zap_far(pmd_t *pmd)
		{
			zap_one(pmd);
		}
	END
	file mm/one.c <<-'END'
		void zap_one(pmd_t *pmd)
		{
			set_pmd(pmd, __pmd(0));
		}
	END
	file mm/mid.c <<-'END'
		pte_t *mid(pmd_t *pmd, unsigned long addr)
		{
			zap_far(pmd);
			return mid_walk(pmd, addr);
		}
	END
	file mm/mid_walk.c <<-'END'
		pte_t *mid_walk(pmd_t *pmd, unsigned long addr)
		{
			return pte_offset_kernel(pmd, addr);
		}
	END
	file mm/top.c <<-'END'
		pte_t *top(pmd_t *pmd, unsigned long addr)
		{
			if (pmd_none(*pmd))
				return NULL;
			return mid(pmd, addr);
		}
	END
	# Files that have none of the names are not read.
	for name in zap one mid mid_walk top; do
		printf 'static int has_%s(pmd_t *q)\n{\n\treturn pmd_none(*q);\n}\n' $name >>"$TREE/mm/$name.c"
	done
	permuted a b c d e f g h i j k >"$BATS_TEST_TMPDIR/one"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/one")" -gt 60 ]
	run ! grep "'top'" "$BATS_TEST_TMPDIR/one"
	for order in 'a b c d e f h g j i k' 'k j i h g f e d c b a' 'e b h a j d g c i f k' 'k c j a f b i e h d g'; do
		# shellcheck disable=SC2086 # letters
		permuted $order | diff "$BATS_TEST_TMPDIR/one" -
	done
}

# old_kernel: helpers that are gone, and what follows from them.
old_kernel() {
	file include/linux/pgtable.h <<-'END'
		static inline pmd_t pmd_read_atomic(pmd_t *pmdp)
		{
			return *pmdp;
		}
		static inline int pmd_none_or_trans_huge_or_clear_bad(pmd_t *pmd)
		{
			pmd_t pmdval = pmd_read_atomic(pmd);

			if (pmd_none(pmdval) || pmd_trans_huge(pmdval))
				return 1;
			return 0;
		}
		static inline spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd)
		{
			return ptlock_ptr(pmd_page(*pmd));
		}
		static inline int pmd_trans_unstable(pmd_t *pmd)
		{
			return pmd_none_or_trans_huge_or_clear_bad(pmd);
		}
	END
	file mm/old.c <<-'END'
		pte_t *bad_atomic(pmd_t *pmdp, unsigned long addr)
		{
			pmd_t pmd = pmd_read_atomic(pmdp);

			if (pmd_none(pmd))
				return NULL;
			return pte_offset_kernel(pmdp, addr);
		}
		pte_t *bad_before_65(pmd_t *pmd, unsigned long addr)
		{
			if (pmd_none(*pmd))
				return NULL;
			return pte_offset_map(pmd, addr);
		}
		pte_t *bad_before_65_lock(pmd_t *pmd, unsigned long addr)
		{
			spinlock_t *ptl;

			if (pmd_huge(*pmd))
				return NULL;
			return pte_offset_map_lock(mm, pmd, addr, &ptl);
		}
		pte_t *bad_before_65_irq(pmd_t *pmd, unsigned long addr)
		{
			local_irq_disable();
			if (pmd_none(*pmd))
				return NULL;
			return pte_offset_map(pmd, addr);
		}
		spinlock_t *bad_lockptr(pmd_t *pmd)
		{
			return pmd_none(*pmd) ? NULL : pte_lockptr(mm, pmd);
		}
		void __update_tlb(pmd_t *pmd, unsigned long addr)
		{
			local_irq_disable();
			if (!pmd_huge(*pmd))
				use(pte_offset_map(pmd, addr));
		}
		pte_t *bad_medium_snapshot(pmd_t *pmd, unsigned long addr)
		{
			if (pmd_trans_huge(*pmd))
				return NULL;
			if (pmd_trans_unstable(pmd))
				return NULL;
			return NULL;
		}
		pte_t *good_snapshot(pmd_t *pmd, unsigned long addr)
		{
			if (pmd_trans_unstable(pmd))
				return NULL;
			return pte_offset_map(pmd, addr);
		}
		pte_t *good_atomic(pmd_t *pmdp, unsigned long addr)
		{
			pmd_t pmd = pmd_read_atomic(pmdp);

			if (pmd_none(pmd))
				return NULL;
			return pte_offset_kernel(&pmd, addr);
		}
	END
}

@test "kernels before 6.5: pmd_read_atomic(), and pte_offset_map() that tests nothing" {
	old_kernel
	audit >/dev/null
	get 'f["function"] + " " + f["rank"] + " " + f["expression"]' >"$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_atomic high pte_offset_kernel(pmdp)' "$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_before_65 medium pte_offset_map(pmd)' "$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_before_65_lock medium pte_offset_map_lock(pmd)' "$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_before_65_irq high pte_offset_map(pmd)' "$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_lockptr medium \*pmd in pte_lockptr(pmd)' "$BATS_TEST_TMPDIR/got"
	# whose callers have the lock
	grep -qx '__update_tlb medium pte_offset_map(pmd)' "$BATS_TEST_TMPDIR/got"
	run ! grep good_ "$BATS_TEST_TMPDIR/got"
	get 'f["helper"] if f["function"] == "bad_before_65" else ""' | grep -qF 'pte_offset_map(&'
	# The rules of the first pass find this one.
	"$AUDIT" "$TREE" --json "$FOUND" >/dev/null || [ $? -eq 1 ]
	get 'f["function"] + " " + f["rank"]' | sort -u >"$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_medium_snapshot medium' "$BATS_TEST_TMPDIR/got"
	run ! grep -x 'bad_medium_snapshot high' "$BATS_TEST_TMPDIR/got"
}

@test "kernels since 6.5: pte_offset_map() tests the entry on its own" {
	old_kernel
	file mm/pgtable-generic.c <<-'END'
		pte_t *__pte_offset_map(pmd_t *pmd, unsigned long addr, pmd_t *pmdvalp)
		{
			pmd_t pmdval = pmdp_get_lockless(pmd);

			if (pmd_none(pmdval))
				return NULL;
			return __pte_map(&pmdval, addr);
		}
	END
	file mm/copy.c <<-'END'
		static pte_t *takes(pmd_t *pmd, unsigned long addr)
		{
			spinlock_t *ptl;

			return pte_offset_map_nolock(mm, pmd, addr, &ptl);
		}
		pte_t *bad_copy(pmd_t *pmdp, unsigned long addr)
		{
			pmd_t val = pmdp_get_lockless(pmdp);

			return takes(&val, addr);
		}
	END
	audit >/dev/null
	get 'f["function"] + " " + f["rank"] + " " + f["expression"]' | grep -qx 'bad_lockptr high \*pmd in pte_lockptr(pmd)'
	get 'f["function"] + " " + f["class"]' >"$BATS_TEST_TMPDIR/got"
	run ! grep before_65 "$BATS_TEST_TMPDIR/got"
	grep -qx 'bad_atomic reread-value' "$BATS_TEST_TMPDIR/got"
	# This one was called that until 6.13.
	grep -qx 'bad_copy stack-copy' "$BATS_TEST_TMPDIR/got"
}

@test "without SMP and preemption nothing comes in between" {
	file arch/um/walk.c <<-'END'
		pte_t *bad(pmd_t *pmd, unsigned long addr)
		{
			return pmd_none(*pmd) ? NULL : pte_offset_kernel(pmd, addr);
		}
	END
	printf 'config UML\n\tselect ARCH_NO_PREEMPT if COLDFIRE\n' >"$TREE/arch/um/Kconfig"
	audit >/dev/null
	[ "$(get 'f["rank"]')" = high ]
	printf 'config UML\n\tselect ARCH_NO_PREEMPT\n' >"$TREE/arch/um/Kconfig"
	audit >/dev/null
	[ "$(get 'f["rank"]')" = low ]
	printf 'config SMP\n\tbool\n' >>"$TREE/arch/um/Kconfig"
	audit >/dev/null
	[ "$(get 'f["rank"]')" = high ]
}
