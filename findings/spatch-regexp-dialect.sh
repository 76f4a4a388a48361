#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A constraint with a regular expression, such as
#	identifier f =~ "^(one|two)$";
# is Perl's dialect in Debian 12's Coccinelle (1.1.1.deb-2+b1, built with PCRE) and
# that of OCaml's Str in Debian 13's (1.3.0.deb-1+b2), where ( | ) stand for
# themselves and grouping is \( \| \). The rule of Debian 12 matches nothing on
# Debian 13 and the other way round, with status 0 and not a word. Only
# `spatch --version' tells which one it is. Guess of an engineer: the dialect is
# part of SmPL, and a rule that has lost its constraint says so.

. "$(dirname "$0")/packages.sh"

for row in bookworm=1.1.1.deb-2+b1 trixie=1.3.0.deb-1+b2; do
	system "${row%%=*}" "coccinelle=${row#*=}"
	printf 'void g(void)\n{\n\tone();\n\ttwo();\n\tthree();\n}\n' >"$WORK/calls.c"
	result+="${row%%=*}: "
	for form in '^(one|two)$' '^\(one\|two\)$'; do
		printf '@r@\nidentifier f =~ "%s";\n@@\n* f();\n' "$form" >"$WORK/rule.cocci"
		status=0
		inside spatch --very-quiet --cocci-file rule.cocci calls.c >"$WORK/out" 2>"$WORK/err" || status=$?
		result+="$form: $(grep -c '^-.*();' "$WORK/out") marked, status $status, $(wc -c <"$WORK/err") bytes said; "
	done
	result+="--version: $(inside spatch --version | sed -n 's/^Syntax of regular expressions: //p'); "
done
seen 'bookworm: ^(one|two)$: 2 marked, status 0, 0 bytes said; ^\(one\|two\)$: 0 marked, status 0, 0 bytes said; --version: PCRE; trixie: ^(one|two)$: 0 marked, status 0, 0 bytes said; ^\(one\|two\)$: 2 marked, status 0, 0 bytes said; --version: Str; ' "$result"
