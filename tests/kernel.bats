#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# Real kernels: the series is compiled where a wrong helper would go unnoticed
# elsewhere, and booted with the selftests.

# shellcheck disable=SC2030,SC2031 # every test is a process of its own
ROOT=$BATS_TEST_DIRNAME/..

# Prints what the verb said if the test fails.
verb() {
	run "$ROOT/scripts/$1" "${@:2}"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}

# built TARGET: without a warning
built() {
	verb build "$1"
	[[ $output != *warning:* ]]
}

# booted TARGET [OPTION...]: the fast path was seen to be taken, data compared
booted() {
	verb boot "$@"
	[[ $output == *" passed, 0 failed, "* ]]
	for test in read_data write_data fast_path_only slow_path_is_seen; do
		grep -qE "^ok [0-9]+ pgtable_boundary\.[a-z0-9_]+\.$test$" <<<"$output"
	done
}

@test "arm, 2 levels: mm/ of the series builds without a warning" {
	built arm
}

@test "arm64, 39 bit: mm/ of the series builds without a warning" {
	built arm64-39
}

@test "arm64, 48 bit: mm/ of the series builds without a warning" {
	built arm64-48
}

@test "arm64, 52 bit: mm/ of the series builds without a warning" {
	built arm64-52
}

# in_mm NAME: have mm/pxd_NAME.c, of stdin, for compile
in_mm() {
	mkdir -p "$BATS_TEST_TMPDIR/mm"
	{
		echo '#include <linux/mm.h>'
		cat
	} >"$BATS_TEST_TMPDIR/mm/pxd_$1.c"
}

# compile TARGET: these, with the series; say of each object that it is there, or
# all that the compiler said. Only make knows how to, and takes sources that are
# among the objects as well.
compile() {
	cat >"$BATS_TEST_TMPDIR/compile" <<-'END'
		. "$1/scripts/lib/common.sh"
		. "$ROOT/scripts/lib/kernel.sh"
		. "$ROOT/scripts/lib/matrix.sh"
		load_target "$2"
		want_base
		want_compiler
		require_all
		find_tree
		use_objects misuse
		lock "build-$IMAGE-misuse" "building $IMAGE in $TREE"
		mkdir -p "$TREE/$OUT/mm"
		rm -f "$TREE/$OUT"/mm/pxd_*
		cp "$3"/mm/*.c "$TREE/$OUT/mm/"
		wanted=$(wanted_config)
		configure "$(tree_commit "$TREE") $wanted" "$wanted" "$3/log" || { cat "$3/log"; exit 2; }
		cd "$3"
		sources=(mm/*.c)
		kmake -k -O -j "$JOBS" "${sources[@]/%.c/.o}" >"$3/log" 2>&1 || true
		messages "$3/log"
		cd "$TREE/$OUT"
		for object in mm/pxd_*.o; do echo "$object: built"; done
	END
	run bash "$BATS_TEST_TMPDIR/compile" "$ROOT" "$1" "$BATS_TEST_TMPDIR"
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}

@test "i386, 2 levels: code that looks at the value of a folded level does not compile" {
	f='unsigned long f(pgd_t *pgdp, p4d_t *p4dp, pud_t *pudp, void *p)'
	f="$f; $f"
	in_mm test <<<"$f { return pgd_none(pgdp_get(pgdp)) + p4d_bad(p4dp_get(p4dp)) + pud_leaf(pudp_get(pudp)); }"
	in_mm walk <"$ROOT/scripts/lib/probe.c"
	in_mm hand_down <<<"
		static noinline pud_t *hand_down(p4d_t *p4dp, p4d_t p4d) { return pud_offset_lockless(p4dp, p4d, 0); }
		$f { return pud_val(*hand_down(p4dp, p4dp_get(p4dp))); }"
	in_mm bad_pgd_val <<<"$f { return pgd_val(pgdp_get(pgdp)); }"
	in_mm bad_p4d_val <<<"$f { return p4d_val(p4dp_get(p4dp)); }"
	in_mm bad_pud_val <<<"$f { return pud_val(pudp_get(pudp)); }"
	in_mm bad_compare <<<"$f { return pud_val(pudp_get(pudp)) == pud_val(*pudp); }"
	in_mm bad_print <<<"$f { return pr_info(\"%08lx\", pgd_val(pgdp_get(pgdp))); }"
	in_mm bad_store <<<"$f { *(pud_t *)p = pudp_get(pudp); return 0; }"
	in_mm bad_set <<<"$f { set_pgd((pgd_t *)p, pgdp_get(pgdp)); return 0; }"
	in_mm bad_pass_on <<<"void elsewhere(pud_t pud); $f { elsewhere(pudp_get(pudp)); return 0; }"
	in_mm bad_address <<<"$f { pud_t pud = pudp_get(pudp); return pmd_val(*pmd_offset(&pud, 0)); }"
	compile i386
	cd "$BATS_TEST_TMPDIR"
	for object in mm/*.c; do
		object=${object%.c}.o
		said=$(awk -F '[\t:]' -v object="$object" '$1 == object' <<<"$output")
		case $object in
		*/pxd_bad_*)
			[[ $said = *error*'the value of a folded page table level is not read'* ]]
			[[ $said != *': built'* ]] ;;
		*) [ "$said" = "$object: built" ] ;;
		esac
	done
}

@test "x86_64, 4 levels: the series boots and passes the selftests" {
	booted x86_64
}

@test "x86_64, 5 levels: the series boots and passes the selftests" {
	booted x86_64-la57
}

@test "riscv64, Sv39, two levels folded at run time: the series boots and passes the selftests" {
	booted riscv64-sv39
}

@test "riscv64, Sv39, accessed bits: MGLRU sees that pages are read, above 1 GB as well" {
	verb boot riscv64-sv39-svadu --test "$ROOT/selftests/debug/lru_gen.c"
	grep -qx 'ok 1 aging.low' <<<"$output"
	grep -qx 'ok 2 aging.high' <<<"$output"
}

@test "riscv64, Sv48: the series boots and passes the selftests" {
	booted riscv64-sv48
}

@test "riscv64, Sv57: the series boots and passes the selftests" {
	booted riscv64
}

@test "s390, 3, 4 and 5 levels: the series boots and passes the selftests" {
	booted s390
	for level in 3 4 5; do
		for test in read_data write_data fast_path_only slow_path_is_seen; do
			grep -qxE "ok [0-9]+ pgtable_boundary\.levels_$level\.$test" <<<"$output"
		done
	done
}

@test "s390: the selftest finds the bug of 2020 when it is put back" {
	bug=("$ROOT"/selftests/debug/0001-*.patch)
	verb boot s390 --with "${bug[0]}" \
		--expect-fail '^not ok .*levels_3\.read_data' \
		--expect-fail '^not ok .*levels_4\.read_data' \
		--expect-fail 'read_data:2\^31 bytes: pinned for .*: a page with the data of' \
		--expect-fail 'read_data:2\^42 bytes: pinned for .*: a page with the data of'
	# With five levels nothing is folded, so there the bug is none.
	grep -qxE 'ok [0-9]+ pgtable_boundary\.levels_5\.read_data' <<<"$output"
}
