#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# scripts/codegen: on a kernel tree of three C files, whose objects are made as
# kbuild leaves them, by a loop.

bats_require_minimum_version 1.5.0
load series

setup() {
	cd "$BATS_TEST_DIRNAME/.." || return
	# shellcheck source=/dev/null
	(. scripts/lib/common.sh && require gcc=gcc ccache=ccache /usr/bin/python3=python3 \
		/usr/lib/python3/dist-packages/elftools=python3-pyelftools)
	export PYTHONDONTWRITEBYTECODE=1
	T=$BATS_TEST_TMPDIR
}

# ---- equal or not ----

# assemble NAME: stdin, as x86 for lack of a better one
assemble() { "${AS:-as}" "${@:2}" -o "$T/$1.o" -; }
same() {
	PYTHONPATH=scripts/lib /usr/bin/python3 -c 'import sys, objects
a, b = sys.argv[1:]
print(*objects.differing_sections(a, b), sep="\n")
sys.exit(not objects.same(a, b))' "$T/$1.o" "$T/$2.o"
}
object() {
	cat <<-END
		.text
		.globl fn
		.type fn, @function
		fn:
			lea CSWTCH.$1(%rip), %rax
			call part.part.$2
			mov $.L$1, %edi
			nop
			mov counter.$2+4(%rip), %ecx
			ret
		.size fn, .-fn
		.type part.part.$2, @function
		part.part.$2:
			ret
		.size part.part.$2, .-part.part.$2
		.section .rodata
		CSWTCH.$1: .quad 1, 2
		.L$1: .asciz "text"
		.section .init.data,"aw"
		__UNIQUE_ID_x_$1.$2: .quad fn
		__initcall__kmod_x__$1_$2_fn6: .quad __UNIQUE_ID_x_$1.$2
		.bss
		counter.$2: .zero 8
	END
}

@test "equal but for the numbers of the compiler and the order of symbols" {
	object 703 1 | assemble a
	{ echo 'fn6 = 1; .local zzz; zzz = 0'; object 12 44; } | assemble b
	run ! cmp -s "$T/a.o" "$T/b.o"
	run same a b
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "not equal: one instruction, an addend, rodata, bss, a section's alignment" {
	object 703 1 | assemble a
	for edit in 's/nop/cld/' 's/+4(/+5(/' 's/1, 2/1, 3/' 's/"text"/"tex_"/' 's/.zero 8/.zero 16/' \
		    's/.section .rodata/&; .balign 64/' 's/quad fn/quad fn+1/' 's/ret/nop; ret/'; do
		object 703 1 | sed "$edit" | assemble b
		run same a b
		echo "$edit: $output"
		[ "$status" -eq 1 ]
		[ -n "$output" ]
	done
}

@test "not equal: two local symbols of one name but for the number, taken for one another" {
	table() { printf '.text\nlea CSWTCH.%s(%%rip), %%rax\nlea CSWTCH.%s(%%rip), %%rcx\n.section .rodata\nCSWTCH.1: .quad 1\nCSWTCH.2: .quad 2\n' "$@"; }
	table 1 2 | assemble a
	table 2 1 | assemble b
	run same a b
	[ "$status" -eq 1 ]
}

@test "functions that are the same byte for byte may change places, others not" {
	pair() {
		printf '.text\n'
		for name in "$1" "$2"; do
			printf '.type %s, @function\n%s: mov $%s, %%eax\nret\n.size %s, .-%s\n' "$name" "$name" "${!name}" "$name" "$name"
		done
		printf '.data\n.quad f\n.quad g\n'
	}
	f=1 g=1
	pair f g | assemble a
	pair g f | assemble b
	same a b
	f=1 g=2
	pair f g | assemble a
	pair g f | assemble b
	run same a b
	[ "$status" -eq 1 ]
	# The names alone have changed places.
	f=1 g=2
	{ echo '.globl f, g'; pair f g | sed '/quad/d'; } | assemble a
	export f=2 g=1
	{ echo '.globl f, g'; pair g f | sed '/quad/d'; } | assemble b
	run same a b
	echo "$output"
	[ "$status" -eq 1 ]
}

# ---- loads ----

# counts NAME: of its function fn: page table loads, stack loads, stack stores
counts() {
	PYTHONPATH=scripts/lib /usr/bin/python3 -c 'import sys, objects
path, objdump = sys.argv[1:]
print(*objects.count(objects.functions(objdump, path)["fn"], objects.isa_of(path)))' "$T/$1.o" "${2}objdump"
}

# cross PREFIX PACKAGE: its assembler, or skip
cross() {
	# shellcheck source=/dev/null
	command -v "${1}as" >/dev/null || (. scripts/lib/common.sh && require "${1}as=$2") ||
		skip "no ${1}as: install $2"
	AS=${1}as
}

@test "loads counted on x86_64: memory operands; not the stack, variables, lea" {
	assemble x <<-'END'
		.globl fn
		fn:	push %rbp
			mov %rsp, %rbp
			mov (%rdi), %rax	# load
			test $1, %al
			testb $1, 8(%rdi)	# load
			and 16(%rdi,%rsi,8), %rax	# load
			cmp %rax, (%rdx)	# load
			lea 8(%rdi), %rcx
			nopw 0(%rax,%rax,1)
			mov %rax, (%rdi)
			mov page_offset_base(%rip), %rdx
			mov %gs:8, %rdx
			mov %rax, -8(%rbp)	# stack store
			mov 8(%rsp), %rax	# stack load
			mov -8(%rbp), %rax	# stack load
			jmp *8(%rax)
		1:	ret
	END
	run counts x ''
	echo "$output"
	[ "$output" = "4 2 1" ]
}

@test "loads counted on s390" {
	cross s390x-linux-gnu- binutils-s390x-linux-gnu
	assemble x -m64 <<-'END'
		.globl fn
		fn:	stmg %r6,%r15,48(%r15)	# stack store
			lg %r1,0(%r2)		# load
			ltg %r1,0(%r3,%r2)	# load
			ng %r1,8(%r2)		# load
			sllg %r1,%r1,3(%r2)
			la %r1,8(%r2)
			lgrl %r4,variable
			stg %r1,160(%r15)	# stack store
			lg %r1,160(%r15)	# stack load
			stg %r1,0(%r2)
			risbg %r1,%r2,52,188,0
			clg %r1,0(%r5)		# load
			lmg %r6,%r15,208(%r15)	# stack load
			br %r14
	END
	run counts x s390x-linux-gnu-
	echo "$output"
	[ "$output" = "4 2 2" ]
}

@test "loads counted on aarch64" {
	cross aarch64-linux-gnu- binutils-aarch64-linux-gnu
	assemble x <<-'END'
		.globl fn
		fn:	stp x29, x30, [sp, #-32]!	// stack store
			mov x29, sp
			ldr x2, [x0, x1, lsl #3]	// load
			ldar x3, [x0]			// load
			adrp x4, variable
			ldr x4, [x4, #:lo12:variable]
			str x2, [x29, #16]		// stack store
			ldr x2, [sp, #16]		// stack load
			str x2, [x0]
			add x0, x0, #8
			ldp x29, x30, [sp], #32		// stack load
			ret
	END
	run counts x aarch64-linux-gnu-
	echo "$output"
	[ "$output" = "2 2 2" ]
}

@test "loads counted on powerpc" {
	cross powerpc-linux-gnu- binutils-powerpc-linux-gnu
	assemble x -mregnames <<-'END'
		.globl fn
		fn:	stwu r1,-32(r1)		# stack store
			lwz r9,0(r3)		# load
			lwzx r9,r3,r4		# load
			lis r8,variable@ha
			lwz r8,variable@l(r8)
			li r5,1
			la r5,8(r3)
			stw r9,8(r1)		# stack store
			lwz r9,8(r1)		# stack load
			stw r9,0(r3)
			addi r1,r1,32
			blr
	END
	run counts x powerpc-linux-gnu-
	echo "$output"
	[ "$output" = "2 1 2" ]
}

# ---- a tree ----

# The repository with the real scripts, but for what builds kernels, and
# D/linux, D/series with four commits, one of which changes code.
tree() {
	export PXD_CACHE=$T/cache PXD_RESULTS=$T/results JOBS=2
	unset LINUX REV
	REPO=$T/repo D=$T/cache/base/d
	mkdir -p "$REPO/targets" "$REPO/patches" "$REPO/scripts" "$D/linux"
	cp -r scripts/lib "$REPO/scripts/"
	cp scripts/codegen "$REPO/scripts/"
	cp base.conf "$REPO/"
	printf '#!/bin/sh\necho "%s"\n' "$D" >"$REPO/scripts/tree"
	printf '#!/bin/sh\necho "%s/series"\n' "$D" >"$REPO/scripts/apply"
	chmod +x "$REPO"/scripts/{tree,apply}
	cat >"$REPO/scripts/lib/matrix.sh" <<-'END'
		build_side() { SIDE_STATE=built SIDE_REASON=''; }
	END
	printf 'KARCH=fake\n' >"$REPO/targets/one"
	printf 'KARCH=fake\n' >"$REPO/targets/two"
	printf 'IMAGE=one\n' >"$REPO/targets/one-booted-differently"
	expect ''

	cd "$D/linux" || return
	mkdir -p mm include/linux scripts
	cat >scripts/bloat-o-meter <<-'END'
		import os, sys
		total = lambda files: sum(int(x.split()[0], 16) for x in os.popen('nm --size-sort ' + files) if ' T ' in x)
		old, new = map(total, sys.argv[-2:])
		print(f'big_function {old} {new} {new - old:+d}')
		print(f'Total: Before={old}, After={new}, chg +0.00%')
	END
	walk() {
		for level in "$@"; do
			up=${level%:*} down=${level#*:}
			cat <<-END
				typedef struct { unsigned long v; } ${up}_t;
				static inline int ${up}_none(${up}_t x) { return !x.v; }
				static inline ${up}_t ${up}p_get(${up}_t *p) { return *(volatile ${up}_t *)p; }
				#define ${down}_offset(p, a) ((${down}_t *)(p)->v + (a))
				#define ${down}_offset_lockless(p, x, a) ${down}_offset(&(x), a)
			END
		done
	}
	{
		walk pgd:p4d p4d:pud pud:pmd pmd:pte
		printf '%s\n' 'typedef struct { unsigned long v; } pte_t;' '#define NULL 0' \
			'#define pgd_offset_pgd(p, a) ((p) + (a))' '#define pte_offset_kernel pte_offset' \
			'#define pmdp_get_lockless pmdp_get'
	} | awk '/^typedef/ { print; next } { rest = rest $0 "\n" } END { printf "%s", rest }' >include/linux/pgtable.h
	echo 'static inline int helper(int x) { return x + 1; }' >include/linux/mm.h
	printf '%s\n' '#include <linux/mm.h>' 'int gup(int x) { return helper(x) * 3; }' >mm/gup.c
	cat >mm/mincore.c <<-'END'
		#include <linux/pgtable.h>
		/* one */
		/* two */
		int line(void) { return __LINE__; }
		#define MACRO(x) \
			x--; \
			x++
		int last(void) { return __LINE__; }
	END
	echo 'int other(void) { return 5; }' >mm/other.c
	touch Kbuild
	echo '.*' >.gitignore
	git init -q . && git config user.name t && git config user.email t@t
	git add -f . && git commit -qm base && git tag base
	git worktree add -q ../series -b pxd-lockless
	cd ../series || return
	patch 'mm: rename a parameter' 's/int x/int y/; s/x + 1/y + 1/' include/linux/mm.h
	patch 'mm: comments' '/two/d; s|^#define|/* a line */\n/* more */\n&|; s|^\tx--; .$|&\n&|' mm/mincore.c
	patch 'mm: change the helper' 's/y + 1/y + 7/' include/linux/mm.h
	patch 'mm: rename it again' 's/int y/int z/; s/y + 7/z + 7/' include/linux/mm.h
	cd "$REPO" || return
	objects
}
patch() {
	sed -i "$2" "$3"
	git commit -qam "$1"
}
# objects [TARGET...]: of both trees, each with what kbuild leaves beside it
objects() {
	local tree target file out
	for tree in "$D/linux" "$D/series"; do
		for target in "${@:-one}"; do
			for file in gup mincore other new; do
				[ -e "$tree/mm/$file.c" ] || continue
				out=$tree/.out-$target-w1
				mkdir -p "$out/mm/sub" "$out/include/generated"
				echo CONFIG_PGTABLE_LEVELS=5 >"$out/.config"
			echo '#define GENERATED 1' >"$out/include/generated/autoconf.h"
				cat >"$out/mm/.$file.o.cmd" <<-END
					savedcmd_mm/$file.o := gcc -Wp,-MMD,mm/.$file.o.d -nostdinc -I../include -I./include -Imm/sub -Werror=missing-include-dirs -include include/generated/autoconf.h -O2 -fno-PIE -fcf-protection=none -fno-asynchronous-unwind-tables -DNAME='"\$\$x"' -c -o mm/$file.o ../mm/$file.c

					source_mm/$file.o := ../mm/$file.c

					deps_mm/$file.o := \\
					    \$(wildcard include/config/SOMETHING) \\
					  include/generated/autoconf.h \\
					$(sed -n 's|^#include <\(.*\)>|  ../include/\1 \\|p' "$tree/mm/$file.c")

					mm/$file.o: \$(deps_mm/$file.o)
				END
				(cd "$out" && sh -c "$(sed -n 's/^savedcmd_[^ ]* := //p' "mm/.$file.o.cmd" | sed 's/\$\$/$/g')")
			done
		done
	done
}
expect() { printf '%s\n' "$1" >"$REPO/scripts/lib/codegen.expect"; }
EXPECTED='mm: change the helper
	mm/gup.o on *: seven is more than one'

@test "an unexpected change: its patch alone, with the disassembly, exit 1" {
	tree
	run --separate-stderr scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"1 findings"* ]]
	[[ $output = *"mm/gup.o on one changes with patch 3: mm: change the helper"* ]]
	[[ $output = *"before: gup"*"-"*"+"*"differing sections: .text"* ]]
	[ -s "$PXD_CACHE/log/codegen/one-3-mm_gup.o.diff" ]
	# patch by patch: of the object that moves a line only the number changes
	grep -P '^1\tmm: rename a parameter\tone\tmm/gup.o\tidentical\t' "$PXD_CACHE/log/codegen/patches.tsv"
	grep -P '^2\tmm: comments\tone\tmm/mincore.o\tlines\t' "$PXD_CACHE/log/codegen/patches.tsv"
	grep -P '^3\tmm: change the helper\tone\tmm/gup.o\tchanged\t' "$PXD_CACHE/log/codegen/patches.tsv"
	grep -P '^4\tmm: rename it again\tone\tmm/gup.o\tidentical\t' "$PXD_CACHE/log/codegen/patches.tsv"
	[ "$(wc -l <"$PXD_CACHE/log/codegen/patches.tsv")" -eq 5 ]
}

@test "another line number in one place is a change, when the patch has changed that place" {
	tree
	cd "$D/series"
	patch 'mm: the line' 's/return __LINE__; }$/return __LINE__ + 1; }/; s/^int last/int final/' mm/mincore.c
	cd "$REPO"
	objects
	expect "$EXPECTED"
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"mm/mincore.o on one changes with patch 5: mm: the line"* ]]
}

@test "a work tree and a lock that a killed run left are no obstacle" {
	tree
	expect "$EXPECTED"
	scripts/codegen one
	touch "$(git -C "$D/codegen" rev-parse --git-path index.lock)" "$D/codegen/mm/junk.c"
	echo junk >"$D/codegen/mm/gup.c"
	scripts/codegen one
	rm "$D/codegen/.git"
	scripts/codegen one
}

@test "an expected change passes, and is recorded" {
	tree
	expect "$EXPECTED"
	run --separate-stderr scripts/codegen one --record
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *"no finding"* ]]
	run jq -r '[.status, .figures.objects, .figures.identical, .figures.line_numbers, .figures.different, .figures.mm_text_base] | @tsv' \
		"$PXD_RESULTS/codegen/one.json"
	[[ $output = pass$'\t'3$'\t'1$'\t'1$'\t'1$'\t'[1-9]* ]]
}

@test "expected elsewhere, or of another object, is not expected here" {
	tree
	for rule in 'mm/gup.o on two: no' 'mm/other.o on *: no'; do
		expect "mm: change the helper
	$rule"
		run scripts/codegen one
		[ "$status" -eq 1 ]
		[[ $output = *"mm/gup.o on one changes with patch 3"* ]]
	done
}

@test "an expectation that nothing needs is stale, once all targets were looked at" {
	tree
	expect "$EXPECTED
	mm/other.o on *: never happens"
	run scripts/codegen one
	[ "$status" -eq 0 ]
	objects two
	run scripts/codegen
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"1 findings"*"codegen.expect:3 is stale"* ]]
	# of a patch that is not there: at once
	expect "$EXPECTED
mm: no such patch
	mm/gup.o on *: no"
	run scripts/codegen one
	[ "$status" -eq 1 ]
	[[ $output = *'no patch "mm: no such patch"'* ]]
}

@test "a target of which the base compiles nothing is left out, and named" {
	tree
	expect "$EXPECTED"
	objects two
	rm "$D/linux/.out-two-w1"/mm/*.o
	# the series is not even built
	sed -i "s|SIDE_STATE=built SIDE_REASON=''|SIDE_STATE=built SIDE_REASON='no page.h'; echo \"\$TREE \$OUT\" >>$T/built|" \
		"$REPO/scripts/lib/matrix.sh"
	run scripts/codegen one two
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *"two: left out, the base compiles nothing of it: no page.h"* ]]
	[ "$(grep -c out-two "$T/built")" -eq 1 ]
	run scripts/codegen two
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"nothing to compare" ]]
}

@test "an expectations file that cannot be read is an error with its line" {
	tree
	expect "$EXPECTED
	mm/gup.o: no targets"
	run scripts/codegen one
	[ "$status" -eq 2 ]
	[[ ${lines[-1]} = *"codegen.expect:3: not a line of the form"* ]]
}

@test "more text in mm/ is a finding, unless a limit allows it" {
	tree
	cd "$D/series"
	patch 'mm: grow' 's/return 5/return getenv("5") ? 6 : 5/; s/^int/extern char *getenv(const char *); &/' mm/other.c
	cd "$REPO"
	objects
	grow='
mm: grow
	mm/other.o on *: asks the environment'
	expect "$EXPECTED$grow"
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"one: text of mm/ grows by "* ]]
	expect "$EXPECTED$grow
text of mm/
	+4 on *: too little"
	run scripts/codegen one
	[ "$status" -eq 1 ]
	expect "$EXPECTED$grow
text of mm/
	+200 on one: enough"
	run scripts/codegen one
	[ "$status" -eq 0 ]
}

@test "loads: the walks of both trees; one more on the series is a finding" {
	tree
	cd "$D/series"
	patch 'mm: read twice' 's/^#define pud_offset(p, a).*/#define pud_offset(p, a) (*(volatile unsigned long *)(p), (pud_t *)(p)->v + (a))/' \
		include/linux/pgtable.h
	cd "$REPO"
	objects
	expect "$EXPECTED"
	run scripts/codegen one --record
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"one: the locked walk in lib/probe.c loads 5 times, 4 on the base"* ]]
	[ "$(jq -r '[.figures.locked_loads_base, .figures.locked_loads_series] | @csv' "$PXD_RESULTS/codegen/one.json")" = 4,5 ]
	expect "$EXPECTED
loads
	+1 on one: for the test"
	run scripts/codegen one
	[[ $output != *"the locked walk"* ]]
	# without an MMU there is nothing to walk
	echo '# CONFIG_MMU is not set' | tee -a "$D"/{linux,series}/.out-one-w1/.config >/dev/null
	expect "$EXPECTED"
	run scripts/codegen one
	[[ $output != *"the locked walk"* ]]
	[[ $output =~ one\ +5\ +-\ +- ]]
}

@test "an object of the series that its patches do not lead to is a finding" {
	tree
	expect "$EXPECTED"
	echo 'int gup(int x) { return 9; }' | gcc -c -O2 -o "$D/series/.out-one-w1/mm/gup.o" -xc -
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"mm/gup.o: compiled again, patch by patch, it is not the object in"* ]]
}

@test "a patch with which an object does not compile is a finding" {
	tree
	git -C "$D/series" reset -q --hard HEAD~2
	cd "$D/series"
	patch 'mm: break' 's/y + 1/y + nonsense/' include/linux/mm.h
	patch 'mm: repair' 's/y + nonsense/y + 2/' include/linux/mm.h
	cd "$REPO"
	objects
	expect 'mm: repair
	mm/gup.o on *: two'
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"1 findings"*"mm/gup.o does not compile with patch 3 (mm: break)"* ]]
}

@test "--each: also what is changed and changed back" {
	tree
	cd "$D/series"
	patch 'mm: there' 's/return 5/return 6/' mm/other.c
	patch 'mm: and back' 's/return 6/return 5/' mm/other.c
	cd "$REPO"
	objects
	expect "$EXPECTED"
	run scripts/codegen one
	[ "$status" -eq 0 ]
	run scripts/codegen one --each 'mm/*'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"mm/other.o on one changes with patch 5: mm: there"* ]]
	[[ $output = *"mm/other.o on one changes with patch 6: mm: and back"* ]]
}

@test "--summary: what differs, and nothing patch by patch" {
	tree
	run scripts/codegen one --summary
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *"mm/gup.o: one "[0-9]* ]]
	[[ $output != *"changes with patch"* ]]
	for option in --summary "--tree $D/series"; do
		# shellcheck disable=SC2086 # words
		run scripts/codegen one --record $option
		[ "$status" -eq 2 ]
		[ "${lines[*]}" = "codegen: --record is for all of it, on the series: leave out ${option%% *}" ]
	done
}

@test "--tree: a work tree of the base's repository; nothing is asked of another one" {
	tree
	expect "$EXPECTED"
	run --separate-stderr scripts/codegen one --tree "$D/series"
	[ "$status" -eq 0 ]
	git clone -q "$D/linux" "$T/mine"
	touch "$T/mine/Kbuild"
	run scripts/codegen one --tree "$T/mine"
	echo "$output"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output = *"$T/mine is not a work tree of $D/linux: make one with git -C"* ]]
}

@test "a compiler that apt does not offer: skipped, and recorded as that" {
	tree
	expect "$EXPECTED"
	load kernel-fake
	fake_apt
	printf 'KARCH=fake\nNEEDS=(nosuch-gcc=gcc-nosuch)\n' >"$REPO/targets/two"
	objects two
	run scripts/codegen --record
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output = *"two: skipped: apt offers no gcc-nosuch"* ]]
	[ "$(jq -r .status "$PXD_RESULTS/codegen/two.json" "$PXD_RESULTS/codegen/one.json" | paste -sd ' ')" = 'skip pass' ]
	run scripts/codegen two
	[ "$status" -eq 2 ]
}

@test "a new object is an addition of the patch that has its source" {
	tree
	cd "$D/series"
	echo 'int more(void) { return 5; }' >mm/new.c
	git add mm/new.c
	git commit -qm 'mm: add a file'
	cd "$REPO"
	objects
	expect "$EXPECTED"
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"mm/new.o on one changes with patch 5: mm: add a file"*"a new object"* ]]
	expect "$EXPECTED
mm: add a file
	mm/new.o on *: new
text of mm/
	+20 on *: the new file"
	run scripts/codegen one
	[ "$status" -eq 0 ]
}

@test "an object that one side has not compiled is a finding" {
	tree
	expect "$EXPECTED"
	mv "$D/linux/.out-one-w1/mm/other.o" "$T/"
	run scripts/codegen one
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output = *"mm/other.o: the base has not compiled it"* ]]
	mv "$T/other.o" "$D/linux/.out-one-w1/mm/"
	rm "$D/series/.out-one-w1/mm/other.o"
	run scripts/codegen one
	[ "$status" -eq 1 ]
	[[ $output = *"mm/other.o: the base has it, the series has not"* ]]
}

@test "bad input is an error in one line; without objects it says what makes them" {
	tree
	for args in 'nosuch' 'one --nosuch' '--tree' '--tree /nonexistent' 'one --each'; do
		# shellcheck disable=SC2086 # words
		run scripts/codegen $args
		echo "$args: $status $output"
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	rm -rf "$D/series/.out-one-w1"
	run scripts/codegen
	[ "$status" -eq 2 ]
	[[ $output = *"scripts/matrix"* ]]
}

@test "stopped: nothing goes on compiling, and the lock is free only after the last compiler" {
	tree
	expect "$EXPECTED"
	# a compiler that takes its time
	mkdir "$T/bin"
	printf '#!/bin/sh\ncase "$*" in *gup.c*) echo start >>%q; sleep 2; echo end >>%q ;; esac\nexec %q "$@"\n' \
		"$T/ran" "$T/ran" "$(command -v gcc)" >"$T/bin/gcc"
	chmod +x "$T/bin/gcc"
	PATH=$T/bin:$PATH setsid scripts/codegen one >"$T/out" 2>&1 3>&- &
	pid=$!
	for ((i = 0; i < 100; i++)); do [ -e "$T/ran" ] && break; sleep 0.1; done
	[ -e "$T/ran" ]
	kill -TERM -- "-$pid"
	wait "$pid" || true
	# the compiler was stopped with it, or is waited for
	sleep 2.5
	ran=$(cat "$T/ran")
	[ "$(grep -c start <<<"$ran")" -eq 1 ]
	sleep 2.5
	[ "$(cat "$T/ran")" = "$ran" ]
	scripts/codegen one
}
