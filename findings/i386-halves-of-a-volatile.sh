#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A volatile 64-bit access on i386 is two 32-bit ones, and their order is no property
# of the compiler. gcc 14 (Debian 13, 14.2.0-19cross1, -O2) loads the high half first
# where the value is returned, and the low half first where the same load is tested
# before it is returned. clang 19 (1:19.1.7-3+b1) loads low first in both. For a
# store it is the other way round between the two: gcc writes low first, clang high
# first. Guess of an engineer: ascending addresses, always, as a volatile access is
# not to be reordered. A reader that relies on seeing the low half first, as
# ptep_get_lockless() of Linux does by reading the halves one by one, has to
# spell it out.

. "$(dirname "$0")/packages.sh"
system trixie gcc-14-i686-linux-gnu=14.2.0-19cross1 clang-19=1:19.1.7-3+b1

cat >"$WORK/entry.c" <<'END'
typedef unsigned long long u64;
u64 returned(volatile u64 *p) { return *p; }
u64 tested(volatile u64 *p) { u64 v = *p; return v & 1 ? v & 0xffffffff000ull : 0; }
void stored(volatile u64 *p, u64 v) { *p = v; }
END
inside i686-linux-gnu-gcc-14 -O2 -S -o gcc.s entry.c
inside clang-19 --target=i686-linux-gnu -O2 -S -o clang.s entry.c

# order COMPILER FUNCTION: of the accesses through a register that is not the stack's
order() {
	awk -v f="$2:" '
		$1 == f { on = 1 }
		on && /\((%e[abcd]x|%e[sd]i)\)/ { printf "%s ", /4\(%e[abcds]/ ? "high" : "low" }
		on && $1 ~ /^retl?$/ { exit }' "$WORK/$1.s"
}
for compiler in gcc clang; do
	for function in returned tested stored; do
		result+="$compiler $function: $(order $compiler $function); "
	done
done
seen 'gcc returned: high low ; gcc tested: low high ; gcc stored: low high ; clang returned: low high ; clang tested: low high ; clang stored: high low ; ' "$result"
