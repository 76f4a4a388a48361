#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# gcc 14 for 32-bit SPARC (Debian 13, sparc64-linux-gnu-gcc-14 14.2.0-19cross1, -m32
# -mcpu=v8 -O2) stores a volatile 64-bit variable with one instruction, std, and
# loads it with one, ldd. The one value for which it does not is zero: that store is
# two instructions, low address first, so that another CPU can see half of it. Guess
# of an engineer: that `clear' compiles to the same kind of access as `set', or that
# zero, for which SPARC has a register, is the easy case. It matters to whoever reads
# such a variable without a lock and takes zero for "none".

. "$(dirname "$0")/packages.sh"
system trixie gcc-14-sparc64-linux-gnu=14.2.0-19cross1

cat >"$WORK/entry.c" <<'END'
void set(volatile unsigned long long *p, unsigned long long v) { *p = v; }
void set_one(volatile unsigned long long *p) { *p = 1; }
void clear(volatile unsigned long long *p) { *p = 0; }
unsigned long long get(volatile unsigned long long *p) { return *p; }
END
inside sparc64-linux-gnu-gcc-14 -m32 -mcpu=v8 -O2 -S -o entry.s entry.c

# accesses FUNCTION: its loads and stores of memory
accesses() {
	awk -v f="$1:" '$1 == f { on = 1 } on && /\[%i0/ { printf "%s ", $1 } on && /\.size/ { exit }' \
		"$WORK/entry.s"
}
seen 'set std set_one std clear st st get ldd ' \
	"set $(accesses set)set_one $(accesses set_one)clear $(accesses clear)get $(accesses get)"
