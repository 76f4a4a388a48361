#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A rule under `exists' of the form
#	test(*slot)
#	... when != next(slot)
#	fill(slot)
# where test is one of a list of names. Coccinelle 1.1.1 (Debian 12, 1.1.1.deb-2+b1)
# ends the search at the next call of any name in the list: in
#	if (one(*p)) a(); else b();
#	if (two(*p)) fill(p);
# it reports two() alone. 1.3.0 (Debian 13, 1.3.0.deb-1+b2) reports one() as well: it
# runs past a test that has another name. Where the second test is one() again, both
# versions stop there. Neither prints a word about it. Guess of an engineer: what
# ends `...' is the pattern, not the element of a list that the first match has
# bound, and an upgrade does not change which code a rule matches.

. "$(dirname "$0")/packages.sh"

for row in bookworm=1.1.1.deb-2+b1 trixie=1.3.0.deb-1+b2; do
	system "${row%%=*}" "coccinelle=${row#*=}"
	cat >"$WORK/rule.cocci" <<-'END'
		@r exists@
		expression slot;
		identifier test = {one, two};
		@@
		*test(*slot)
		... when != next(slot)
		fill(slot)
	END
	for second in one two; do
		cat >"$WORK/walk.c" <<-END
			void walk(long *p)
			{
				if (one(*p))
					a();
				else
					b();
				if ($second(*p))
					fill(p);
			}
		END
		result+="${row%%=*}, second is $second: $(inside spatch --very-quiet --cocci-file rule.cocci walk.c 2>/dev/null | grep -c '^-.*(\*p)') marked; "
	done
done
seen 'bookworm, second is one: 1 marked; bookworm, second is two: 1 marked; trixie, second is one: 1 marked; trixie, second is two: 2 marked; ' "$result"
