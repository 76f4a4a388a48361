#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# herd7 (Debian testing, herdtools7 7.58-2) says "Never" for the very bug that a
# litmus test is written for, when the bug ends in a NULL pointer. One CPU tests a
# pointer, reads it again and follows the second value; the other CPU sets it to 0 in
# between. herd7 has no location at address 0, so it drops each execution in which 0
# is followed, the one that the `exists' clause asks for with it. Nothing is printed
# about that and the exit status is 0. Without the last access, or with a pointer to
# another variable in place of 0, it says "Sometimes". Guess of an engineer: an
# execution that faults is reported as one, or is at least counted.

. "$(dirname "$0")/packages.sh"
system forky herdtools7=7.58-2
# litmus NAME LAST EMPTY
litmus() {
	cat >"$WORK/$1.litmus" <<-END
		AArch64 $1
		{
		uint64_t x = y; uint64_t y = 1; uint64_t z = 2;
		0:X1=x; 1:X1=x; 1:X0=$3;
		}
		 P0          | P1          ;
		 LDR X0,[X1] | STR X0,[X1] ;
		 CBZ X0,end  |             ;
		 LDR X2,[X1] |             ;
		 $2          |             ;
		end:         |             ;
		exists (0:X0=y /\ 0:X2=$3)
	END
	inside herd7 "$1.litmus" | sed -n 's/^Observation \([^ ]* [^ ]*\) .*/\1/p'
}
seen 'follow Never, stop Sometimes, other Sometimes' \
	"$(litmus follow 'LDR X3,[X2]' 0), $(litmus stop 'MOV X3,X2' 0), $(litmus other 'LDR X3,[X2]' z)"
