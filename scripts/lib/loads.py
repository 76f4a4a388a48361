# SPDX-License-Identifier: GPL-2.0
"""The work of scripts/loads: which second reads of the audit are loads of the object.

What is proved, by the line information of each instruction and by paths.py: emitted is
a path through the function on which two instructions load from one address, of which
the first is the load of the first read's line, or what this line tests, and the second
the same of the second read. Merged is that there is no such path among the loads of
the function, those included that the compiler has moved and that have lost their line.
Not seen: two functions that the compiler found to be the same, of which one is left
(it is absent then); code that is patched in at run time from elsewhere, but for jump
labels and what .altinstr_aux has; reads in assembly.

loads.py select FINDINGS LEDGER                      the reads to look at, as JSON
loads.py objects READS ARCH                          the objects that have them
loads.py look READS ARCH OBJDUMP ADDR2LINE TREE DIR OBJECT...
                                                     a line for each: verdict, key, where
"""

import collections
import functools
import json
import os
import re
import subprocess
import sys

from elftools.common.exceptions import ELFError

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import paths  # noqa: E402

Frame = collections.namedtuple('Frame', 'function file line')
Load = collections.namedtuple('Load', 'insn frames reads')
# A function that reads an entry
CALLED = re.compile(r'(?<![\w.])p(gd|4d|ud|md|te)_offset\w*')
# What reads an entry, in the text of a line
READS = re.compile(r'\*\s*(\w+(->|\.))*\w*(pgd|p4d|pud|pmd|pte)|(pgd|p4d|pud|pmd|pte)(\w*\[|p?_(get\b|none_or|offset))|READ_ONCE')


# ---- what to look for ----

def select(findings, ledger):
    """The second reads that the ledger says are fixed or open, and those that it
    does not know; each with the lines of all reads of the same slot."""
    lines = collections.defaultdict(set)
    for f in findings:
        for file, line in ((f['file'], f['line']), (f['first_file'], f['first_line'])):
            if file:
                lines[f['file'], f['function'], f['slot']].add((file, line))
    reads = []
    for f in findings:
        verdict = ledger.get(f['key'], 'new')
        if not f['class'].startswith('reread') or verdict not in ('fixed', 'open', 'new'):
            continue
        at = [(s['file'], s['line']) for s in f['chain']]
        here = (f['file'], f['line'])
        # In front of it are the steps to the first read, if that is in a function.
        steps = f['chain'][at.index(here):] if here in at else []
        reads.append({
            'key': f['key'], 'verdict': verdict, 'function': f['function'], 'file': f['file'],
            'first': [f['first_file'], f['first_line']], 'second': list(here),
            'steps': [[s['function'], s['file'], s['line']] for s in steps],
            'known': sorted(map(list, lines[f['file'], f['function'], f['slot']])),
        })
    return reads


def read_ledger(path):
    """Key → verdict."""
    with open(path, encoding='utf-8') as f:
        return dict(line.split('\t')[:2] for line in f if '\t' in line and not line.startswith('#'))


def concerns(read, arch):
    """Whether the read is in code of this architecture, or of all."""
    m = re.match(r'arch/(\w+)/', read['file'])
    return not m or m[1] == arch


def objects_of(reads, arch):
    """The objects of the reads; a header has none of its own."""
    return sorted({r['file'][:-2] + '.o' for r in reads if r['file'].endswith('.c') and concerns(r, arch)})


# ---- what the object has ----

def frames_of(addr2line, path, code, tree):
    """Address → its frames, the innermost first, for all instructions of a section."""
    addresses = [i.address for i in code.insns]
    if not addresses:
        return {}
    # LLVM's does not know sections.
    llvm = 'llvm' in addr2line
    if llvm and code.section != '.text':
        return {}
    command = [addr2line, '-a', '-f', '-i', *([] if llvm else ['-j', code.section]), '-e', path]
    run = subprocess.run(command, input=''.join(f'{a:#x}\n' for a in addresses), check=True,
                         stdout=subprocess.PIPE, text=True, errors='replace')
    return parse_frames(run.stdout, tree)


def parse_frames(text, tree):
    """What addr2line -a -f -i says."""
    out, current, function = {}, None, None
    for line in text.splitlines():
        if re.match(r'0x[0-9a-f]+$', line):
            current, function = out.setdefault(int(line, 16), []), None
        elif function is None:
            function = line
        else:
            m = re.match(r'(.*):(\d+|\?)', line)
            current.append(Frame(function, in_tree(m[1], tree), int(m[2]) if m[2] != '?' else 0))
            function = None
    return out


def in_tree(name, tree):
    """The name of a file in the kernel tree; the objects' directory is one below it."""
    name = os.path.normpath(name)
    for prefix in (os.path.join(tree, ''), '../'):
        if name.startswith(prefix):
            name = os.path.normpath(name[len(prefix):])
    return name


def clone(name):
    """A function's name without what the compiler adds: .isra.0, .cold, .part.1"""
    return name.split('.')[0]


class Object:
    """An object's functions and loads."""

    def __init__(self, path, objdump, addr2line, tree):
        self.name, self.tree = path, tree
        self.program = paths.Program(objdump, path)
        self.loads = collections.defaultdict(list)  # function → its loads
        self.code = collections.defaultdict(list)   # (function, file, line) → its instructions
        self.spans = collections.defaultdict(set)   # (function, file) → its lines
        for code in self.program.sections:
            frames = frames_of(addr2line, path, code, tree)
            for insn in code.insns:
                where, function = frames.get(insn.address, []), paths.base(insn.function)
                if insn.loads:
                    self.loads[function].append(Load(insn, where, self.reads(where)))
                for frame in set(where):
                    self.code[function, frame.file, frame.line].append((insn, where))
                    if frame.line:
                        self.spans[clone(frame.function), frame.file].add(frame.line)
        if self.loads and not self.spans:
            raise ValueError(f'{path}: {addr2line} finds no lines in it: is it older than the compiler\'s assembler?')

    def side(self, function, line, matches, read):
        """The loads and the instructions of one of the two reads."""
        code = [i for i, frames in self.code.get((function, *line), []) if matches(frames, read)]
        return Side([x for x in self.loads[function] if matches(x.frames, read)], code)

    def compiles(self, read):
        """Whether the lines of the read are those of a function that was compiled; there
        may be two of a name, by #ifdef."""
        lines = self.spans.get((read['function'], read['file']))
        return bool(lines) and min(lines) <= read['second'][1] <= max(lines)

    def reads(self, frames):
        """How often the line of a load reads an entry, as far as its text tells."""
        return len(READS.findall(text_of(self.tree, frames[0].file, frames[0].line))) if frames else 2


@functools.cache
def lines_of(path):
    """The lines of a file."""
    try:
        with open(path, encoding='utf-8', errors='replace') as f:
            return f.read().split('\n')
    except OSError:
        return []


def text_of(tree, file, line):
    """A line of a file of the tree."""
    lines = lines_of(os.path.join(tree, file))
    return lines[line - 1] if 0 < line <= len(lines) else ''


def is_first(frames, read):
    """Whether these are frames of the first read."""
    if tuple(read['first']) not in [(f.file, f.line) for f in frames]:
        return False
    # In a header it may be anybody's.
    return read['first'][0] == read['file'] and not read['file'].endswith('.h') or is_near(frames, read)


def is_near(frames, read):
    """Whether these are frames in the function of the read, or of what is inlined there."""
    return any(clone(f.function) == read['function'] for f in frames)


def is_second(frames, read):
    """Whether these are frames of the second read: of each step to it that is not in a
    function of its own."""
    at = {(f.file, f.line) for f in frames}
    functions = [clone(f.function) for f in frames]
    steps = read['steps'] or [[read['function'], *read['second']]]
    outermost = functions[-1] if functions else ''
    names = [s[0] for s in steps]
    start = names.index(outermost) if outermost in names else 0
    if names[start] not in functions:
        return False
    return all((file, line) in at for _, file, line in steps[start:])


Side = collections.namedtuple('Side', 'loads code')  # of a read in a function


def judge(first, second, near, known, program, value=False):
    """(verdict, where) of a read in one function: both its sides, all loads there, and
    the lines that are known to read the same entry; value: the first read is kept."""
    by_insn = {x.insn.place: x for x in near}
    # What a line tests or uses may have been loaded for another line. It is not what
    # another of these loads was found by, which is an entry of a level above.
    use = []
    for side in first, second:
        sources = [x for x in program.sources(side.code) if x.place in by_insn]
        use.append([by_insn[x.place] for x in sources if not any(z is not x and program.below(x, z) for z in sources)])
    one = first.loads or use[0]
    two = second.loads + [x for x in use[1] if x not in second.loads]
    # A value may be tested elsewhere than where it was read.
    before = one or (near if value else [])
    for y in two:
        for x in sorted(before if one or y in second.loads else [], key=functools.partial(away, y)):
            if x.insn is not y.insn and program.same_address(x.insn, y.insn):
                return 'emitted', f'{show(x)} and {show(y)}'
    # What is called reads by itself; a branch that is a call may have the line of the test.
    for insn in second.code + [i for i in first.code if not program.branch(i).call] if one else []:
        called = CALLED.search(' '.join([insn.args, *insn.relocs]))
        if called:
            # rather an entry than a variable
            x = min(one, key=lambda z: not z.insn.entry)
            return 'emitted', f'{show(x)} and in {called[0]}(), called by {show(Load(insn, (), 0))}'
    if not one and not two:
        # What both lines came to has other lines.
        if not near:
            return 'no read', ''
        for x in (x for x in near if reads_line(x, known)):
            for y in near:
                if not y.reads and program.same_address(x.insn, y.insn):
                    return 'unclear', f'neither has its line; of one address are {show(x)} and {show(y)}'
        return 'merged', 'neither has its line, and no line loads again'
    # What the compiler moves keeps the line of another read of the entry, or loses its
    # own and then seems to be of the line ahead of it.
    for x in one:
        for y in near:
            if y.insn is x.insn or not program.same_address(x.insn, y.insn):
                continue
            if y.insn not in [z.insn for z in first.loads] and any(program.uses(y.insn, i) for i in second.code):
                return 'emitted', f'{show(x)} and {show(y)}'
            if is_moved(x, y) and any(program.leads(y.insn, i) for i in second.code):
                return 'emitted', f'{show(x)} and {show(y)}, which was moved to line {y.frames[0].line}'
    undecided = [y for y in second.loads if one and y not in one and
                 not program.differs([x.insn for x in one], y.insn)]
    if undecided:
        return 'unclear', f'{", ".join(map(show, one))}: the same address as of {", ".join(map(show, undecided))}?'
    if not one:
        # A constant, or its code has another line.
        for y in second.loads:
            for x in sorted(near, key=functools.partial(away, y)):
                if x.insn is not y.insn and program.same_address(x.insn, y.insn):
                    return 'unclear', f'the first read has no code; of one address are {show(x)} and {show(y)}'
        return 'merged', f'the first read has no code; {", ".join(map(show, second.loads or two))}'
    return 'merged', ', '.join(map(show, one))


def reads_line(load, lines):
    """Whether the load is of one of these lines, or of what a header has for it."""
    for frame in load.frames:
        if (frame.file, frame.line) in lines:
            return True
        if not frame.file.endswith('.h'):
            return False
    return False


def is_moved(first, load):
    """Whether the load, which is behind the first one, has not the line that it was made
    for: its line reads nothing, or is that of the first one and reads once."""
    return not load.reads or load.reads == 1 and load.frames == first.frames


def away(load, other):
    """How far a load lies from another one; what lies ahead comes first."""
    distance = load.insn.address - other.insn.address
    return distance < 0, abs(distance)


def show(load):
    """Where a load is, and the instruction."""
    insn = load.insn
    return f'{insn.function}+{insn.address - insn.start:#x} <{insn.text}>'


ORDER = ['emitted', 'unclear', 'merged', 'no read', 'absent']


def look(read, objects):
    """(verdict, where) of a read, over all functions that have code of it. The most
    serious one counts."""
    found, apart = [], ([], [])
    end = read['steps'][-1][1:] if read['steps'] else read['second']
    for obj in objects:
        if not read['file'].endswith('.h') and not obj.name.endswith(read['file'][:-2] + '.o'):
            continue
        for function, loads in obj.loads.items():
            first, second = obj.side(function, read['first'], is_first, read), obj.side(function, end, is_second, read)
            apart[0].extend(first.loads)
            apart[1].extend(second.loads)
            # A load of two places has line 0, by clang, and the function is the outermost.
            near = [x for x in loads if is_near(x.frames, read) or x.frames and not x.frames[0].line]
            if first.loads or second.loads or obj.compiles(read) and any(is_near(x.frames, read) for x in near):
                found.append((*judge(first, second, near, {tuple(k) for k in read['known']}, obj.program,
                                    ' reread-value ' in read['key']), obj))
        if not found and obj.compiles(read):
            found.append(('no read', '', obj))
    # Each in a function of its own, neither of which has the other one inlined.
    if apart[0] and apart[1]:
        sides = [{paths.base(x.insn.function) for x in side} for side in apart]
        if not sides[0] & sides[1]:
            return 'emitted', f'in two functions, {show(apart[0][0])} and {show(apart[1][0])}'
    if not found:
        return 'absent', ''
    found.sort(key=lambda x: ORDER.index(x[0]))
    verdict = found[0][0]
    where = [f'{os.path.basename(o.name) + ": " if read["file"].endswith(".h") else ""}{w}'
             for v, w, o in found if v == verdict]
    return verdict, '; '.join(where[:3]) + (f'; {len(where) - 3} more' if len(where) > 3 else '')


def main():
    command, args = sys.argv[1], sys.argv[2:]
    with open(args[0], encoding='utf-8') as f:
        first = json.load(f)
    if command == 'select':
        json.dump(select(first, read_ledger(args[1])), sys.stdout, indent=1)
    elif command == 'objects':
        print('\n'.join(objects_of(first, args[1])))
    elif command == 'look':
        arch, objdump, addr2line, tree, directory, *names = args[1:]
        objects = [Object(os.path.join(directory, n), objdump, addr2line, tree)
                   for n in names if os.path.exists(os.path.join(directory, n))]
        for read in first:
            if concerns(read, arch):
                print('\t'.join([*look(read, objects), read['key']][i] for i in (0, 2, 1)))
    else:
        sys.exit(f'loads.py: unknown command {command}')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError, subprocess.CalledProcessError, ELFError) as error:
        print(f'loads.py: {error}', file=sys.stderr)
        sys.exit(2)
