#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The rules that the series adds to the kernel: the copies in cocci/kernel, what
# they report, and what the patch mode does.

bats_require_minimum_version 1.5.0

ROOT=$BATS_TEST_DIRNAME/..
RULES=$ROOT/cocci/kernel
FIXTURES=$ROOT/cocci/tests/kernel

# rule MODE NAME [FILE]: as coccicheck runs it, but for where it looks
rule() {
	local mode=$1 show=()
	case $mode in report|org) show=(--no-show-diff) ;; esac
	spatch -D "$mode" --very-quiet "${show[@]}" --no-includes --include-headers \
		--cocci-file "$RULES/pxd_$2.cocci" "${3:-$FIXTURES/$2.c}"
}

expected() { grep -n EXPECT "$FIXTURES/$1.c" | cut -d: -f1; }

@test "cocci/kernel is what the patches add, byte for byte, and short" {
	cd "$BATS_TEST_TMPDIR"
	cat "$ROOT"/patches/[0-9]*.patch | git apply --include='scripts/coccinelle/*'
	diff -r scripts/coccinelle/mm "$RULES"
	[ "$(find "$RULES" -type f | wc -l)" -le 3 ]
	[ "$(cat "$RULES"/* | wc -l)" -le 600 ]
	# and no other rule has the name of one
	for rule in "$RULES"/*; do [ ! -e "$ROOT/cocci/${rule##*/}" ]; done
}

@test "the kernel's rules keep its conventions" {
	local rule mode
	for rule in "$RULES"/*.cocci; do
		[ "$(head -n1 "$rule")" = '// SPDX-License-Identifier: GPL-2.0-only' ]
		grep -qxE '// Confidence: (Low|Moderate|High)' "$rule"
		grep -qx '// Options: --no-includes --include-headers' "$rule"
		grep -q '^/// ' "$rule"
		for mode in context org report; do grep -qx "virtual $mode" "$rule"; done
		# nobody is named who has not written it
		run ! grep -i copyright "$rule"
		# what no rule uses, or what spatch would ask for
		run -0 spatch -D report --parse-cocci "$rule"
		[[ $output != *$'\n'warning* ]]
	done
}

@test "the kernel's rules report what is marked, and nothing else, in each mode" {
	local name
	for name in reread stack_copy; do
		rule report $name >"$BATS_TEST_TMPDIR/report"
		cut -d: -f2 "$BATS_TEST_TMPDIR/report" | sort -n | diff <(expected $name) -
		run ! grep -v ': WARNING: ' "$BATS_TEST_TMPDIR/report"
		rule org $name | sed -E 's/.*::linb=([0-9]+)::.*/\1/' | sort -n | diff <(expected $name) -
		rule context $name >"$BATS_TEST_TMPDIR/context"
		diff <(sed -n '/EXPECT/s/^/-/p' "$FIXTURES/$name.c") <(grep '^-[^-]' "$BATS_TEST_TMPDIR/context")
	done
	[ "$(expected reread | wc -l)" -ge 12 ]
}

@test "patch mode of pxd_stack_copy: what is expected, it compiles, and once is enough" {
	local got=$BATS_TEST_TMPDIR/got.c
	cp "$FIXTURES/stack_copy.c" "$got"
	spatch -D patch --very-quiet --no-includes --include-headers --in-place \
		--cocci-file "$RULES/pxd_stack_copy.cocci" "$got" >/dev/null
	diff "$FIXTURES/stack_copy.expected.c" "$got"
	[ -z "$(rule patch stack_copy "$got")" ]
	[ "$(diff "$FIXTURES/stack_copy.c" "$got" | grep -c '^>')" -eq 5 ]
	{
		echo '#include <linux/mm.h>'
		sed -n '/^static.*bad_fixed/,/^}/p' "$got"
	} >"$BATS_TEST_TMPDIR/fixed.c"
	[ "$(grep -c '_lockless(\|_pmdval(' "$BATS_TEST_TMPDIR/fixed.c")" -eq 5 ]
	gcc -fsyntax-only -Wall -Wno-unused -Werror -I "$ROOT/cocci/tests/include" "$BATS_TEST_TMPDIR/fixed.c"
}
