#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Coccinelle 1.3.0 (Debian 13, coccinelle 1.3.0.deb-1+b2) reads the two colons of
# an asm statement without outputs, asm volatile("..." :: "r" (x)), as the one token
# `::' of C++. It then drops the whole function that holds the statement: a rule
# finds nothing in it. Nothing is printed and the exit status is 0, with
# --very-quiet and without. A blank between the colons is all it takes to be read.
# 1.1.1 (Debian 12) reads both. Guess of an engineer: the lexer of a tool for C
# takes what every C compiler takes, or spatch says that it did not parse.

. "$(dirname "$0")/packages.sh"
system trixie coccinelle=1.3.0.deb-1+b2

cat >"$WORK/rule.cocci" <<'END'
@@
@@
- old();
+ new();
END
for colons in '::' ': :'; do
	cat >"$WORK/colons.c" <<-END
		void wait_for_it(unsigned long address)
		{
			asm volatile("nop" $colons "r" (address) : "memory");
			old();
		}
	END
	status=0
	printed=$(inside spatch --very-quiet --cocci-file rule.cocci colons.c 2>&1) || status=$?
	printf '%s\n' "asm with $colons: exit status $status, printed:" "$printed"
	result+="$colons status $status, changes $(grep -c '^+.*new()' <<<"$printed" || true), lines $(grep -c . <<<"$printed" || true); "
done
seen ':: status 0, changes 0, lines 0; : : status 0, changes 1, lines 9; ' "$result"
