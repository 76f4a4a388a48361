// SPDX-License-Identifier: GPL-2.0-only
/// A page table entry that somebody else can change has to be read once: test
/// the value that was read and descend with that value.  Find walkers that
/// look at an entry and then read it again through the same pointer.  What was
/// true of the first value need not be true of the second: a table can have
/// become a leaf or have gone away, so that pXd_offset() returns a pointer
/// into somebody's data.
///
/// reread-value: the entry was read into a variable, then the slot was read
/// again.  Use the variable: pXd_offset_lockless() takes the value.
/// reread-plain: the entry was tested in place, then read again.  Read it into
/// a variable first, with pXdp_get() or pmdp_get_lockless().
///
//# Both are harmless where a lock or the lack of other users keeps the entry
//# stable.  Locks are seen only within the function; the rule does not know
//# what the callers hold.
//# Not reported: reads after a page table lock was taken, comparisons of the
//# old with the new value, empty entries that are filled in between, prints
//# and assertions, pte_offset_map*(), which check the entry on their own.
//# Only slots named by a variable or a member are followed, and any function
//# that is given the slot ends the search, since it may have changed it.
///
// Confidence: Moderate
// Copyright: (C) 2026 The pxd-lockless authors.
// Comments:
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

def pair(where, first, again, slot, what):
    """Message for a pair of reads that matters, None for any other."""
    slot = slot.replace(" ", "")
    if not re.match(r"[A-Za-z_]\w*((->|\.)\w+)*$", slot):
        return None
    if int(first[0].line) >= int(again[0].line):  # around a loop, or a retry
        return None
    return "%s: %s: %s (first read at line %s)" % (
        where, again[0].current_element, what % slot, first[0].line)

// Everything below depends on this rule: literal names let spatch skip the
// files that have nothing to do with page tables.
@scope@
typedef pgd_t, p4d_t, pud_t, pmd_t;
@@

(
p4d_offset(...)
|
pud_offset(...)
|
pmd_offset(...)
|
pte_offset_kernel(...)
|
pte_offset_huge(...)
|
pgdp_get(...)
|
p4dp_get(...)
|
pudp_get(...)
|
pmdp_get(...)
|
pmdp_get_lockless(...)
|
pgd_none(...)
|
p4d_none(...)
|
pud_none(...)
|
pmd_none(...)
|
pgd_present(...)
|
p4d_present(...)
|
pud_present(...)
|
pmd_present(...)
|
pgd_none_or_clear_bad(...)
|
p4d_none_or_clear_bad(...)
|
pud_none_or_clear_bad(...)
|
pmd_none_or_clear_bad(...)
|
pud_leaf(...)
|
pmd_leaf(...)
|
pud_trans_huge(...)
|
pmd_trans_huge(...)
)

// A test that only an assertion looks at decides nothing.
@quiet depends on scope@
identifier assert = {@ASSERT@};
identifier test = {@TEST@};
position skip;
@@

assert(..., <+... test@skip(...) ...+>, ...)

// An empty entry that is filled: test and fill in one condition ...
@fill depends on scope@
expression slot;
identifier get = {@GET@};
identifier test = {@NONE@};
identifier populate = {@POPULATE@};
position skip;
@@

(
test@skip(@READ@) && <+... populate(..., slot, ...) ...+>
|
test@skip(@READ@) || <+... populate(..., slot, ...) ...+>
)

// ... or in two steps.
@fill_later depends on scope exists@
expression slot, E;
identifier get = {@GET@};
identifier test = {@NONE@};
identifier offset = {@OFF@};
identifier populate = {@POPULATE@};
position skip;
@@

test@skip(@READ@)
... when != slot = E
    when != slot++
    when != offset(slot, ...)
\(populate(..., slot, ...)\|*slot = E\|WRITE_ONCE(*slot, E)\)

// The first read is under a lock.
@locked depends on scope exists@
expression slot, E;
{pgd_t, p4d_t, pud_t, pmd_t} value;
identifier guarded = {@GUARD@};
identifier lock = {@LOCK@};
identifier unlock = {@UNLOCK@};
identifier get = {@GET@};
identifier test = {@TEST@};
identifier clear = {@CLEAR@};
position skip;
@@

\(lock(...)\|guard(guarded)(...)\)
... when any
    when != unlock(...)
(
test@skip(@READ@)
|
clear@skip(slot)
|
value@skip = \(*slot\|READ_ONCE(*slot)\)
|
E@skip = get(slot)
)
