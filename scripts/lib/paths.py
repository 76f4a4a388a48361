# SPDX-License-Identifier: GPL-2.0
"""Paths through the functions of an object, and the addresses that the loads on a path
have: for scripts/loads, which asks whether two loads are of the same address.

The registers are followed along one path, from the start of the function. What adds,
subtracts, shifts or moves is understood, and so is what is put on the stack and taken
from there; the result of any other instruction is a symbol that depends on what it
was made of. Addresses that come out equal are equal; others need not differ."""

import collections
import re
import subprocess

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

import objects

# What the program counter does. call: comes back; end: does not go on behind it;
# delay: the next instruction is executed first; saved: registers that a call leaves.
# reg: the name of a register. last: the destination is the last operand.
CPU = {
    'x86': dict(call=r'call', end=r'(jmp|ret|iret)', branch=r'j', last=True,
                saved=r'(rbx|rbp|rsp|r1[2-5])$'),
    'aarch64': dict(call=r'blr?\b', end=r'(b|br|ret|eret)$', branch=r'(b|b\.\w+|cbn?z|tbn?z)$',
                    saved=r'(x19|x2\d|sp)$', reg=r'(x\d+|w\d+|sp|wsp|xzr|wzr)$'),
    'arm': dict(call=r'blx?(?!t$|e$|s$)', end=r'(b|bx|b\.n)$', branch=r'b(?!ic|fi|fc|kpt|l$|lx$|x)',
                saved=r'(r[4-9]|r1[01]|sl|fp|sp)$', reg=r'(r\d+|sl|fp|ip|sp|lr|pc)$'),
    'riscv': dict(call=r'(jal|jalr|call)$', end=r'(j|jr|ret|tail)$', branch=r'(b\w+|j)$',
                  saved=r'(s\d+|sp|gp|tp|zero)$', reg=r'([ast]\d+|sp|gp|tp|ra|zero)$'),
    's390': dict(call=r'(brasl|basr|bras)$', end=r'(j|jg|br)$', branch=r'(j\w*|br(ct|xh|xle)\w*|c\w+j\w*)$',
                 saved=r'%r([6-9]|1[0-35])$', reg=r'%r\d+$'),
    'ppc': dict(call=r'(bl|bla|bctrl|blrl|bcl)$', end=r'(b|blr|bctr)$', branch=r'b(?!l$|la$|ctr|lr|cl|rw|rd|rh|perm)',
                saved=r'(r1|r2|r13|r1[4-9]|r2\d|r3[01])$', reg=r'r\d+$'),
    'mips': dict(call=r'(jal|jalr|bal|jalrc|balc)$', end=r'(b|j|jr|jrc|bc)$', branch=r'(b|j)', delay=r'(b(?!reak|alc|c$)|j)',
                 saved=r'(s\d|sp|gp|zero)$', reg=r'([avtsk]\d|s8|sp|gp|ra|zero|at)$'),
    'loongarch': dict(call=r'(bl|jirl)$', end=r'(b|jr|ret)$', branch=r'b(?!str|ytepick|reak|itrev)',
                      saved=r'\$(s\d|fp|sp|tp|r21|zero)$', reg=r'\$\w+$'),
    'sparc': dict(call=r'call$', end=r'(b|ba|retl?|return|jmp|rett)(,|$)', branch=r'(b(?!tst|set|clr|tog|mask|shuffle)|fb|cw?x?b)', delay=r'(b(?!tst|set|clr|tog|mask|shuffle)|fb|call|jmp|ret)',
                  saved=r'%([li]\d|sp|fp|g[0456])$', reg=r'%\w+$', last=True),
    'sh': dict(call=r'(jsr|bsrf?)$', end=r'(bra|rts|jmp|braf|rte)$', branch=r'(bra|b[tf](\.s|/s)?)$',
               delay=r'(jsr|bsrf?|bra|rts|jmp|braf|rte|b[tf][./]s)$', saved=r'r([89]|1[0-5])$', reg=r'r\d+$', last=True),
    'hppa': dict(call=r'(blr|be,l|bve,l|b,l|call)', end=r'(bv|be|bve)(?!,l)', branch=r'(b,|b$|cmpi?b|addi?b|bb|movi?b|addb)',
                 delay=r'(b|cmpi?b|addi?b|movi?b)', saved=r'(r[3-9]|r1[0-8]|sp|dp|r0|r30|r27)$',
                 reg=r'(r\d+|ret\d|arg\d|rp|sp|dp|sar)$', last=True),
    'm68k': dict(call=r'(jsr|bsr)', end=r'(bra|jmp|rts|jra)', branch=r'(b(?!tst|set|clr|chg|f)|j)', last=True,
                 saved=r'%(d[2-7]|a[2-6]|sp|fp)$', reg=r'%\w+$'),
}
MOVE = r'(mov|mv|mr|lgr|move|copy|movq|movabs)$'
ADD = r'(add|addi|addu|addiu|daddu|daddiu|add\.d|addi\.d|addu16i\.d|agr|aghi|agfi|agrk|aghik|algfi|algr|la|lay|ldo|adds|add\.w)$'
SUB = r'(sub|subu|dsubu|sub\.d|sgr|sgrk|slgr|slgfi|subs|subf)$'
SHIFT = r'(sll|slli|sllg|lsl|sldi|dsll|slli\.d|sllx|shll|shld)$'

Branch = collections.namedtuple('Branch', 'targets call end delay')


class Insn:
    """One instruction."""

    def __init__(self, section, address, text, function, start):
        self.section, self.address, self.text = section, address, text
        self.function, self.start, self.relocs = function, start, []
        self.mnemonic, _, self.args = re.sub(r'^(rep[a-z]* |lock |data16 |notrack |[cdefgs]s )+', '', text).partition(' ')
        # loads: from memory that may be a page table; entry: and is not likely a variable
        self.succ, self.loads, self.entry = [], False, False

    @property
    def place(self):
        """What names it."""
        return self.section, self.address


class Code:
    """A section of code."""

    def __init__(self, section):
        self.section, self.insns = section, []

    @property
    def loads(self):
        """Those that may load from a page table."""
        return [i for i in self.insns if i.loads]


def labelled(path):
    """The places of relocations to labels without a name that is of use, and what they
    refer to: with relaxation RISC-V's assemblers leave all branches to the linker."""
    out = {}
    with open(path, 'rb') as f:
        elf = ELFFile(f)
        sections = list(elf.iter_sections())
        table = elf.get_section_by_name('.symtab')
        symbols = list(table.iter_symbols()) if table else []
        for s in sections:
            if not isinstance(s, RelocationSection) or not s.is_RELA():
                continue
            code = sections[s['sh_info']]
            if not code['sh_flags'] & SH_FLAGS.SHF_EXECINSTR:
                continue
            for r in s.iter_relocations():
                y = symbols[r['r_info_sym']]
                if y.name.startswith('.L') and y['st_shndx'] == s['sh_info'] and not r['r_addend']:
                    out[code.name, r['r_offset']] = code.name, y['st_value']
    return out


def base(name):
    """A function's name, also of the part that the compiler moved elsewhere."""
    return name.removesuffix('.cold') if not re.search(r'\.cold\.\d+$', name) else name[:name.rindex('.cold')]


class Program:
    """The code of an object."""

    def __init__(self, objdump, path):
        self.isa = objects.isa_of(path)
        self.narrow = objects.machine_of(path) == 'EM_386'
        if self.isa not in CPU:
            raise ValueError(f'{path}: nothing is known of its instructions')
        text = subprocess.run([objdump, '-d', '-r', '--no-show-raw-insn', path], check=True,
                              stdout=subprocess.PIPE, text=True, errors='replace').stdout
        self.labelled = labelled(path)
        self.parse(text)
        self.jump_labels(subprocess.run([objdump, '-r', '-j', '__jump_table', path], check=False, text=True, errors='replace',
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)

    def parse(self, text):
        """What objdump -d -r says."""
        self.cpu = CPU[self.isa]
        self.sections, self.functions, self.labels, self.at = [], {}, {}, {}
        self.labelled = getattr(self, 'labelled', {})
        self.cache, self.used = {}, {}
        code, function, start, insn = None, '', 0, None
        for line in text.splitlines():
            m = re.match(r'Disassembly of section (\S+):', line)
            if m:
                code, function, start = Code(m[1]), '', 0
                self.sections.append(code)
                continue
            m = re.match(r'^([0-9a-f]+) <(.+)>:$', line)
            if m:
                self.labels[m[2]] = (code.section, int(m[1], 16))
                if m[2] == code.section and m[2] != '.text':
                    function, start = '', int(m[1], 16)  # it has no symbols
                elif not re.match(r'\.L|\$|L\d', m[2]):
                    function, start = m[2], int(m[1], 16)
                    self.functions[function] = self.labels[function]
                continue
            m = objects.RELOC.match(line)
            if m and insn:
                insn.relocs.append(f'{m[1]} {m[2]}'.strip())
                continue
            m = re.match(r'^\s*([0-9a-f]+):\s+(.*\S)', line)
            if m and code:
                text = re.sub(r'\s*(//|;|#(?=\s)).*$', '', re.sub(r'\s+', ' ', m[2]))
                insn = Insn(code.section, int(m[1], 16), text, function, start)
                code.insns.append(insn)
                self.at[insn.place] = insn
        for code in self.sections:
            for name in dict.fromkeys(i.function for i in code.insns):
                body = [i for i in code.insns if i.function == name]
                text = [(i.text, i.relocs) for i in body]
                for insn, kind, every in zip(body, objects.kinds(text, self.isa), objects.kinds(text, self.isa, True)):
                    insn.entry, insn.loads = bool(kind[0]), bool(every[0])
            self.connect(code.insns)

    # ---- where it goes ----

    def target(self, insn):
        """The place that a branch goes to, if it is in this object."""
        if insn.place in self.labelled:
            return self.labelled[insn.place]
        for reloc in insn.relocs:
            m = re.match(r'(R_\S+) ([^\s+]+?)([-+]0x[0-9a-f]+)?$', reloc)
            if not m:
                continue
            offset = int(m[3] or '0', 16)
            if self.isa == 'x86':
                offset += 4  # from the end of the instruction
            section, address = self.labels.get(m[2], (m[2], 0))
            if (section, address + offset) in self.at:
                return section, address + offset
            if m[2].startswith('.L') and m[2] not in self.labels:
                break  # it shares its place with another one, whose name is shown
            if m[1] not in ('R_RISCV_RELAX', 'R_LARCH_RELAX', 'R_LARCH_ALIGN', 'R_RISCV_ALIGN'):
                return None
        m = re.search(r'(?:0x)?([0-9a-f]+) <([^>+]*)(?:\+0x([0-9a-f]+))?>', insn.args)
        if not m:
            return None
        section, address = self.labels.get(m[2], (insn.section, 0))
        # The number may be that of the place or, by llvm-objdump, how far away it is.
        for place in (section, address + int(m[3] or '0', 16)), (insn.section, int(m[1], 16)):
            if place in self.at and (m[2] in self.labels or place[1] == int(m[1], 16)):
                return place
        return None

    def branch(self, insn):
        """What an instruction does to the flow of the code."""
        cpu, m = self.cpu, insn.mnemonic
        call = bool(re.match(cpu['call'], m))
        end = not call and bool(re.match(cpu['end'], m)) and insn.text != 'br %r0'
        if self.isa == 'arm' and m in ('pop', 'ldm', 'ldmfd', 'ldmia') and 'pc' in insn.args:
            end = True
        if self.isa == 'hppa' and m.startswith('b,l'):
            call = not re.search(r',r0$', insn.args)
            end = not call
        targets = []
        if not call and (end or re.match(cpu['branch'], m)):
            place = self.target(insn)
            # Not to another function: that does not come back.
            if place and (not self.at[place].function or not insn.function or
                          base(self.at[place].function) == base(insn.function)):
                targets = [place]
        delay = 'delay' in cpu and bool(re.match(cpu['delay'], m)) and ',a' not in m[:8] or \
            self.isa == 'sparc' and ',a' in m and not end
        return Branch(targets, call, end, delay)

    def connect(self, insns):
        """The edges of a section's code."""
        following = [i.place for i in insns[1:]] + [None]
        waiting = None
        for insn, after in zip(insns, following):
            flow = self.branch(insn)
            go_on = [after] if after and not flow.end else []
            if flow.delay and after:
                insn.succ = [after]
                if re.search(r',n\b|,a|l$', insn.mnemonic):
                    # The next one may be skipped.
                    insn.succ = [after] + flow.targets
                delayed = flow.targets, flow.end
            else:
                insn.succ = flow.targets + go_on
                delayed = None
            if waiting is not None:
                # This one is executed before the branch ahead of it goes.
                targets, end = waiting
                insn.succ = targets + ([] if end else insn.succ)
            waiting = delayed
        # The compiler leaves no dead code: what nothing leads to is where a branch is
        # patched away, or one of a table goes.
        reached = {place for i in insns for place in i.succ}
        for before, insn in zip(insns, insns[1:]):
            if insn.place not in reached and insn.function == before.function:
                before.succ.append(insn.place)

    def jump_labels(self, text):
        """The branches that are patched in at run time: triples of code, target, key."""
        places = []
        for line in text.splitlines():
            m = re.match(r'[0-9a-f]+\s+R_\S+\s+(\S+?)([-+]0x[0-9a-f]+)?$', line)
            if m and not re.search(r'_SUB\d+\s', line):
                section, address = self.labels.get(m[1], (m[1], 0))
                places.append((section, address + int(m[2] or '0', 16)))
        for source, target in zip(places, places[1:]):
            if source in self.at and target in self.at and target not in self.at[source].succ:
                self.at[source].succ.append(target)

    def forward(self, start):
        """The edges from a place on, without those that close a loop."""
        if start in self.cache:
            return self.cache[start]
        edges, state, todo = collections.defaultdict(list), {}, [(start, iter(self.at[start].succ))]
        state[start] = 1
        while todo:
            place, rest = todo[-1]
            for after in rest:
                if state.get(after) == 1:
                    continue
                edges[place].append(after)
                if after not in state:
                    state[after] = 1
                    todo.append((after, iter(self.at[after].succ)))
                    break
            else:
                state[place] = 2
                todo.pop()
        self.cache[start] = edges
        return edges

    @staticmethod
    def path(edges, start, goal, without=()):
        """The shortest one, start and goal included, or None."""
        before, todo = {start: None}, collections.deque([start])
        while todo:
            place = todo.popleft()
            if place == goal:
                out = []
                while place is not None:
                    out.append(place)
                    place = before[place]
                return out[::-1]
            for after in edges.get(place, ()):
                if after not in before and after not in without:
                    before[after] = place
                    todo.append(after)
        return None

    def ways(self, first, second):
        """Some paths that execute both, in this order: each with the index of first."""
        start = self.functions.get(base(first.function), first.place)
        edges = self.forward(start)
        lead = self.path(edges, start, first.place)
        if lead is None:
            return
        tail, without = self.path(edges, first.place, second.place), set()
        for _ in range(4):
            if tail is None or len(tail) < 2:
                return
            yield lead + tail[1:], len(lead) - 1
            # Another one, around the middle of this one
            without.add(tail[len(tail) // 2])
            tail = self.path(edges, first.place, second.place, without - {second.place})

    def addresses(self, first, second):
        """Pairs of the addresses that both load from, on some paths."""
        for way, index in self.ways(first, second):
            machine = Machine(self.isa, self.cpu, self.narrow)
            one = None
            for i, place in enumerate(way):
                address = machine.step(self.at[place])
                if i == index:
                    one = address
                    machine.mark = machine.loaded
            if one is not None and address is not None:
                yield machine, one, address

    def same_address(self, first, second):
        """Whether there is a path on which both load from the same address."""
        if base(first.function) != base(second.function):
            return False
        return any(a == b and not m.is_global(a) for m, a, b in self.addresses(first, second))

    def sources(self, insns):
        """For each of these instructions the last load that it uses the value of, on the
        shortest path to it."""
        out = []
        for insn in insns:
            if insn.place not in self.used:
                self.used[insn.place] = None
                start = self.functions.get(base(insn.function), insn.place)
                way = self.path(self.forward(start), start, insn.place)
                machine = Machine(self.isa, self.cpu, self.narrow)
                for place in (way or [])[:-1]:
                    machine.step(self.at[place])
                loads = [i for i in machine.used(insn) if i.loads]
                if loads:
                    self.used[insn.place] = loads[-1]
            if self.used[insn.place] and self.used[insn.place] not in out:
                out.append(self.used[insn.place])
        return out

    def uses(self, load, insn):
        """Whether there is a path on which the instruction uses the value of the load."""
        start = self.functions.get(base(load.function), load.place)
        edges = self.forward(start)
        lead, tail = self.path(edges, start, load.place), self.path(edges, load.place, insn.place)
        if lead is None or tail is None:
            return False
        machine = Machine(self.isa, self.cpu, self.narrow)
        for place in lead + tail[1:-1]:
            machine.step(self.at[place])
        return load in machine.used(insn)

    def leads(self, first, second):
        """Whether there is a path from the first instruction to the second."""
        start = self.functions.get(base(first.function), first.place)
        edges = self.forward(start)
        return self.path(edges, first.place, second.place) is not None

    def below(self, first, second):
        """Whether the second one's address is made from what the first one loads."""
        return any(m.mark in m.made_of(b) for m, _, b in self.addresses(first, second))

    def differs(self, firsts, second):
        """Whether the second one's address is made from what the first one loads, is that
        of a variable, or at another offset, in a structure, than that of the first: so
        that it is not the address of the first."""
        seen = False
        for first in firsts:
            for machine, a, b in self.addresses(first, second):
                seen = True
                if not (machine.mark in machine.made_of(b) or machine.is_global(b) or
                        (a[1] == b[1] or len(b[1]) == 1) and a[0] != b[0]):
                    return False
        return seen


# ---- what the registers hold ----

def number(text):
    """An immediate operand, or None."""
    m = re.match(r'[$#]?(-?)(0x[0-9a-f]+|\d+)$', text.strip())
    return (-1 if m[1] else 1) * int(m[2], 0) if m else None


class Machine:
    """Values are sums: (constant, ((symbol, factor), ...))."""

    def __init__(self, isa, cpu, narrow=False):
        self.isa, self.cpu, self.narrow = isa, cpu, narrow
        self.table = objects.ISA[isa]
        self.regs, self.stack = {}, {}
        self.symbols, self.names, self.count = {}, [], 0
        self.globals = set()
        self.loaded = self.mark = None
        self.loaders = {}  # symbol of what was loaded → the instruction
        self.sp = {'x86': 'rsp', 's390': '%r15', 'ppc': 'r1', 'sparc': '%sp', 'sh': 'r15', 'loongarch': '$sp',
                   'm68k': '%sp'}.get(isa, 'sp')

    # values

    def symbol(self, *name, known=False):
        """A value of which nothing is known but how it is named."""
        if name not in self.symbols:
            self.symbols[name] = len(self.names)
            self.names.append(name)
            if known:
                self.globals.add(self.symbols[name])
        return 0, ((self.symbols[name], 1),)

    def new(self, *what):
        """A value that is like no other."""
        self.count += 1
        return self.symbol('new', self.count, *what)

    @staticmethod
    def add(a, b, factor=1):
        """The sum of a and factor times b."""
        terms = dict(a[1])
        for s, n in b[1]:
            terms[s] = terms.get(s, 0) + n * factor
        return a[0] + b[0] * factor, tuple(sorted((s, n) for s, n in terms.items() if n))

    def scaled(self, a, factor):
        """factor times a"""
        return self.add((0, ()), a, factor)

    def made_of(self, value):
        """The symbols that went into it."""
        out, todo = set(), [s for s, _ in value[1]]
        while todo:
            s = todo.pop()
            if s not in out:
                out.add(s)
                for part in self.names[s]:
                    if isinstance(part, tuple):
                        todo += [x for x, _ in part[1]]
        return out

    def is_stack(self, address):
        """Whether it is the stack pointer of the function's start and a constant, or
        what the stack was aligned to."""
        return len(address[1]) == 1 and self.names[address[1][0][0]] in (('in', self.sp), ('aligned',))

    def is_global(self, value):
        """Whether it depends on nothing but variables' addresses."""
        return all(s in self.globals for s, _ in value[1])

    def reg(self, name):
        """What a register holds."""
        name = self.canonical(name)
        if name in ('zero', 'xzr', '$zero', '%g0', 'r0') and not (name == 'r0' and self.isa in ('ppc', 'arm', 'sh')):
            return 0, ()
        if name not in self.regs:
            self.regs[name] = self.symbol('in', name)
        return self.regs[name]

    def canonical(self, name):
        """One name for the parts of a register."""
        if self.isa == 'x86':
            name = name.lstrip('%')
            m = re.match(r'(r\d+)[dwb]?$', name)
            if m:
                return m[1]
            m = re.match(r'[re]?([abcd])[xlh]$', name)
            if m:
                return f'r{m[1]}x'
            m = re.match(r'[re]?(si|di|bp|sp)l?$', name)
            return f'r{m[1]}' if m else name
        if self.isa == 'aarch64' and re.match(r'w(\d|zr|sp)', name):
            return 'sp' if name == 'wsp' else 'x' + name[1:]
        return {'sparc': {'%o6': '%sp', '%i6': '%fp'}, 'mips': {'fp': 's8'}, 'arm': {'r11': 'fp', 'r13': 'sp'},
                'hppa': {'r30': 'sp', 'r27': 'dp', 'r2': 'rp'}}.get(self.isa, {}).get(name, name)

    def is_reg(self, text):
        """Whether the operand is a register and nothing else."""
        if self.isa == 'x86':
            return text.startswith('%') and '(' not in text and ':' not in text
        return bool(re.match(self.cpu['reg'], text))

    def is_memory(self, text):
        """Whether the operand is in memory."""
        if self.isa == 'x86':
            return not text.startswith(('%', '$', '*')) and '(' in text or bool(re.match(r'%[fg]s:', text)) or \
                bool(re.match(r'-?0x[0-9a-f]+$', text))
        if self.isa in ('aarch64', 'arm', 'sparc'):
            return text.startswith('[')
        if self.isa == 'sh':
            return text.startswith('@')
        return '(' in text

    def set(self, name, value):
        """Put a value into a register."""
        self.regs[self.canonical(name)] = value

    # operands

    def address(self, text, relocs=()):
        """The value of a memory operand's address; what it changes on the way."""
        out = (0, ())
        for r in relocs:
            out = self.add(out, self.symbol('var', r, known=True))
        if self.isa == 'x86':
            m = re.match(r'(?:%([fg]s):)?(-?(?:0x)?[0-9a-f]*)(?:\(([^,)]*)(?:,([^,)]+)(?:,(\d))?)?\))?', text)
            if m[1]:
                out = self.add(out, self.symbol('segment', m[1], known=True))
            if m[2] and m[2] != '-':
                out = self.add(out, (int(m[2], 16), ()))
            if m[3] in ('%rip', '%eip'):
                return out
            if m[3]:
                out = self.add(out, self.reg(m[3]))
            if m[4]:
                out = self.add(out, self.reg(m[4]), int(m[5] or 1))
            return out
        if self.isa == 's390':
            m = re.match(r'(-?\d+)\(([^)]*)\)', text)
            return self.total([m[1], *m[2].split(',')], out) if m else out
        if self.isa == 'sh':
            return self.total(re.findall(r'[-\w]+', text.strip('@-+')), out)
        if self.isa in ('aarch64', 'arm', 'sparc'):
            inner = text.strip('[]! ').replace(']', '')
            if self.isa == 'sparc':
                inner = re.sub(r'\s*\+\s*', ',', inner).replace(' - ', ',-')
                return self.total(inner.split(','), out)
            parts = [p.strip() for p in inner.split(',')]
            return self.shifted(parts, out)
        m = re.match(r'(.*?)\((?:sr\d,)?([^)]*)\)', text)
        return self.total([m[1], m[2]], out) if m else out

    def shifted(self, parts, out):
        """The sum of operands, of which the last may be shifted: x1, x2, lsl #3"""
        factor = 1
        if len(parts) > 2 and (m := re.match(r'lsl #(\w+)$', parts[-1])):
            factor, parts = 1 << int(m[1], 0), parts[:-1]
        elif len(parts) > 2 and re.match(r'[a-z]+( #\w+)?$', parts[-1]) and not self.is_reg(parts[-1]):
            return self.symbol('op', ' '.join(parts), *(self.reg(p) for p in parts if self.is_reg(p)))
        for i, part in enumerate(parts):
            last = i == len(parts) - 1 and i > 0
            out = self.add(out, self.value(part), factor if last else 1)
        return out

    def total(self, parts, out):
        """The sum of these."""
        for part in parts:
            part = part.strip()
            if part and not (part == '%r0' and self.isa == 's390'):
                out = self.add(out, self.value(part))
        return out

    def value(self, text):
        """A register or a constant."""
        n = number(text)
        if n is not None:
            return n, ()
        if self.is_reg(text):
            return self.reg(text)
        return self.symbol('text', text)

    def read(self, address):
        """What memory holds there."""
        self.loaded = None
        if self.is_stack(address):
            return self.stack.setdefault(address, self.new('stack'))
        if self.is_global(address):
            return self.symbol('variable', address, known=True)
        value = self.new('load', address)
        self.loaded = value[1][0][0]
        return value

    def write(self, address, value):
        """Only the stack is remembered."""
        if self.is_stack(address):
            self.stack[address] = value

    # instructions

    def step(self, insn):
        """Execute it; return the address that it loads from, if it does, and that is
        not the stack."""
        self.loaded = None
        if re.match(self.cpu['call'], insn.mnemonic) and not (
                self.isa == 'hppa' and insn.args.endswith(',r0')):
            self.clobber()
            return None
        address = self.step_x86(insn) if self.isa == 'x86' else self.step_risc(insn)
        if self.loaded is not None:
            self.loaders[self.loaded] = insn
        return address

    def used(self, insn):
        """The instructions whose loads went into what this one uses, in their order."""
        ops = [re.sub(r'\s*<.*>$', '', o.strip()) for o in objects.operands(insn.args)]
        # What it writes, and does not read as well
        pure = {'x86': r'mov|lea', 's390': r'l|risb', 'sh': r'mov', 'm68k': r'mov|lea'}.get(
            self.isa, r'(?!cmp|tst|test|ccm|b|st|s[bhwd]$|cb|tb|t[wd])')
        if len(ops) > 2 and self.isa == 's390' and not insn.mnemonic.startswith('c'):
            pure = r''
        last = -1 if self.cpu.get('last') else 0
        if ops and re.match(pure, insn.mnemonic) and self.is_reg(ops[last]):
            ops.pop(last)
        found = set()
        for op in ops:
            for name in re.findall(r'[%$]?\w+', op):
                if self.is_reg(name):
                    found |= self.made_of(self.reg(name))
        return [self.loaders[s] for s in sorted(found) if s in self.loaders]

    def clobber(self):
        """A call: other registers hold something else."""
        self.count += 1
        generation = self.count
        keep = {r: v for r, v in self.regs.items() if re.match(self.cpu['saved'], r)}
        machine = self

        class After(dict):
            """Registers that nobody has written since."""

            def __contains__(self, name):
                return True

            def __missing__(self, name):
                if re.match(machine.cpu['saved'], name):
                    value = machine.symbol('in', name)
                else:
                    value = machine.symbol('call', generation, name)
                self[name] = value
                return value
        self.regs = After(keep)

    def step_x86(self, insn):
        """One instruction of x86."""
        m, ops = insn.mnemonic, [o.strip() for o in objects.operands(insn.args)] if insn.args else []
        ops = [re.sub(r' <.*>$', '', o) for o in ops]
        if re.match(r'(j|nop|ret|ud|pause|[lms]fence|endbr|prefetch|invl)', m):
            return None
        if m.startswith('lea') and m != 'leave':
            self.set(ops[-1], self.address(ops[0], insn.relocs))
            return None
        if m.startswith('push'):
            self.set('rsp', self.add(self.reg('rsp'), (-8, ())))
            self.write(self.reg('rsp'), self.reg(ops[0]) if self.is_reg(ops[0]) else self.new())
            return None
        if m.startswith('pop'):
            self.set(ops[0], self.read(self.reg('rsp')))
            self.set('rsp', self.add(self.reg('rsp'), (8, ())))
            return None
        if m.startswith('leave'):
            self.set('rsp', self.add(self.reg('rbp'), (8, ())))
            self.set('rbp', self.new())
            return None
        if re.match(r'(rep|stos|movs[bwlq]$|mul|imul[lq]?$|i?div|cmpxchg|xchg|xadd|cqto|cltd|rdmsr|rdtsc|cpuid)', m) and \
                not (m.startswith('imul') and len(ops) > 1):
            found = next((self.address(o, insn.relocs) for o in ops if self.is_memory(o)), None)
            for r in ['rax', 'rdx'] + ['rcx', 'rsi', 'rdi'] * m.startswith(('rep', 'stos', 'movs')) + \
                    [self.canonical(o) for o in ops if self.is_reg(o)]:
                self.set(r, self.new())
            return found if found and not self.is_stack(found) else None
        found, values = None, []
        only_read = re.match(self.table['only_read'], m)
        stores = bool(ops) and self.is_memory(ops[-1]) and not only_read
        for i, o in enumerate(ops):
            if self.is_memory(o):
                where = self.address(o, insn.relocs)
                if stores and i == len(ops) - 1 and re.match(r'(mov|set)', m):
                    self.write(where, values[0] if values and re.match(r'movq?$', m) else self.new())
                    return None
                values.append(self.read(where))
                if not self.is_stack(where):
                    found = where
            elif self.is_reg(o):
                values.append(self.reg(o))
            else:
                values.append((number(o) or 0, ()) if not insn.relocs else self.symbol('var', *insn.relocs, known=True))
        if not ops or only_read or stores:
            if stores:
                self.write(where, self.new())
            return found
        wide = bool(re.match(r'%(r[a-ds][xpi]|r[sb]p|r\d+)$', ops[-1]))
        dest = values[-1]
        if m.startswith('and') and ops[-1] == '%rsp':
            result = self.symbol('aligned')
        elif re.match(r'mov(abs)?q?$', m) and wide:
            result = values[0]
        elif re.match(r'addq?$', m) and wide and len(ops) == 2:
            result = self.add(dest, values[0])
        elif re.match(r'subq?$', m) and wide and len(ops) == 2:
            result = self.add(dest, values[0], -1)
        elif re.match(r'incq?$', m) and wide:
            result = self.add(dest, (1, ()))
        elif re.match(r'decq?$', m) and wide:
            result = self.add(dest, (-1, ()))
        elif re.match(r'(shl|sal)q?$', m) and wide and (len(ops) == 1 or ops[0].startswith('$')):
            result = self.scaled(dest, 1 << (values[0][0] if len(ops) == 2 else 1))
        elif re.match(r'xor[lq]?$', m) and len(ops) == 2 and ops[0] == ops[1]:
            result = (0, ())
        elif re.match(r'(cmov|set|sbb|adc|in|out|rd)', m):
            result = self.new(*values)
        elif re.match(r'movl?$', m):
            # 32 bits of it, or all of a register of 32 bits
            result = values[0] if self.narrow or not values[0][1] else self.symbol('op', '32', values[0])
        elif self.narrow and re.match(r'(add|sub)l?$', m) and len(ops) == 2:
            result = self.add(dest, values[0], -1 if m.startswith('sub') else 1)
        elif re.match(r'mov', m):
            result = self.symbol('op', m, ops[-1][-1], values[0])
        else:
            result = self.symbol('op', m, len(ops), str(number(ops[0])), ops[-1], *values)
        self.set(ops[-1], result)
        return found

    def step_risc(self, insn):
        """One instruction of the others, that load, store, or compute."""
        m, isa = insn.mnemonic, self.isa
        ops = [re.sub(r'\s*<.*>$', '', o.strip()) for o in objects.operands(insn.args)] if insn.args else []
        if not ops:
            return None
        t = self.table
        matched = insn.text if isa == 'sh' else m
        loads, stores = bool(re.match(t['load'], matched)), bool(re.match(t['store'], matched))
        if isa == 'arm' and m in ('push', 'stmdb', 'stmfd', 'pop', 'ldm', 'ldmia', 'ldmfd', 'stm', 'stmia'):
            n = len(re.findall(r'\w+', insn.args)) - (m not in ('push', 'pop'))
            if m in ('push', 'pop') or ops[0].startswith('sp'):
                self.set('sp', self.add(self.reg('sp'), ((-4 if m in ('push', 'stmdb', 'stmfd') else 4) * n, ())))
            for r in re.findall(r'r\d+|sl|fp|ip|lr', insn.args.partition('{')[2]) if m in ('pop', 'ldm', 'ldmia', 'ldmfd') else []:
                self.set(r, self.new())
            return None
        where = self.where(insn, ops, loads, stores)
        if where is not None and (loads or stores):
            return self.transfer(insn, ops, where, loads)
        if re.match(self.cpu['branch'], m) or re.match(self.cpu['end'], m) or self.no_result(m):
            return None
        self.compute(insn, ops)
        return None

    def where(self, insn, ops, loads, stores):
        """The address of a load or store, or None."""
        isa, m = self.isa, insn.mnemonic
        relocs = [r for r in insn.relocs if not re.match(r'R_\S*(RELAX|ALIGN)\b', r)]
        for i, o in enumerate(ops):
            if self.is_memory(o):
                address = self.address(o, relocs)
                if isa in ('aarch64', 'arm'):
                    base_reg = re.match(r'\[(\w+)', o)[1]
                    if o.endswith('!'):
                        self.set(base_reg, address)
                    elif i + 1 < len(ops) and o.endswith(']'):
                        self.set(base_reg, self.add(self.reg(base_reg), self.value(ops[i + 1])))
                elif isa == 'sh' and o.endswith('+'):
                    self.set(o.strip('@+'), self.add(self.reg(o.strip('@+')), (4, ())))
                elif isa == 'sh' and o.startswith('@-'):
                    reg = o[2:]
                    self.set(reg, self.add(self.reg(reg), (-4, ())))
                    address = self.reg(reg)
                elif isa == 'ppc' and re.match(r'(l|st)\w+u$', m):
                    self.set(re.search(r'\((\w+)\)', o)[1], address)
                elif isa == 'hppa' and re.search(r',m[ab]?\b', m):
                    self.set(re.search(r'\(([^)]*)\)', o)[1], self.new())
                return address
        if not loads and not stores:
            return None
        if isa == 's390' and re.match(r'(lgrl|lgfrl|lrl|llgfrl|stgrl|strl)', m):
            return self.symbol('var', *insn.relocs, known=True)
        if isa == 'ppc' and len(ops) == 3 and re.search(r'x$', m):
            return self.add(self.reg(ops[2]), (0, ()) if ops[1] in ('0', 'r0') else self.reg(ops[1]))
        if isa == 'loongarch' and len(ops) == 3:
            return self.total(ops[1:], (0, ()))
        return None

    def transfer(self, insn, ops, where, loads):
        """A load or a store."""
        m, isa = insn.mnemonic, self.isa
        regs = [o for o in ops if self.is_reg(o)]
        if not loads:
            if isa == 's390' and m.startswith('stm') and len(regs) >= 2:
                self.multiple(regs, where, store=True)
            elif isa == 'aarch64' and m == 'stp' and len(regs) >= 2:
                self.write(where, self.reg(regs[0]))
                self.write(self.add(where, (8, ())), self.reg(regs[1]))
            elif regs:
                self.write(where, self.reg(regs[0]))
            return None
        if isa == 's390' and m.startswith('lm') and len(regs) >= 2:
            self.multiple(regs, where, store=False)
            return None if self.is_stack(where) else where
        if isa == 'aarch64' and m in ('ldp', 'ldpsw') and len(regs) >= 2:
            self.set(regs[1], self.read(self.add(where, (8, ()))))
            self.set(regs[0], self.read(where))
            return None if self.is_stack(where) else where
        value = self.read(where)
        if re.match(r'(t|c|st|oc|nc|xc)', m) and isa == 's390':
            pass  # compares, or works in memory
        elif regs:
            dest = regs[-1] if self.cpu.get('last') else regs[0]
            plain = re.match(r'(ldr|ldar|ldapr|ldur|ld|lg|ltg|l|lw|lwz|ldx|ldd|ldw|ld\.d|ld\.w|lwx|lwzx|mov\.l|ldax?r)$', m)
            self.set(dest, value if plain else self.symbol('op', m, value, self.reg(dest)))
        return None if self.is_stack(where) else where

    def multiple(self, regs, where, store):
        """stmg, lmg"""
        a, b = (int(r.strip('%r')) for r in regs[:2])
        for i, n in enumerate(range(a, (b if b >= a else b + 16) + 1)):
            at = self.add(where, (8 * i, ()))
            if store:
                self.write(at, self.reg(f'%r{n % 16}'))
            else:
                self.set(f'%r{n % 16}', self.read(at))

    def no_result(self, m):
        """Whether it changes no register."""
        return bool(re.match({'s390': r'(c|t|j|nop|mc|ts|pfd|bcr|b)', 'aarch64': r'(cmp|cmn|tst|ccmp|nop|dsb|dmb|isb|brk|prfm|hint|bti|msr|tlbi|dc)',
                              'arm': r'(cmp|cmn|tst|teq|nop|dsb|dmb|isb|udf|pld|mcr|bkpt)', 'riscv': r'(fence|nop|ebreak|ecall|csr[wsc]i?$|sfence|unimp)',
                              'ppc': r'(cmp|tw|td|nop|sync|isync|lwsync|eieio|mt|dcb|trap|cr)', 'mips': r'(nop|sync|break|t(eq|ne|ge|lt)|pref|ehb|cache)',
                              'loongarch': r'(nop|dbar|ibar|break|preld|b)', 'sparc': r'(cmp|nop|membar|tst|t[a-z]+|flush|prefetch|wr)',
                              'sh': r'(cmp|tst|nop|synco|pref|trapa|ldc|lds|clr|set[ts]|div0)', 'hppa': r'(nop|cmpclr|sync|break|cmp|mt|p[di]tlb|f)',
                              'm68k': r'(cmp|tst|btst|nop|trap)'}[self.isa], m))

    def compute(self, insn, ops):
        """An instruction that computes."""
        m, isa, last = insn.mnemonic, self.isa, self.cpu.get('last')
        if isa == 'sparc' and m == 'save':
            sp = self.total(ops[:2], (0, ()))
            outs = [self.reg(f'%o{i}') for i in range(6)] + [self.reg('%sp')]
            for i in range(8):
                self.set(f'%l{i}', self.new())
                self.set(f'%o{i}', self.new())
            for i in range(6):
                self.set(f'%i{i}', outs[i])
            self.set('%fp', outs[6])
            self.set('%sp', sp)
            return
        dest = ops[-1] if last else ops[0]
        sources = ops[:-1] if last else ops[1:]
        if not self.is_reg(dest):
            return
        relocs = [r for r in insn.relocs if not re.match(r'R_\S*(RELAX|ALIGN)\b', r)]
        two = not sources or len(sources) == 1 and (isa in ('s390', 'sh', 'm68k') or isa == 'arm' and not re.match(MOVE, m))
        old = self.reg(dest)
        narrow = isa == 'aarch64' and dest.startswith('w')
        values = [self.value(s) for s in sources if not self.is_memory(s)]
        if relocs:
            values = [self.reg(s) for s in sources if self.is_reg(s)]
            result = self.symbol('op', m, *relocs, *values, known=all(map(self.is_global, values)))
        elif narrow:
            result = self.symbol('op', insn.text.replace(dest, '', 1), *values)
        elif re.match(MOVE, m) and len(sources) == 1:
            result = values[0] if values else self.new()
        elif isa in ('s390', 'hppa') and re.match(r'(lay?|ldo)$', m):
            result = self.address(sources[0])
        elif isa == 'sh' and m == 'add':
            result = self.add(old, values[0])
        elif re.match(ADD, m) and isa in ('aarch64', 'arm') and len(sources) >= 2:
            result = self.shifted(sources, (0, ()))
        elif re.match(ADD, m) and values:
            result = self.total(sources, old if two else (0, ()))
        elif re.match(SUB, m) and len(values) == 2 and isa not in ('aarch64', 'arm') or \
                re.match(SUB, m) and len(sources) == 2 and isa in ('aarch64', 'arm'):
            a, b = values if m != 'subf' else values[::-1]
            result = self.add(a, b, -1)
        elif re.match(SUB, m) and two and values:
            result = self.add(old, values[0], -1)
        elif re.match(SHIFT, m) and sources and (isa != 's390' or m == 'sllg') and (n := number(sources[-1])) is not None:
            result = self.scaled(values[0] if len(values) > 1 else old, 1 << n)
        elif isa == 'mips' and m == 'or' and 'zero' in sources or isa == 'loongarch' and m == 'or' and '$zero' in sources:
            result = self.total(sources, (0, ()))
        elif re.match(r'(csel|csinc|cset|move?qz|slct|isel|mov[nz]|mask(eq|ne)z|loc)', m):
            result = self.new(*values)
        else:
            result = self.symbol('op', m, *[s for s in sources if not self.is_reg(s)], *values, *([old] if two else []))
        self.set(dest, result)
