# SPDX-License-Identifier: GPL-2.0
"""Kernel objects as scripts/codegen sees them: equal or not, how much text,
the disassembly of their functions, the loads and stores in it."""

import bisect
import functools
import hashlib
import re
import subprocess

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.constants import SH_FLAGS

# What the compiler, the linker script or __COUNTER__ number: CSWTCH.703,
# fn.isra.0, __UNIQUE_ID_x_12, __initcall__kmod_x__123_45_fn6 (12, 123: a
# counter, 45: the line, in the name of a symbol only).
NUMBERS = [
    (re.compile(r'((?:__UNIQUE_ID_|___?ADDRESSABLE_)\w*?)\d+\b'), r'\1N'),
    (re.compile(r'(__initcall__\w+?__)\d+_\d+_'), r'\1N_N_'),
    (re.compile(r'\.\d+(?=$|\.|[^\w.])'), '.N'),
]


def norm(name):
    for pattern, to in NUMBERS:
        name = pattern.sub(to, name)
    return name


def load(path):
    """The allocated sections and their relocations, without the numbers: a
    dictionary that is equal for objects that are the same code and data."""
    with open(path, 'rb') as f:
        elf = ELFFile(f)
        sections = list(elf.iter_sections())
        # Sections may share a name: told apart by their order.
        keys, seen = [], {}
        for s in sections:
            name = norm(s.name)
            seen[name] = seen.get(name, 0) + 1
            keys.append(name if seen[name] == 1 else f'{name}#{seen[name]}')
        out = {'': (elf['e_machine'], elf['e_flags'], elf.elfclass)}
        table = elf.get_section_by_name('.symtab')
        symbols = list(table.iter_symbols()) if table else []
        names = [symbol(y, keys) for y in symbols]
        relocs = {}
        for s in sections:
            if isinstance(s, RelocationSection) and sections[s['sh_info']]['sh_flags'] & SH_FLAGS.SHF_ALLOC:
                relocs.setdefault(keys[s['sh_info']], []).extend(relocations(s, names))
        bodies = function_bodies(symbols, sections, keys, relocs)
        # Two functions of the same section must not have changed names.
        out['symbols'] = sorted(
            (names[i], str(bodies.get(at := (keys[y['st_shndx']], y['st_value']), at)), y['st_size'])
            for i, y in enumerate(symbols)
            if y['st_info']['bind'] != 'STB_LOCAL' and isinstance(y['st_shndx'], int))
        for key, entries in relocs.items():
            out[f'relocations of {key}'] = [(offset, *place(ref, kind, bodies)) for offset, ref, kind in entries]
        for s, key in zip(sections, keys):
            if isinstance(s, RelocationSection):
                continue
            if s['sh_flags'] & SH_FLAGS.SHF_ALLOC:
                data = s['sh_size'] if s['sh_type'] == 'SHT_NOBITS' else s.data()
                out[key] = (s['sh_type'], s['sh_flags'], s['sh_addralign'], data)
    return out


def symbol(sym, keys):
    """What a relocation refers to. A local symbol is its place: two that
    differ in nothing but the number must not pass for one another."""
    shndx = sym['st_shndx']
    if sym['st_info']['bind'] != 'STB_LOCAL' or not isinstance(shndx, int) or not shndx:
        return norm(sym.name)
    if sym['st_info']['type'] == 'STT_SECTION':
        return (keys[shndx], 0, '')
    name = '' if re.match(r'\.L|\$|L\d|$', sym.name) else norm(sym.name)
    return (keys[shndx], sym['st_value'], name)


def relocations(section, names):
    """Triples (offset, symbol, everything else); their order means nothing but
    for those of one place."""
    out = []
    for r in section.iter_relocations():
        entry = dict(r.entry)
        ref = names[entry.pop('r_info_sym')]
        del entry['r_info']
        out.append((entry.pop('r_offset'), ref, tuple(sorted(entry.items()))))
    return sorted(out, key=lambda r: r[0])


def function_bodies(symbols, sections, keys, relocs):
    """(section, offset) of each function → its bytes and relocations."""
    out, offsets = {}, {key: [r[0] for r in entries] for key, entries in relocs.items()}
    content = functools.cache(lambda n: sections[n].data())
    for sym in symbols:
        shndx, start, size = sym['st_shndx'], sym['st_value'], sym['st_size']
        if sym['st_info']['type'] != 'STT_FUNC' or not isinstance(shndx, int) or not size:
            continue
        key = keys[shndx]
        first, last = (bisect.bisect_left(offsets.get(key, []), n) for n in (start, start + size))
        inner = [(offset - start, ref, kind) for offset, ref, kind in relocs.get(key, [])[first:last]]
        data = content(shndx)[start:start + size]
        out[key, start] = hashlib.sha256(repr((data, inner)).encode()).hexdigest()
    return out


def place(ref, kind, bodies):
    """The compiler orders functions by a hash: one that is the same, byte for
    byte, as the one that lay here before may have changed places with it."""
    if isinstance(ref, tuple):
        body = bodies.get((ref[0], ref[1] + dict(kind).get('r_addend', 0)))
        if body:
            return (ref[0], body), tuple(k for k in kind if k[0] != 'r_addend')
    return ref, kind


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def same(a, b):
    return read(a) == read(b) or load(a) == load(b)


def differing_sections(a, b):
    x, y = load(a), load(b)
    return sorted(k or 'ELF header' for k in x.keys() | y.keys() if x.get(k) != y.get(k))


def sizes(path):
    with open(path, 'rb') as f:
        return [(norm(s.name), s['sh_size']) for s in ELFFile(f).iter_sections()
                if s['sh_flags'] & SH_FLAGS.SHF_ALLOC]


def text_size(path):
    """The bytes of all sections that are executed."""
    with open(path, 'rb') as f:
        return sum(s['sh_size'] for s in ELFFile(f).iter_sections()
                   if s['sh_flags'] & SH_FLAGS.SHF_ALLOC and s['sh_flags'] & SH_FLAGS.SHF_EXECINSTR)


# ---- disassembly ----

INSN = re.compile(r'^\s*([0-9a-f]+):\s+(.*\S)')
RELOC = re.compile(r'^\s*(?:[0-9a-f]+:\s+)(R_\w+\S*)\s*(.*)')


def functions(objdump, path):
    """Function name → its instructions, each a pair (text, [relocation…])."""
    text = subprocess.run([objdump, '-dr', '--no-show-raw-insn', path], check=True,
                          stdout=subprocess.PIPE, text=True, errors='replace').stdout
    out, body = {}, None
    for line in text.splitlines():
        m = re.match(r'^[0-9a-f]+ <(.+)>:$', line)
        if m:
            if not re.match(r'\.L|\$', m[1]):  # a label is not a function
                body = out.setdefault(norm(m[1]), [])
            continue
        if body is None:
            continue
        m = RELOC.match(line)
        if m:
            if body:
                body[-1][1].append(f'{m[1]} {m[2]}'.strip())
            continue
        m = INSN.match(line)
        if m:
            body.append((re.sub(r'\s+', ' ', m[2]), []))
    return out


def listing(body, offsets=True):
    """Lines of a function that do not depend on where it lies, and without
    offsets also not on where the others of its section lie."""
    out = []
    for text, relocs in body:
        text = re.sub(r'\s*(//|;|!|#(?=\s)).*$', '', text)
        text = re.sub(r'(?:0x)?\b[0-9a-f]+ <([^>+]*)(?:\+0x[0-9a-f]+)?>', r'<\1>', text)
        text = re.sub(r'<\.L[^>]*>', '<.L>', text)
        out.append(norm(text))
        relocs = [re.sub(r'\.L\w+', '.L', norm(r)) for r in relocs]
        if not offsets:
            relocs = [re.sub(r'( \.[\w.]*text[\w.]*)[+-]0x[0-9a-f]+', r'\1', r) for r in relocs]
        out += ['\t' + r for r in relocs]
    return out


# ---- loads and stores ----

# For each instruction set: a regular expression for the mnemonics that load,
# one for those that store; one for the operands that are on the stack, and one
# for those that are constants or variables of the kernel (literal pool, GOT,
# per-CPU). Where an instruction of either kind has no memory operand
# (`memory'), it is none. For those that have memory operands everywhere (dest:
# the last operand is the destination) what moves into memory stores, and any
# other memory operand is read.
RISC = dict(dest=False, skip=r'^$')
# A register that holds the address of a variable: what this loads or computes.
ADDRESS = re.compile(r'TOC|GOT|LITERAL')
ISA = {
    'aarch64': dict(RISC, load=r'ld(?!ad)', store=r'st', memory=r'\[', stack=r'\[(sp|x29)\b', const=r'^$'),
    'arm': dict(RISC, load=r'ldr|ldm|pop', store=r'str|stm|push', memory=r'[\[{]',
                stack=r'\[(sp|fp)\b|^sp!?,|^\{', const=r'\[pc\b'),
    'ppc': dict(RISC, load=r'l(bz|hz|ha|wz|wa|wbr|d(?!arx)|mw|warx|darx|h?brx)', store=r'st', memory=r',',
                stack=r'\(r1\)|,r1,', const=r'\((r2|r13)\)'),
    'riscv': dict(RISC, load=r'l([bhwd]u?|r\.[wd])\b', store=r's([bhwd]|c\.[wd])\b', memory=r'\(',
                  stack=r'\(sp\)', const=r'\((gp|tp)\)'),
    'mips': dict(RISC, load=r'l([bhwd]u?|l|ld|wl|wr|dl|dr)\b', store=r's([bhwd]|c|cd)\b', memory=r'\(',
                 stack=r'\((sp|s8)\)', const=r'\(gp\)'),
    'loongarch': dict(RISC, load=r'(ld|ll)', store=r'(st|sc)', memory=r',',
                      stack=r'\$sp\b|\$fp\b', const=r'^$'),
    'alpha': dict(RISC, load=r'ld(q|l|bu|wu|q_u|q_l|l_l)\b', store=r'st', memory=r'\(',
                  stack=r'\((sp|fp)\)', const=r'\(gp\)'),
    'sparc': dict(RISC, load=r'(ld|casx?a?\b)', store=r'st', memory=r'\[', stack=r'\[\s*%(sp|fp)\b', const=r'%g[56]\b'),
    'hppa': dict(RISC, load=r'ld[bhwd]s?x?\b', store=r'st[bhwd]', memory=r'\(', stack=r'\((sr\d,)?(sp|r30|r3)\)',
                 const=r'\((dp|r19|r27)\)'),
    'arc': dict(RISC, load=r'ldd?(_s)?\b|ld[bhw]|pop', store=r'std?(_s)?\b|st[bhw]|push', memory=r'\[',
                stack=r'\[(sp|fp)\b', const=r'\[(pcl|gp)\b'),
    'or1k': dict(RISC, load=r'l\.l([bhwd][zs]|wa)\b', store=r'l\.s([bhwd]|wa)\b', memory=r'\(',
                 stack=r'\((r1|r2)\)', const=r'^$'),
    'sh': dict(RISC, load=r'mov\.[bwl].*,r\d+\b(?![,)])\s*$', store=r'mov\.[bwl].*,@|sts\.l|stc\.l', memory=r'@|,r',
               stack=r'@-?\(?(\d+,)?r1[45]\b', const=r'<|! '),
    'hexagon': dict(RISC, load=r'.*= ?mem', store=r'.*mem[a-z]+\([^)]*\) ?=', memory=r'mem',
                    stack=r'mem\w+\((r29|r30|sp|fp)\b', const=r'gp\b|##'),
    'x86': dict(dest=True, load=r'.', store=r'mov|set|pop|xchg|cmpxchg|lock', memory=r'\(%', stack=r'\(%[re]sp\b',
                const=r'\(%[re]ip\b|%[fg]s:', skip=r'(lea|nop|jmp|call|prefetch|invl|lock nop|cs nop)',
                only_read=r'(cmp|test|bt)[bwlq]?\b'),
    'm68k': dict(dest=True, load=r'.', store=r'move|clr|st\b|sf\b|fmove', memory=r'%(a\d|sp|fp)@',
                 stack=r'%(sp|fp|a6)@', const=r'%pc@', skip=r'(lea|pea|jsr|jmp|b[a-z]+ |link|unlk|rts)',
                 only_read=r'(cmp|tst|btst|bftst)'),
    's390': dict(RISC, load=r'(l|lg|ly|lt|ltg|ltgf|lgf|lgfr?|llgf|llgt|lgh|lh|lhy|lb|lgb|llgc|llc|llgh|llh|lm|lmg|lmy|loc\w*|'
                 r'[nxoas]g?y?|cl?g?y?|cl?gf|agf|algf?|sgf|slgf?|ah|sh|ms|msg|tmy?|cliy?|clc|c[hly]+si?|cl?g?hsi|ic|icm|icy|oc|nc|xc)$',
                 store=r'(st|stg|sty|stm|stmg|stmy|stc|stcy|sth|sthy|mvc|mvi|mviy|mvg?hi|mvhhi|stoc\w*|cs|csg|csy|xc|oc|nc)$',
                 memory=r'\(', stack=r'%r15\)', const=r'^$'),
}
MACHINES = {
    'EM_AARCH64': 'aarch64', 'EM_ARM': 'arm', 'EM_PPC': 'ppc', 'EM_PPC64': 'ppc', 'EM_RISCV': 'riscv',
    'EM_MIPS': 'mips', 'EM_LOONGARCH': 'loongarch', 'EM_ALPHA': 'alpha', 0x9026: 'alpha', 'EM_SPARC': 'sparc',
    'EM_SPARC32PLUS': 'sparc', 'EM_SPARCV9': 'sparc', 'EM_PARISC': 'hppa', 'EM_ARC_COMPACT': 'arc',
    'EM_ARC_COMPACT2': 'arc', 'EM_OPENRISC': 'or1k', 'EM_SH': 'sh', 'EM_QDSP6': 'hexagon', 'EM_HEXAGON': 'hexagon',
    'EM_386': 'x86', 'EM_X86_64': 'x86', 'EM_68K': 'm68k', 'EM_S390': 's390', 258: 'loongarch', 0xa4: 'hexagon',
}


def machine_of(path):
    with open(path, 'rb') as f:
        return ELFFile(f)['e_machine']


def isa_of(path):
    return MACHINES.get(machine_of(path))


def operands(text):
    """The operands: split at the commas that are in no parentheses."""
    return re.split(r',(?![^(\[]*[)\]])', text)


def count(body, isa):
    """(loads from memory that is neither stack nor the kernel's variables,
    loads from the stack, stores to the stack) of a function."""
    return tuple(map(sum, zip(*kinds(body, isa)))) or (0, 0, 0)


def kinds(body, isa, variables_too=False):
    """What count() counts, for each instruction; with the kernel's variables, where an
    earlier instruction has made their address."""
    t = ISA[isa]
    frame = [t['stack']]
    if isa == 'x86' and any(re.match(r'mov[lq]? %[re]sp,%[re]bp', text) for text, _ in body):
        frame.append(r'\(%[re]bp\b')
    if isa == 'riscv' and any(re.match(r'addi? s0,sp,', text) for text, _ in body):
        frame.append(r'\(s0\)')
    if isa == 's390' and any(re.match(r'lgr %r11,%r15', text) for text, _ in body):
        frame.append(r'%r11\)')
    stack = re.compile('|'.join(frame))
    variables, out = set(), []
    for text, relocs in body:
        out.append((0, 0, 0))
        text = re.sub(r'^(rep[a-z]* |lock |\{ |data16 )+', '', text)
        mnemonic, _, args = text.partition(' ')
        if isa == 'hexagon':
            mnemonic, args = text, text
        elif isa == 'sh':
            mnemonic = text
        is_variable = not t['dest'] and follow(mnemonic, args, relocs, variables, re.match(t['load'], mnemonic))
        if not re.search(t['memory'], args) or re.match(t['skip'], text):
            continue
        if t['dest']:
            last = operands(args)[-1]
            to_memory = bool(re.search(t['memory'], last)) and not re.match(t['only_read'], mnemonic)
            is_store = to_memory
            is_load = not (to_memory and re.match(t['store'], mnemonic))
        else:
            is_load, is_store = bool(re.match(t['load'], mnemonic)), bool(re.match(t['store'], mnemonic))
            if is_load and is_store and isa == 'hexagon':
                is_load = False
        if not is_load and not is_store:
            continue
        if stack.search(args):
            out[-1] = 0, int(is_load), int(is_store)
        # A relocation in the instruction itself: a variable, not a table.
        elif is_load and (variables_too or not relocs and not is_variable) and not re.search(t['const'], args):
            out[-1] = 1, 0, 0
    return out


def follow(mnemonic, args, relocs, variables, is_load):
    """Whether the instruction uses an address of a variable that an earlier
    one made; updates the registers that hold one. For RISC, as far as it goes
    without following branches."""
    words = [w.strip() for w in args.split(',')]
    used = bool(variables & set(re.findall(r'[\w$%]+', ','.join(words[1:]))))
    if relocs and (not is_load or ADDRESS.search(relocs[0])) or used and mnemonic.startswith('add'):
        variables.add(words[0])
    else:
        variables.discard(words[0])
    return used
