# SPDX-License-Identifier: GPL-2.0
"""What scripts/loads says of C that is compiled here: loads.py and paths.py in scripts/lib.

A function is in it with the words that have to come out, its two reads are marked
FIRST and SECOND; STEP marks the call that leads to the second."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../scripts/lib'))
import loads  # noqa: E402
import paths  # noqa: E402

HEAD = '''
typedef struct { unsigned long pmd; } pmd_t;
#define READ_ONCE(x) ({ *(const volatile __typeof__(x) *)&(x); })
#define barrier() __asm__ __volatile__("" ::: "memory")
static inline int pmd_none(pmd_t pmd) { return !pmd.pmd; }
static inline int pmd_leaf(pmd_t pmd) { return pmd.pmd & 128; }
static inline unsigned long *pte_offset_kernel(pmd_t *pmd, unsigned long addr)
{
	return (unsigned long *)(pmd->pmd & ~0xfffUL) + (addr >> 12 & 511);
}
void other(void);
void with(pmd_t *);
unsigned long *pte_offset_elsewhere(pmd_t *, unsigned long);
'''

# function: (what has to come out, its text)
CASES = {
    'adjacent': ('merged', '''
unsigned long *adjacent(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    'once_twice': ('emitted', '''
unsigned long *once_twice(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(READ_ONCE(*pmd)))			/* FIRST */
		return 0;
	pmd = (pmd_t *)((READ_ONCE(*pmd).pmd & ~4095UL)	/* SECOND */
		+ (addr & 4095));
	return (unsigned long *)pmd;
}'''),
    'between': ('emitted', '''
unsigned long *between(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	barrier();
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    # The pointer is kept in another register, or on the stack, over the call.
    'called': ('emitted', '''
unsigned long *called(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	other();
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    # On one of the ways only, and there the compiler gives it another line.
    'one_way': ('emitted', '''
unsigned long *one_way(pmd_t *pmd, unsigned long addr)
{
	if (pmd_leaf(*pmd)) {				/* FIRST */
		with(pmd);
	}
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    # The next entry is read, which is another address.
    'next': ('merged', '''
unsigned long *next(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	barrier();
	return pte_offset_kernel(pmd + 1, addr);	/* SECOND */
}'''),
    # So is what the entry points to.
    'below': ('merged', '''
unsigned long below(pmd_t *pmd)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return *(unsigned long *)(pmd->pmd & ~4095UL);	/* SECOND */
}'''),
    # One load for each entry of a loop: that of the next round is none of this one.
    'loop': ('merged', '''
int loop(pmd_t *pmd, unsigned long end)
{
	unsigned long addr, n = 0;

	for (addr = 0; addr < end; addr += 1 << 21, pmd++) {
		if (pmd_none(*pmd))			/* FIRST */
			continue;
		n += pmd_leaf(*pmd);			/* SECOND */
	}
	return n;
}'''),
    'same_line': ('emitted', '''
int same_line(pmd_t *pmd)
{
	return pmd_none(READ_ONCE(*pmd)) || pmd_leaf(READ_ONCE(*pmd));	/* FIRST SECOND */
}'''),
    'same_line_merged': ('merged', '''
int same_line_merged(pmd_t *pmd)
{
	return pmd_none(*pmd) || pmd_leaf(*pmd);	/* FIRST SECOND */
}'''),
    # Ahead of the first read there is another one, which is merged with it.
    'earlier': ('merged', '''
unsigned long *earlier(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return 0;
	if (pmd_leaf(*pmd))				/* FIRST */
		return 0;
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    # The first is merged with one ahead of it, and the second is not.
    'earlier_once': ('emitted', '''
int earlier_once(pmd_t *pmd, int write)
{
	pmd_t value = READ_ONCE(*pmd);

	if (pmd_none(value))
		return 0;
	if (pmd_leaf(*pmd))						/* FIRST */
		return write ? !!(READ_ONCE(*pmd).pmd & 4) : 1;		/* SECOND */
	return 2;
}'''),
    'inlined': ('emitted', '''
static inline unsigned long *walk_inlined(pmd_t *pmd, unsigned long addr)
{
	barrier();
	return pte_offset_kernel(pmd, addr) + 1;	/* SECOND walk_inlined */
}
unsigned long *inlined(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return walk_inlined(pmd, addr);			/* STEP */
}'''),
    'apart': ('emitted', '''
static __attribute__((noinline)) unsigned long *walk_apart(pmd_t *pmd, unsigned long addr)
{
	other();
	return pte_offset_kernel(pmd, addr) + 2;	/* SECOND walk_apart */
}
unsigned long *apart(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return walk_apart(pmd, addr);			/* STEP */
}'''),
    'out_of_line': ('emitted', '''
unsigned long *out_of_line(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return pte_offset_elsewhere(pmd, addr);		/* SECOND */
}'''),
    'unused': ('absent', '''
static inline unsigned long *unused(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))				/* FIRST */
		return 0;
	return pte_offset_kernel(pmd, addr);		/* SECOND */
}'''),
    'folded': ('no read', '''
static inline int never(pmd_t pmd) { return 0; }
unsigned long *folded(pmd_t *pmd, unsigned long addr)
{
	if (never(*pmd))				/* FIRST */
		return 0;
	return (unsigned long *)pmd;			/* SECOND */
}'''),
}


def source():
    """The file, and a read as loads.select() makes it for each function."""
    text, reads = HEAD, {}
    for name, (_, code) in CASES.items():
        begin = text.count('\n') + 1
        text += code + '\n'
        at = {}
        for n, line in enumerate(code.split('\n')):
            for mark in re.findall(r'FIRST|SECOND|STEP', line):
                at[mark] = [begin + n, (re.search(r'SECOND (\w+) ', line) or [None, name])[1]]
        steps = []
        if 'STEP' in at:
            steps = [[name, 'mm/case.c', at['STEP'][0]], [at['SECOND'][1], 'mm/case.c', at['SECOND'][0]]]
        second = at.get('STEP', at['SECOND'])[0]
        reads[name] = {'key': name, 'function': name, 'file': 'mm/case.c', 'first': ['mm/case.c', at['FIRST'][0]],
                       'second': ['mm/case.c', second], 'steps': steps, 'known': []}
    return text, reads


class Compiled(unittest.TestCase):
    """What the compiler of this machine makes of the cases."""

    @classmethod
    def setUpClass(cls):
        cls.tree = tempfile.TemporaryDirectory()
        os.makedirs(os.path.join(cls.tree.name, 'mm'))
        os.makedirs(os.path.join(cls.tree.name, '.out/mm'))
        text, cls.reads = source()
        with open(os.path.join(cls.tree.name, 'mm/case.c'), 'w', encoding='utf-8') as f:
            f.write(text)

    @classmethod
    def tearDownClass(cls):
        cls.tree.cleanup()

    def verdicts(self, *options):
        """Function → (verdict, where)"""
        out = os.path.join(self.tree.name, '.out')
        subprocess.run([os.environ.get('CC', 'gcc'), '-O2', '-g', '-fno-strict-aliasing', *options, '-c', '-o', 'mm/case.o',
                        '../mm/case.c'], check=True, cwd=out, stderr=subprocess.PIPE)
        obj = loads.Object(os.path.join(out, 'mm/case.o'), 'objdump', 'addr2line', self.tree.name)
        return {name: loads.look(read, [obj]) for name, read in self.reads.items()}

    def test_each_case(self):
        """Emitted and merged as they are written."""
        got = self.verdicts()
        self.assertEqual({n: v for n, (v, _) in got.items()}, {n: v for n, (v, _) in CASES.items()}, got)

    def test_frame_pointer(self):
        """The same with what a kernel may be compiled with."""
        got = self.verdicts('-fno-omit-frame-pointer', '-fno-pic')
        self.assertEqual({n: v for n, (v, _) in got.items()}, {n: v for n, (v, _) in CASES.items()}, got)

    def test_address(self):
        """Both loads are named, with the place in the function and the instruction."""
        verdict, where = self.verdicts()['between']
        self.assertEqual(verdict, 'emitted')
        self.assertRegex(where, r'^between\+0x[0-9a-f]+ <.*> and between\+0x[0-9a-f]+ <.*>$')
        places = re.findall(r'\+(0x[0-9a-f]+)', where)
        self.assertLess(int(places[0], 16), int(places[1], 16))

    def test_without_debug_information(self):
        """What cannot be attributed is not called merged or absent."""
        with self.assertRaises(ValueError):
            self.verdicts('-g0')


def listing(isa, text):
    """A program of a listing as objdump prints it."""
    program = paths.Program.__new__(paths.Program)
    program.isa, program.narrow = isa, False
    program.parse('\nDisassembly of section .text:\n\n0000000000000000 <f>:\n' + text)
    return program


class Paths(unittest.TestCase):
    """Addresses, on listings of other instruction sets."""

    def same(self, isa, text):
        """Whether the first and the last load of the listing are of one address."""
        program = listing(isa, text)
        found = program.sections[0].loads
        self.assertGreater(len(found), 1, [i.text for i in found])
        return program.same_address(found[0], found[-1])

    def test_aarch64(self):
        """A copy of the pointer, kept over a call; and one that has moved on."""
        code = '   0:\tmov\tx19, x0\n   4:\tldr\tx1, [x0]\n   8:\tbl\t100 <other>\n   c:\tldr\tx2, [x19{}]\n  10:\tret\n'
        self.assertTrue(self.same('aarch64', code.format('')))
        self.assertFalse(self.same('aarch64', code.format(', #8')))

    def test_call_loses_registers(self):
        """What a call may have changed is not the same."""
        self.assertFalse(self.same('aarch64', '   0:\tldr\tx1, [x2]\n   4:\tbl\t100 <other>\n   8:\tldr\tx3, [x2]\n   c:\tret\n'))

    def test_index(self):
        """A sum by another way is the same sum."""
        self.assertTrue(self.same('aarch64', '   0:\tldr\tx3, [x0, x1, lsl #3]\n   4:\tadd\tx4, x0, x1, lsl #3\n'
                                             '   8:\tldr\tx5, [x4]\n   c:\tret\n'))
        self.assertTrue(self.same('s390', '   0:\tsllg\t%r1,%r3,3\n   6:\tlg\t%r4,0(%r1,%r2)\n   c:\tagr\t%r2,%r1\n'
                                          '  10:\tlg\t%r5,0(%r2)\n  16:\tbr\t%r14\n'))
        self.assertTrue(self.same('riscv', '   0:\tslli\ta1,a1,0x3\n   2:\tadd\ta5,a0,a1\n   4:\tld\ta4,0(a5)\n'
                                           '   6:\taddi\ta5,a5,8\n   8:\tld\ta3,-8(a5)\n   a:\tret\n'))

    def test_stack(self):
        """A pointer that was put on the stack."""
        self.assertTrue(self.same('s390', '   0:\taghi\t%r15,-176\n   4:\tstg\t%r2,160(%r15)\n   a:\tlg\t%r1,0(%r2)\n'
                                          '  10:\tbrasl\t%r14,100 <other>\n  16:\tlg\t%r3,160(%r15)\n  1c:\tlg\t%r4,0(%r3)\n'
                                          '  22:\tbr\t%r14\n'))

    def test_aligned_stack(self):
        """A pointer on a stack that was aligned."""
        self.assertTrue(self.same('x86', '   0:\tand    $0xfffffffffffffff0,%rsp\n   4:\tmov    %rdi,0x8(%rsp)\n   8:\tmov    (%rdi),%rax\n'
                                         '   c:\tmov    0x8(%rsp),%rcx\n  10:\tmov    (%rcx),%rdx\n  14:\tret\n'))

    def test_variable(self):
        """A variable that is loaded twice, by an address from the GOT, is no entry."""
        self.assertFalse(self.same('s390', '   0:\tlgrl\t%r1,4f0 <f>\n\t\t\t2: R_390_GOTENT\tvmemmap+0x2\n   6:\tlg\t%r3,0(%r1)\n'
                                           '   c:\tlgrl\t%r4,4f0 <f>\n\t\t\te: R_390_GOTENT\tvmemmap+0x2\n  12:\tlg\t%r5,0(%r4)\n'
                                           '  18:\tbr\t%r14\n'))

    def test_not_on_one_path(self):
        """Loads of the same address on two ways that exclude each other."""
        self.assertFalse(self.same('riscv', '   0:\tbeqz\ta1,8 <f+0x8>\n   4:\tld\ta2,0(a0)\n   6:\tret\n'
                                            '   8:\tld\ta2,0(a0)\n   a:\tret\n'))

    def test_loop(self):
        """Only around a loop is no path: the first read comes first in each round."""
        self.assertFalse(self.same('riscv', '   0:\tj\t6 <f+0x6>\n   2:\tld\ta2,0(a0)\n   4:\tnop\n'
                                            '   6:\tld\ta3,0(a0)\n   8:\tbnez\ta3,2 <f+0x2>\n   a:\tret\n'))

    def test_again(self):
        """Nor is one that starts over between two ways that exclude each other."""
        self.assertFalse(self.same('riscv', '   0:\tbeqz\ta1,8 <f+0x8>\n   4:\tld\ta2,0(a0)\n   6:\tj\ta <f+0xa>\n'
                                            '   8:\tld\ta2,0(a0)\n   a:\tbnez\ta2,0 <f>\n   e:\tret\n'))

    def test_patched(self):
        """A branch that is patched away: what nothing leads to comes after it."""
        self.assertTrue(self.same('s390', '   0:\tlg\t%r1,0(%r2)\n   6:\tjg\t12 <f+0x12>\n   c:\tlg\t%r3,0(%r2)\n'
                                          '  12:\tbr\t%r14\n'))

    def test_targets(self):
        """Where a branch goes, by the name of llvm-objdump or where a label is not shown."""
        program = listing('loongarch', '   0:\tbeqz\t$a0, 8 <f+0x8>\n   4:\tret\n   8:\tld.d\t$a0, $a1, 0\n   c:\tb\t-4 <f+0x8>\n')
        self.assertEqual([[a for _, a in i.succ] for i in program.sections[0].insns], [[8, 4], [], [12], [8]])
        program = listing('riscv', '   0:\tbeqz\ta0,6 <.L1^B1>\n\t\t\t0: R_RISCV_BRANCH\t.L80\n   4:\tret\n\n'
                                   '0000000000000006 <.L1^B1>:\n   6:\tret\n')
        self.assertEqual([[a for _, a in i.succ] for i in program.sections[0].insns], [[6, 4], [], []])

    def test_sources(self):
        """Which load's value an instruction uses: also what it reads and writes, and not
        what it only writes."""
        program = listing('s390', '   0:\tlg\t%r1,0(%r2)\n   6:\tlg\t%r3,0(%r4)\n   c:\tnill\t%r1,61440\n  10:\tlgr\t%r1,%r3\n')
        insns = program.sections[0].insns
        self.assertEqual(program.sources([insns[2]]), [insns[0]])
        self.assertEqual(program.sources([insns[3]]), [insns[1]])

    def test_delay_slot(self):
        """What stands behind a branch is executed first."""
        self.assertTrue(self.same('sparc', '   0:\tldx\t[ %o0 ], %g1\n   4:\tbrz,pn\t%g1, 10 <f+0x10>\n   8:\tmov\t%o0, %g2\n'
                                           '   c:\tldx\t[ %g2 ], %g3\n  10:\tretl\n  14:\tnop\n'))

    def test_frames(self):
        """addr2line's answer: the innermost frame first, names as in the tree."""
        got = loads.parse_frames('0x0000000000000010\npmd_none\n/t/.out-x/../include/linux/pgtable.h:12\nf\n'
                                 '/t/.out-x/../mm/a.c:7 (discriminator 3)\n0x0000000000000014\n??\n??:0\n', '/t')
        self.assertEqual(got[16], [loads.Frame('pmd_none', 'include/linux/pgtable.h', 12), loads.Frame('f', 'mm/a.c', 7)])
        self.assertEqual(got[20][0].line, 0)


class Select(unittest.TestCase):
    """Which of the audit's findings are looked at."""

    def finding(self, **more):
        """One as the audit makes it."""
        return dict({'class': 'reread-plain', 'file': 'mm/a.c', 'line': 9, 'first_file': 'mm/a.c', 'first_line': 7,
                     'function': 'f', 'slot': 'pmd', 'chain': [], 'key': 'k'}, **more)

    def test_verdicts(self):
        """Fixed, open and new ones; no copies, which are no second read."""
        findings = [self.finding(key=k) for k in ('safe', 'open', 'fixed', 'new')]
        findings.append(self.finding(key='fixed', **{'class': 'stack-copy'}))
        got = loads.select(findings, {'safe': 'safe', 'open': 'open', 'fixed': 'fixed'})
        self.assertEqual([(r['key'], r['verdict']) for r in got], [('open', 'open'), ('fixed', 'fixed'), ('new', 'new')])

    def test_steps(self):
        """The chain from the finding's line on: ahead of it are the steps to the first."""
        chain = [{'file': 'h.h', 'line': 1, 'function': 'first', 'what': ''}, {'file': 'mm/a.c', 'line': 9, 'function': 'f', 'what': ''},
                 {'file': 'mm/a.c', 'line': 3, 'function': 'g', 'what': ''}]
        self.assertEqual(loads.select([self.finding(chain=chain)], {})[0]['steps'], [['f', 'mm/a.c', 9], ['g', 'mm/a.c', 3]])
        self.assertEqual(loads.select([self.finding(chain=chain[:1])], {})[0]['steps'], [])

    def test_architecture(self):
        """Other architectures' files are none of its objects."""
        reads = [self.finding(file=f) for f in ('mm/a.c', 'arch/x86/mm/b.c', 'arch/s390/mm/c.c', 'include/linux/d.h')]
        self.assertEqual(loads.objects_of(reads, 's390'), ['arch/s390/mm/c.o', 'mm/a.o'])


if __name__ == '__main__':
    unittest.main()
