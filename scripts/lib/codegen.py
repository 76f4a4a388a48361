# SPDX-License-Identifier: GPL-2.0
"""The work of scripts/codegen, which makes the arguments: see its --help.

Standard input has a line for each target: name, prefix of the binutils, objdump,
directory of the objects of the base, that of the series; tabs in between."""

import argparse
import collections
import concurrent.futures
import difflib
import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import objects  # noqa: E402

LIB = os.path.dirname(os.path.abspath(__file__))
SHOWN = 40  # lines of a disassembly diff on the terminal

Target = collections.namedtuple('Target', 'name cross objdump base series')


def note(text):
    print(f'codegen: {text}', file=sys.stderr, flush=True)


def die(text):
    note(text)
    sys.exit(2)


class Saved:
    """What make left in .NAME.o.cmd."""

    def __init__(self, directory, obj):
        path = os.path.join(directory, os.path.dirname(obj), f'.{os.path.basename(obj)}.cmd')
        with open(path, errors='replace') as f:
            text = f.read()
        m = re.search(r'^savedcmd_\S+ := (.*)$', text, re.M)
        self.command = m[1].replace('$$', '$').replace('$(pound)', '#') if m else ''
        m = re.search(r'^source_\S+ := (\S+)', text, re.M)
        self.source = m[1] if m else ''
        m = re.search(r'^deps_\S+ := \\\n((?:.*\\\n)*)', text, re.M)
        words = m[1].replace('\\\n', ' ').split() if m else []
        self.deps = [w for w in words if not w.startswith('$(')] + ([self.source] if self.source else [])

    def in_tree(self):
        """The dependencies that are files of the kernel tree: their names there."""
        return {os.path.normpath(d[3:]) for d in self.deps if d.startswith('../')}


def compiled(directory):
    """The objects below a directory that were compiled from the tree: name → Saved."""
    out = {}
    for d, subdirs, files in os.walk(directory):
        rel = os.path.relpath(d, directory)
        if rel == '.':
            # These run while the kernel is built and are no part of it.
            subdirs[:] = [s for s in subdirs if s not in ('scripts', 'tools', 'usr', 'include', 'source')]
        for f in files:
            if f.endswith('.o') and os.path.exists(os.path.join(d, f'.{f}.cmd')):
                name = os.path.normpath(os.path.join(rel, f))
                saved = Saved(directory, name)
                if saved.source.startswith('../') and saved.command:
                    out[name] = saved
    return out


def disassembly_diff(before, after, offsets):
    diff = []
    for name in sorted(before.keys() | after.keys()):
        x, y = (objects.listing(f.get(name, []), offsets) for f in (before, after))
        diff += difflib.unified_diff(x, y, f'before: {name}', f'after: {name}', lineterm='')
    return diff


class Expectations:
    """scripts/lib/codegen.expect."""

    def __init__(self, path):
        self.rules, self.path, section = [], path, None
        with open(path) as f:
            for number, line in enumerate(f, 1):
                line = line.rstrip()
                if not line or line.startswith('#'):
                    continue
                if not line[0].isspace():
                    section = line
                    continue
                m = re.match(r'\s+(\S+) on ([^:]+): (\S.*)$', line)
                if not m or section is None:
                    die(f'{path}:{number}: not a line of the form: OBJECTS on TARGETS: reason')
                self.rules.append(dict(section=section, what=m[1], targets=m[2].split(), reason=m[3],
                                       line=number, used=False))

    def find(self, section, what, target, bytes_=None):
        """The reason for a difference, or None. For text and loads, `what' of
        the rule is a limit."""
        for r in self.rules:
            if r['section'] != section or not any(fnmatch.fnmatchcase(target, t) for t in r['targets']):
                continue
            if bytes_ is not None:
                if not re.fullmatch(r'\+\d+', r['what']):
                    die(f'{self.path}:{r["line"]}: +NUMBER expected before "on"')
                if bytes_ > int(r['what']):
                    continue
            elif not fnmatch.fnmatchcase(what, r['what']):
                continue
            r['used'] = True
            return r['reason']
        return None


class Codegen:
    def __init__(self, args, targets):
        self.args, self.targets = args, targets
        self.findings = []
        self.expect = Expectations(args.expect)
        self.objs = {}          # target → {object: Saved}, of either tree
        self.differ = {}        # target → [object]
        self.identical = {}     # target → number
        self.rows = []          # of the attribution
        self.shown = set()      # (patch, object) of a diff on the terminal
        self.no_tables = set()  # targets without MMU
        self.figures = {t.name: {} for t in targets}
        self.env = {'PATH': os.environ['PATH'], 'HOME': os.environ.get('HOME', '/'), 'LC_ALL': 'C',
                    'TMPDIR': args.tmp, 'CCACHE_DIR': args.ccache,
                    'CCACHE_SLOPPINESS': 'include_file_mtime,include_file_ctime'}
        os.makedirs(args.log, exist_ok=True)

    def finding(self, target, text):
        self.findings.append((target, text))

    def log(self, name, text):
        path = os.path.join(self.args.log, name)
        with open(path, 'w') as f:
            f.write(text)
        return path

    # ---- base against series ----

    def compare(self):
        pool = concurrent.futures.ProcessPoolExecutor(self.args.jobs)
        for t in self.targets:
            base, series = compiled(t.base), compiled(t.series)
            for name in sorted(base.keys() - series.keys()):
                self.finding(t.name, f'{name}: the base has it, the series has not')
            both = sorted(base.keys() & series.keys())
            if not both:
                die(f'{t.base} and {t.series} have no object in common: scripts/matrix {t.name} makes them')
            new = sorted(series.keys() - base.keys())
            equal = pool.map(objects.same, [os.path.join(t.base, o) for o in both],
                             [os.path.join(t.series, o) for o in both])
            self.differ[t.name] = [o for o, e in zip(both, equal) if not e] + new
            self.identical[t.name] = len(both) + len(new) - len(self.differ[t.name])
            self.objs[t.name] = {**base, **series}
            for name, saved in base.items():
                self.objs[t.name][name].deps = sorted(set(saved.deps) | set(self.objs[t.name][name].deps))
            size = sum(objects.text_size(os.path.join(t.series, o)) - self.base_size(t, o) for o in self.differ[t.name])
            with open(os.path.join(t.series, '.config')) as f:
                config = f.read()
            m = re.search(r'^CONFIG_PGTABLE_LEVELS=(\d)$', config, re.M)
            if m:
                self.figures[t.name]['levels'] = m[1]
            if re.search(r'^# CONFIG_MMU is not set$', config, re.M):
                self.no_tables.add(t.name)
            self.figures[t.name].update(objects=len(both) + len(new), identical=self.identical[t.name],
                                        different=len(self.differ[t.name]), line_numbers=0, text_delta=size)
            note(f'{t.name}: {self.identical[t.name]} objects identical, {len(self.differ[t.name])} not')
        pool.shutdown()

    @staticmethod
    def base_size(t, obj):
        path = os.path.join(t.base, obj)
        return objects.text_size(path) if os.path.exists(path) else 0

    # ---- which patch ----

    def git(self, *words):
        return subprocess.run(['git', '-C', self.args.worktree, *words], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def prepare(self, t, objs):
        """The O= directory in the work tree: what is generated, and no object."""
        out = os.path.join(self.args.worktree, os.path.basename(t.series))
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        generated = {os.path.normpath(d) for o in objs for d in self.objs[t.name][o].deps
                     if not d.startswith(('../', '/'))}
        for top in 'include', *(f'arch/{a}/include' for a in self.listdir(f'{t.series}/arch')):
            if os.path.isdir(os.path.join(t.series, top)):
                shutil.copytree(os.path.join(t.series, top), os.path.join(out, top), symlinks=True)
        for path in generated:
            source, copy = os.path.join(t.series, path), os.path.join(out, path)
            if os.path.exists(source) and not os.path.exists(copy):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copy2(source, copy)
        for tool in 'scripts', 'tools':  # objtool, recordmcount
            if os.path.isdir(os.path.join(t.series, tool)) and not os.path.exists(os.path.join(out, tool)):
                os.symlink(os.path.join(t.series, tool), os.path.join(out, tool))
        for o in objs:
            os.makedirs(os.path.dirname(os.path.join(out, o)), exist_ok=True)
            # W=1 warns of those that are not there.
            for path in re.findall(r'\s-I\s*([\w][\w/.-]*)', self.objs[t.name][o].command):
                if os.path.isdir(os.path.join(t.series, path)):
                    os.makedirs(os.path.join(out, path), exist_ok=True)
        return out

    @staticmethod
    def listdir(path):
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def compile(self, t, obj, keep):
        """Replay the command for the object, keep a copy; the error, or ''."""
        out = os.path.join(self.args.worktree, os.path.basename(t.series))
        made = os.path.join(out, obj)
        if os.path.exists(made):
            os.unlink(made)
        # It keeps the lock of this run: were it to outlive it, and the next run to
        # check out another commit meanwhile, ccache would mix them up for good.
        run = subprocess.run(['nice', 'sh', '-c', self.objs[t.name][obj].command], cwd=out, env=self.env,
                             close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors='replace')
        if run.returncode or not os.path.exists(made):
            return run.stdout or f'status {run.returncode}'
        os.makedirs(os.path.dirname(keep), exist_ok=True)
        shutil.move(made, keep)
        return ''

    def attribute(self):
        pairs = [(t, o) for t in self.targets for o in sorted(self.objs[t.name])
                 if o in self.differ[t.name] or any(fnmatch.fnmatchcase(o, g) for g in self.args.each)]
        commits = self.git('rev-list', '--reverse', '--no-merges', f'base..{self.args.tip}').split()
        self.subjects = {c: self.git('log', '-1', '--format=%s', c).strip() for c in commits}
        if not pairs:
            return
        self.git('checkout', '-q', '-f', '--detach', 'base')
        for t in self.targets:
            objs = [o for u, o in pairs if u is t]
            if objs:
                self.prepare(t, objs)
        deps = {(t, o): self.objs[t.name][o].in_tree() for t, o in pairs}
        now = {(t, o): os.path.join(t.base, o) for t, o in pairs}
        pool = concurrent.futures.ThreadPoolExecutor(self.args.jobs)
        try:
            self.each_patch(pairs, commits, deps, now, pool)
        finally:
            pool.shutdown(cancel_futures=True)
        for t, o in pairs:
            if not os.path.exists(now[t, o]):
                self.finding(t.name, f'{o}: the base has not compiled it: scripts/matrix {t.name} says why')
            elif not objects.same(now[t, o], os.path.join(t.series, o)):
                self.finding(t.name, f'{o}: compiled again, patch by patch, it is not the object in {t.series}: '
                             f'the configuration or a Makefile changes on the way, or scripts/matrix {t.name} has to run again')
        kinds = collections.defaultdict(set)
        for _, _, t, o, kind, _, _ in self.rows:
            kinds[t.name, o].add(kind)
        for (target, o), v in kinds.items():
            if v <= {'identical', 'lines'} and o in self.differ[target]:
                self.figures[target]['different'] -= 1
                self.figures[target]['line_numbers'] += 1

    def each_patch(self, pairs, commits, deps, now, pool):
        """Compile at each patch what it could change. `now' is where the object
        is that each pair has so far."""
        for number, commit in enumerate(commits, 1):
            touched = set(self.git('diff-tree', '--no-commit-id', '--name-only', '-r', commit).split('\n'))
            todo = [p for p in pairs if touched & deps[p]]
            if not todo:
                continue
            note(f'patch {number} of {len(commits)}, {len(todo)} objects: {self.subjects[commit]}')
            self.git('checkout', '-q', '-f', '--detach', commit)
            todo = [(t, o) for t, o in todo
                    if os.path.exists(os.path.join(self.args.worktree, self.objs[t.name][o].source[3:]))]
            keep = {p: os.path.join(self.args.tmp, p[0].name, str(number), p[1]) for p in todo}
            errors = dict(zip(todo, pool.map(lambda p: self.compile(*p, keep[p]), todo)))
            changed = []
            for p in todo:
                t, o = p
                if errors[p]:
                    path = self.log(f'{t.name}-{number}-{o.replace("/", "_")}.err', errors[p])
                    self.finding(t.name, f'{o} does not compile with patch {number} ({self.subjects[commit]}): see {path}')
                    self.rows.append((number, commit, t, o, 'fails', now[p], now[p]))
                    continue
                if os.path.exists(now[p]) and objects.same(now[p], keep[p]):
                    self.rows.append((number, commit, t, o, 'identical', now[p], now[p]))
                    os.unlink(keep[p])  # or they fill the disk
                else:
                    changed.append(p)
            for p, lines in self.line_numbers_only(changed, now, keep, commit, touched, pool).items():
                self.rows.append((number, commit, *p, 'lines' if lines else 'changed', now[p], keep[p]))
            now.update((p, keep[p]) for p in changed)

    def line_numbers_only(self, changed, now, compiled, commit, touched, pool):
        """Architectures without __bug_table have __LINE__ in the code of each
        BUG(): compile once more with #line after each hunk, so that the lines
        that the patch does not touch keep their number."""
        # What has another size has more than another number in it.
        maybe = [p for p in changed if os.path.exists(now[p]) and objects.sizes(now[p]) == objects.sizes(compiled[p])]
        if not maybe:
            return dict.fromkeys(changed, False)
        for path in touched:
            full = os.path.join(self.args.worktree, path)
            if not path.endswith(('.c', '.h', '.S')) or not os.path.exists(full):
                continue
            hunks = re.findall(r'^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@',
                               self.git('diff', '-U0', '--no-renames', f'{commit}^', commit, '--', path), re.M)
            with open(full, errors='surrogateescape') as f:
                lines = f.read().split('\n')
            for old, olds, new, news in reversed(hunks):
                # the numbers of the line that follows the hunk
                after_old = int(old) + (int(olds) if olds else 1) + (olds == '0')
                after = int(new) + (int(news) if news else 1) + (news == '0')
                at = after - 1
                while at and at < len(lines) and lines[at - 1].endswith('\\'):
                    at += 1
                if at < len(lines):
                    lines.insert(at, f'#line {after_old + at - (after - 1)}')
            with open(full, 'w', errors='surrogateescape') as f:
                f.write('\n'.join(lines))
        keep = {p: os.path.join(self.args.tmp, p[0].name, 'lines', p[1]) for p in maybe}
        errors = pool.map(lambda p: self.compile(*p, keep[p]), maybe)
        out = {p: not e and objects.same(now[p], keep[p]) for p, e in zip(maybe, errors)}
        self.git('checkout', '-q', '-f', commit)
        return {p: out.get(p, False) for p in changed}

    # ---- expected or not ----

    def judge(self):
        for number, commit, t, o, kind, before, after in self.rows:
            if kind != 'changed':
                continue
            subject = self.subjects[commit]
            if self.expect.find(subject, o, t.name) is None:
                self.unexpected(t, o, before, after, number, subject)

    def unexpected(self, t, obj, before, after, number, subject):
        header = f'{obj} on {t.name} changes with patch {number}: {subject}'
        if not os.path.exists(before):
            self.finding(t.name, f'{header}\n  a new object')
            return
        functions = [objects.functions(t.objdump, p) for p in (before, after)]
        diff = disassembly_diff(*functions, False) or disassembly_diff(*functions, True)
        diff.append('differing sections: ' + ', '.join(objects.differing_sections(before, after)))
        path = self.log(f'{t.name}-{number}-{obj.replace("/", "_")}.diff', '\n'.join(diff) + '\n')
        shown = diff[:SHOWN]
        if (number, obj) in self.shown:
            shown = []
        elif len(diff) > SHOWN:
            shown += [f'... {len(diff) - SHOWN} more lines', diff[-1]]
        self.shown.add((number, obj))
        self.finding(t.name, '\n  '.join([header, *shown, f'all of it: {path}']))

    # ---- text of mm/ ----

    def bloat(self):
        for t in self.targets:
            names = [o for o in sorted(self.objs[t.name]) if o.startswith('mm/')]
            # The script hands its arguments to a shell, and nm takes many files.
            sides = [' '.join(p for o in names if os.path.exists(p := os.path.join(d, o))) for d in (t.base, t.series)]
            if not all(sides):
                continue
            run = subprocess.run([sys.executable, f'{self.args.tree}/scripts/bloat-o-meter', '-t', '-p', t.cross, *sides],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            m = re.search(r'^Total: Before=(\d+), After=(\d+)', run.stdout, re.M)
            if run.returncode or not m or m[1] == '0':
                die(f'scripts/bloat-o-meter of the kernel failed on {t.name}: {run.stderr.strip() or run.stdout.strip()}')
            path = self.log(f'{t.name}-mm.bloat', run.stdout)
            before, after = int(m[1]), int(m[2])
            self.figures[t.name].update(mm_text_base=before, mm_text_series=after)
            if after > before and self.expect.find('text of mm/', '', t.name, after - before) is None:
                top = [line for line in run.stdout.splitlines() if re.search(r'\+\d+$', line)][:5]
                self.finding(t.name, '\n  '.join([f'text of mm/ grows by {after - before} bytes', *top, f'all of it: {path}']))

    # ---- loads ----

    def probe(self, t, directory):
        """Compile lib/probe.c as if it were a file of mm/: name → counts."""
        like = next((o for o in ('mm/mincore.o', 'mm/gup.o', 'mm/memory.o') if o in self.objs[t.name] and
                     os.path.exists(os.path.join(directory, o))), None)
        if like is None:
            return None
        saved = Saved(directory, like)
        out = os.path.join(self.args.tmp, f'{t.name}-{"base" if directory == t.base else "series"}.o')
        command = re.split(r'\s+(?:;|&&)\s+', saved.command)[0]
        command = re.sub(r'-Wp,-MMD,\S+', '', command)
        command = command.replace(f' -o {like} ', f' -o {out} ').replace(f' {saved.source}', f' {LIB}/probe.c')
        for option in '', '-DPXD_PGD_ARRAY':
            run = subprocess.run(['sh', '-c', f'{command} {option} -w'], cwd=directory, env=self.env, text=True, errors='replace',
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if run.returncode == 0 and os.path.exists(out):
                return self.counts(t, out, lambda n: n.startswith('pxd_probe_'))
        path = self.log(f'{t.name}-probe.err', run.stdout)
        self.finding(t.name, f'lib/probe.c does not compile with {directory}: see {path}')
        return None

    @staticmethod
    def counts(t, path, wanted):
        isa = objects.isa_of(path)
        if isa is None:
            return {}
        bodies = objects.functions(t.objdump, path)
        return {n: objects.count(b, isa) for n, b in bodies.items() if wanted(n)}

    def loads(self):
        self.load_rows = {}
        kinds = {
            'gup_fast': ('mm/gup.o', r'(internal_)?(gup_fast\w*|get_user_pages_fast\w*)(\.[\w.]+)?$'),
            'perf': ('kernel/events/core.o', r'perf_get_p(age|gtable)_size(\.[\w.]+)?$'),
        }
        for t in self.targets:
            row = self.load_rows[t.name] = {}
            sides = [t.name not in self.no_tables and self.probe(t, d) for d in (t.base, t.series)]
            for name in 'locked', 'lockless':
                row[name] = [s.get(f'pxd_probe_{name}') if s else None for s in sides]
            for name, (obj, pattern) in kinds.items():
                row[name] = []
                for d in t.base, t.series:
                    path = os.path.join(d, obj)
                    found = self.counts(t, path, lambda n, p=pattern: re.match(p, n)) if os.path.exists(path) else {}
                    row[name].append(tuple(map(sum, zip(*found.values()))) or None)
            for name, (before, after) in row.items():
                for side, c in ('base', before), ('series', after):
                    if c:
                        for what, n in zip(('loads', 'stack_loads', 'stack_stores'), c):
                            self.figures[t.name][f'{name}_{what}_{side}'] = n
                if name in ('locked', 'lockless') and before and after and after[0] > before[0] and \
                        self.expect.find('loads', name, t.name, after[0] - before[0]) is None:
                    self.finding(t.name, f'the {name} walk in lib/probe.c loads {after[0]} times, {before[0]} on the base')

    # ---- what comes out ----

    def tables(self):
        print('Objects, base against series: identical, equal but for __LINE__, different, their .text;'
              ' text of mm/ by scripts/bloat-o-meter\n')
        print(f'{"target":<16}{"identical":>10}{"__LINE__":>10}{"different":>10}{"of .text":>10}{"mm/ base":>10}{"series":>10}{"change":>8}')
        for t in self.targets:
            f = self.figures[t.name]
            mm = (f['mm_text_base'], f['mm_text_series'], f'{f["mm_text_series"] - f["mm_text_base"]:+d}') \
                if 'mm_text_base' in f else ('-', '-', '-')
            print(f'{t.name:<16}{f["identical"]:>10}{f["line_numbers"]:>10}{f["different"]:>10}{f["text_delta"]:>+10}{mm[0]:>10}{mm[1]:>10}{mm[2]:>8}')
        if self.args.summary:
            self.object_table()
        self.patch_table()
        self.load_table()

    def object_table(self):
        where = collections.defaultdict(list)
        for t in self.targets:
            for o in self.differ[t.name]:
                sizes = self.base_size(t, o), objects.text_size(os.path.join(t.series, o))
                where[o].append(f'{t.name} {sizes[0]}→{sizes[1]}' if sizes[0] != sizes[1] else f'{t.name} {sizes[0]}')
        print('\nDifferent, .text before and after\n')
        for o, targets in sorted(where.items()):
            print(f'{o}: {", ".join(targets)}')

    def patch_table(self):
        rows = collections.defaultdict(lambda: collections.defaultdict(list))
        for number, commit, t, o, kind, before, after in self.rows:
            rows[number, commit][kind].append((t, o, before, after))
        if not rows:
            return
        print('\nObjects compiled at each patch: identical, equal but for __LINE__, changed\n')
        full = []
        for (number, commit), kinds in sorted(rows.items()):
            n = {k: len(v) for k, v in kinds.items()}
            print(f'{number:>3} {n.get("identical", 0):>5} {n.get("lines", 0):>4} {n.get("changed", 0):>4}  {self.subjects[commit]}')
            changes = collections.defaultdict(list)
            for kind, entries in kinds.items():
                for t, o, before, after in entries:
                    sizes = [objects.text_size(p) if os.path.exists(p) else 0 for p in (before, after)]
                    full.append(f'{number}\t{self.subjects[commit]}\t{t.name}\t{o}\t{kind}\t{sizes[0]}\t{sizes[1]}')
                    if kind == 'changed':
                        changes[o].append(f'{t.name} {sizes[0]}→{sizes[1]}' if sizes[0] != sizes[1] else f'{t.name} {sizes[0]}')
            for o, where in sorted(changes.items()):
                print(f'{"":>20}{o}: {", ".join(where)}')
        path = self.log('patches.tsv', '\n'.join(['patch\tsubject\ttarget\tobject\tresult\ttext before\ttext after', *full]) + '\n')
        print(f'\n(every line of it: {path})')

    def load_table(self):
        print('\nLoads of page tables (other loads too in gup_fast and perf) / loads from the stack / stores to it\n')
        print(f'{"target":<16}{"levels":<8}{"locked walk":<20}{"lockless walk":<20}{"gup_fast":<26}perf_get_page_size')
        for t in self.targets:
            cells = []
            for before, after in self.load_rows[t.name].values():
                a, b = ('/'.join(map(str, c)) if c else '-' for c in (before, after))
                cells.append(a if a == b else f'{a} → {b}')
            levels = self.figures[t.name].get('levels', '-')
            print(f'{t.name:<16}{levels:<8}{cells[0]:<20}{cells[1]:<20}{cells[2]:<26}{cells[3]}'.rstrip())

    def stale_rules(self):
        for r in self.expect.rules:
            known = r['section'] in ('text of mm/', 'loads') or r['section'] in self.subjects.values()
            if not r['used'] and (self.args.all_targets or not known):
                why = 'nothing changes like that any more' if known else f'no patch "{r["section"]}"'
                self.finding('', f'{self.args.expect}:{r["line"]} is stale: {why}')

    def run(self):
        self.compare()
        if not self.args.summary:
            self.attribute()
        self.bloat()
        self.loads()
        self.judge()
        self.tables()
        if not self.args.summary:
            self.stale_rules()
        if self.args.summary:
            print('\nwithout --summary: which patch changes them, and whether that is expected')
        if self.findings:
            print(f'\n{len(self.findings)} findings')
            for target, text in self.findings:
                print(f'\n{target + ": " if target else ""}{text}')
        elif not self.args.summary:
            print('\nno finding: what changes is expected, the rest is identical')
        with open(self.args.figures, 'w') as f:
            for t in self.targets:
                mine = [text.split('\n')[0] for target, text in self.findings if target == t.name]
                if len(mine) > 3:
                    mine[3:] = [f'{len(mine) - 3} more']
                kinds = [row[4] for row in self.rows if row[2] is t]
                for kind in 'identical', 'lines', 'changed':
                    self.figures[t.name][f'patch_by_patch_{kind}'] = kinds.count(kind)
                words = [f'{k}={v}' for k, v in self.figures[t.name].items()]
                f.write(' '.join([t.name, 'fail' if mine else 'pass', ','.join(words), '; '.join(mine)]) + '\n')
        return 1 if self.findings else 0


def main():
    p = argparse.ArgumentParser()
    for name in 'worktree', 'tree', 'tip', 'expect', 'log', 'tmp', 'ccache', 'figures':
        p.add_argument(f'--{name}', required=True)
    p.add_argument('--jobs', type=int, required=True)
    p.add_argument('--each', action='append', default=[])
    p.add_argument('--all-targets', action='store_true')
    p.add_argument('--summary', action='store_true')
    args = p.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    targets = [Target(*line.rstrip('\n').split('\t')) for line in sys.stdin]
    sys.exit(Codegen(args, targets).run())


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, subprocess.CalledProcessError) as e:
        die(str(e))
