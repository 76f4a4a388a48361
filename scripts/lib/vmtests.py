# SPDX-License-Identifier: GPL-2.0
"""What the kernel's selftests/mm said on a guest's console, and a comparison.

    vmtests.py results CATEGORY LOG SPLATS HUNG
        prints one line for each result, without what is another at each run,
        sorted: OUTCOME, CATEGORY: TEST[: NAME], and what was said before a
        test was skipped, with a TAB between them
    vmtests.py compare OTHER BASE BASE...
        compares files of such lines: what is another on OTHER than it always
        is on the base. A category that a BASE has not at all was not run there.
        Prints the differences and, as the last line, counts.
        Exit: 0 the same, 1 different
"""
import collections
import re
import sys

# What is another at each run: addresses, times, counts of pages, process ids.
VARYING = (
    (re.compile(r'\b0x[0-9a-f]+\b', re.I), '0xN'),
    (re.compile(r'\b[0-9a-f]{8,16}\b'), 'N'),
    (re.compile(r'\b\d+(\.\d+)? ?(ns|us|ms|s|sec|secs|seconds|usec|msec|pages/s|MB/s)\b'), r'N \2'),
    (re.compile(r'\b(extra (?:pages|thread faults)) \d+( \(\d+(\.\d+)?%\))?', re.I), r'\1 N'),
    (re.compile(r'\b(pid|tid|process)([ :=#]+)\d+', re.I), r'\1\2N'),
)


def steady(text):
    text = re.sub(r'\x1b\[[0-9;]*m', '', text)
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return ' '.join(text.split())


def outcome(ok, text):
    """The outcome of a line of TAP, and its text without number and outcome."""
    text = re.sub(r'^\d+ *(- )?', '', text)
    directive = re.search(r'# *(SKIP|XFAIL|XPASS|TODO|error)\b *', text, re.I)
    if directive:
        text = text[:directive.start()] + text[directive.end():]
        return directive.group(1).lower(), text
    code = re.search(r'# *exit=(\d+)', text)
    if code:
        # what selftests/vmtests/limit says
        what = 'timed out' if code.group(1) == '124' else 'not ok, exit ' + code.group(1)
        return what, text[:code.start()]
    return ('ok' if ok == 'ok' else 'not ok'), text


def results(category, log, splats, hung):
    splats = re.compile(splats)
    lines, names = [], collections.Counter()
    test, said, seen, verdict, lost = '', '', collections.Counter(), [], 0

    def add(what, name, why=''):
        names[name] += 1
        if names[name] > 1:
            name += ' (%d)' % names[name]
        lines.append('%s\t%s: %s\t%s' % (what, category, name, why))

    with open(log, encoding='utf-8', errors='replace') as console:
        for line in console:
            line = re.sub(r'^(\[ *[0-9.]+\] )+', '', line.replace('\r', '').rstrip('\n'))
            lost += bool(re.search(r'\d+ printk messages dropped', line))
            if line.startswith('init| '):
                end = re.match(r'init\| END .* passed=(\d+) failed=(\d+) skipped=(\d+)', line)
                if end:
                    verdict.append([int(n) for n in end.groups()])
                continue
            if not line.startswith('guest| '):
                # test_vmalloc.sh does not look at what its module found.
                module = re.search(r'\bSummary: (\w+) passed: (\d+) failed: (\d+)', line)
                if module:
                    add('ok' if module.group(3) == '0' else 'not ok', (test or 'vmalloc') + ': ' + module.group(1))
                elif splats.search(line):
                    add('kernel', re.sub(r'\d+', 'N', steady(line)))
                continue
            line = line[len('guest| '):]
            running = re.match(r'# running (.*)', line)
            if running:
                # as run_vmtests.sh calls it in the end
                test, said = steady(re.sub(r'^(bash )?\./', '', running.group(1))), ''
                continue
            own = re.match(r'(ok|not ok) (\d.*)', line)
            if own:
                seen[own.group(1)] += 1
                what, text = outcome(*own.groups())
                add(what, steady(text), said if what == 'skip' else '')
                test = ''
                continue
            if re.match(r'# SKIP \./|# \[SKIP\] \./', line):
                # run_vmtests.sh did not even begin with it.
                add('skip', steady(re.sub(r'.*SKIP\]? (\./)?', '', line)), 'run_vmtests.sh left it out')
                continue
            inner = re.match(r'# *(ok|not ok) (\d.*)', line)
            bail = re.match(r'# *Bail out! ?(.*)', line)
            if inner:
                what, text = outcome(*inner.groups())
                said = steady(text)
                add(what, test + ': ' + said)
            elif bail:
                add('bails out', test + ': ' + steady(bail.group(1)))
            elif re.search(r'\w', line) and '[SKIP]' not in line:
                said = steady(line.lstrip('# '))

    if hung:
        add('hung', test or 'the guest')
    elif len(verdict) != 1:
        add('died', test or 'the guest')
    else:
        passed, failed, skipped = verdict[0]
        if lost or seen['ok'] != passed + skipped or seen['not ok'] != failed:
            add('lost', 'lines of the console')
    for line in sorted(lines, key=lambda l: l.split('\t')[1]):
        print(line)


def read(name):
    with open(name, encoding='utf-8') as file:
        fields = [line.rstrip('\n').split('\t') for line in file]
    return {key: what for what, key, _ in fields}, {key: why for _, key, why in fields}


def program(key):
    """Category and test, of the test itself or of a result in it."""
    return ': '.join(key.split(': ')[:2])


def compare(other, *bases):
    other, why = read(other)
    bases = [read(base)[0] for base in bases]
    categories = [{key.split(': ')[0] for key in base} for base in bases]
    keys = sorted(set(other).union(*bases))
    programs = {program(key) for base in bases for key in base}
    counts = collections.Counter()
    failed = False

    def on_base(key):
        category = key.split(': ')[0]
        return [base.get(key, 'absent') for base, run in zip(bases, categories) if category in run]

    def say(word, key):
        print('%s %s: base %s; other %s' % (word, key, ', '.join(on_base(key)), other.get(key, 'absent')))

    for key in keys:
        was = set(on_base(key))
        now = other.get(key, 'absent')
        if program(key) not in programs and now not in ('kernel', 'hung', 'died', 'lost'):
            counts['added'] += 1
            good = now in ('ok', 'skip')
            failed |= not good
            print('%s %s: %s' % ('ADDED' if good else 'ADDED AND FAILS', key, now))
        elif len(was) > 1:
            counts['flaky'] += 1
            say('FLAKY', key)
        elif was != {now}:
            counts['different'] += 1
            failed = True
            say('DIFFERENT', key)
        else:
            counts['same'] += 1
            what = now if now in ('ok', 'skip') else 'other'
            counts['same_' + what] += 1
            if what == 'other':
                print('THE SAME %s: %s' % (key, now))
            elif now == 'skip' and key == program(key):
                print('SKIP %s: %s' % (key, why[key] or 'it does not say why'))
    print(' '.join('%s=%d' % (name, counts[name]) for name in
                   ('same', 'same_ok', 'same_skip', 'same_other', 'different', 'flaky', 'added')))
    return failed


if sys.argv[1] == 'results':
    results(*sys.argv[2:6])
else:
    sys.exit(compare(*sys.argv[2:]))
