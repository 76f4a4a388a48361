# SPDX-License-Identifier: GPL-2.0
"""What each function does with the page table entries that it points to.

scripts/lib/audit-flow.cocci says where a pointer to an entry is named and
which of these places can follow one another. Here each of them is given a
meaning (tested, descended through, handed to a function, ...) from the
expression around it. audit-files keeps the result, audit_solve uses it.
"""

import re

# Who names one of these walks the kernel's own page table.
KERNEL = set("init_mm swapper_pg_dir pgd_offset_k pgd_offset_kernel pmd_off_k".split())
LEVEL = r"(?:pgd|p4d|pud|pmd)"
TYPE = re.compile(r"%s_t$" % LEVEL)
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|<<=|>>=|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|\S")
CALLED = re.compile(r"(\w+)\s*\(")
POINTER = re.compile(r"(?:pgd|p4d|pud|pmd)_t\s*\*[\w\s]*$")
WORD = re.compile(r"[A-Za-z_]\w*$")
MACRO = re.compile(r"\s*#\s*define\s+\w")
NOT_CODE = re.compile(r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | ^[ \t]*\#(?: \\\n | /\*.*?\*/ | [^\n] )*""", re.S | re.M | re.X)
KEYWORDS = set("if while for switch return sizeof else do case default goto break continue "
               "typeof __typeof__ defined".split())

DESCEND = set("p4d_offset pud_offset pmd_offset pte_offset_kernel pte_offset_huge".split())
# They test the entry and then descend through another read of it.
TEST_AND_DESCEND = set("pte_alloc_kernel pte_alloc_kernel_track pte_alloc_huge".split())
# The last one is what pmdp_get_lockless() was called before Linux 6.2.
GET = re.compile(r"%sp_get(_lockless|_once)?$|pmd_read_atomic$" % LEVEL)
CLEAR_BAD = re.compile(r"%s_none_or_clear_bad$" % LEVEL)
# They look at the slot again on their own, or not at all.
NEUTRAL = set("""pmd_lockptr pud_lockptr pmd_ptdesc pmd_pgtable_page huge_pte_lockptr
    pte_offset_map pte_offset_map_nolock pte_offset_map_ro_nolock pte_offset_map_rw_nolock __pte_offset_map
    sizeof typeof __typeof__ likely unlikely PTR_ALIGN PTR_ALIGN_DOWN IS_ERR IS_ALIGNED
    virt_to_page virt_to_phys virt_to_ptdesc __pa __pa_symbol __va
    vma_pgtable_walk_begin""".split())
LOCK = set("""pmd_lock pud_lock pmd_trans_huge_lock pud_trans_huge_lock huge_pte_lock
    pte_offset_map_lock pte_alloc_map_lock __pmd_trans_huge_lock __pud_trans_huge_lock""".split())
QUIET = re.compile(r"""(BUG_ON|WARN_ON|WARN_ON_ONCE|WARN|WARN_ONCE|VM_(BUG|WARN)_ON\w*|BUILD_BUG_ON|printk|
    pr_\w+|dev_\w+|%s_ERROR|trace_\w+|seq_printf|seq_puts|sprintf|snprintf|scnprintf|printf|
    print_\w+|pt_dump_\w+|panic|dump_\w+|note_page\w*|KUNIT_\w+|sizeof|typeof|__typeof__)$""" % LEVEL, re.X)
SAME = re.compile(r"%s_same$" % LEVEL)
WRITE = re.compile(r"""(set_\w*%(l)s\w*|%(l)s_clear(_bad|_fixmap)?|(native_)?%(l)s_populate\w*|WRITE_ONCE|
    xchg|cmpxchg|try_cmpxchg|smp_store_release)$""" % {"l": LEVEL}, re.X)
FILL = re.compile(r"(%s_populate\w*|\w*set_%s\w*|_*(p4d|pud|pmd|pte)_alloc\w*)$" % (LEVEL, LEVEL))
TEST = re.compile(r"""%s_(none|present|bad|leaf|trans_huge|devmap|is_leaf|huge|large|large_page|user|user_accessible_page|
    table|sect|table_leaf|is_huge|protnone|write|dirty|young|special|valid|cont|folded|none_or_\w+|trans_\w+|
    access_permitted)$|(\w+_)?is_\w+$|likely$|unlikely$""" % LEVEL, re.X)
PRESENCE = re.compile(r"%s_(none|present)$" % LEVEL)


TAKE = re.compile(r"""(raw_)?spin_lock(_nested|_irq|_irqsave|_bh)?$|(read|write)_lock$|mutex_lock(_nested)?$|
    mmap_write_lock(_killable|_nested)?$|(pmd|pud|huge_pte)_lock$|pte_(offset|alloc)_map_lock$|
    lockdep_assert_held(_write)?$|assert_spin_locked$|(mmap|vma)_assert_write_locked$""", re.X)
GIVE = re.compile(r"""(raw_)?spin_unlock(_irq|_irqrestore|_bh)?$|(read|write)_unlock$|mutex_unlock$|
    mmap_write_(unlock|downgrade)$|pte_unmap_unlock$""", re.X)
IRQ_TAKE = re.compile(r"local_irq_(save|disable)$")
IRQ_GIVE = re.compile(r"local_irq_(restore|enable)$")
FAMILY = (("mmap_", "mmap"), ("vma_", "vma"), ("mutex_", "mutex"), ("local_irq", "irq"),
          ("lockdep_", ""), ("read_", "rw"), ("write_", "rw"))


def code_only(text):
    """The text with blanks for comments, strings and directives."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


class Tokens:
    """The tokens of one function, with its brackets and statements."""

    def __init__(self, lines, first):
        self.text, self.place = [], []
        for number, line in enumerate(lines, first):
            for m in TOKEN.finditer(line):
                self.text.append(m.group())
                self.place.append((number, m.start()))
        self.at = {place: i for i, place in enumerate(self.place)}
        self.match, self.inside, self.statement = {}, [], []
        stack, number, after = [], 0, None
        for i, token in enumerate(self.text):
            self.inside.append(stack[-1] if stack else -1)
            if token in ("(", "["):
                stack.append(i)
            elif token in (")", "]"):
                while stack and self.text[stack[-1]] == "{":
                    stack.pop()
                if stack:
                    self.match[i] = stack.pop()
                    self.match[self.match[i]] = i
            elif token == "{":
                stack.append(i)
            elif token == "}":
                while stack and self.text[stack[-1]] != "{":
                    stack.pop()
                if stack:
                    self.match[i] = stack.pop()
                    self.match[self.match[i]] = i
            flat = not stack or self.text[stack[-1]] == "{"
            self.statement.append(number)
            if token in ("{", "}") or (flat and token in (";", "else", "do")):
                number += 1
            elif (flat and token == ")" and i in self.match and self.match[i] > 0 and
                  self.text[self.match[i] - 1] in ("if", "while", "for", "switch")):
                number += 1
            elif flat and token == ":" and (i < 2 or self.text[i - 2] in (";", "{", "}", ":", ")") or
                                            after == "case" or self.text[i - 1] == "default"):
                number += 1
            if token == "case" or token in (";", "{", "}"):
                after = token

    def call(self, i):
        """(name, index of the name, argument number) around token i, or None."""
        opening = self.inside[i]
        if opening < 1 or self.text[opening] != "(" or not WORD.match(self.text[opening - 1]):
            return None
        name = self.text[opening - 1]
        if name in ("if", "while", "for", "switch", "return"):
            return None
        return name, opening - 1, sum(1 for j in range(opening + 1, i)
                                      if self.text[j] == "," and self.inside[j] == opening)

    def around(self, i):
        """Names of all calls around token i, the innermost first."""
        names = []
        opening = self.inside[i]
        while opening >= 0:
            if self.text[opening] == "(" and opening and WORD.match(self.text[opening - 1]):
                names.append(self.text[opening - 1])
            opening = self.inside[opening]
        return names

    def conditional(self, i):
        """The parts of the statement around token i that need not be run:
        right sides of && and ||, arms of ?:, as (opening, operator, place)."""
        found, here = [], i
        while True:
            opening = self.inside[here]
            j = here - 1
            while j > opening and self.statement[j] == self.statement[i]:
                if self.inside[j] == opening:
                    if self.text[j] in ("&&", "||", "?"):
                        found.append((j, self.text[j]))
                    elif self.text[j] == ":":
                        question = j
                        while question > opening and not (
                                self.text[question] == "?" and self.inside[question] == opening):
                            question -= 1
                        if question > opening:
                            found.append((question, ":"))
                            j = question
                    elif self.text[j] in (",", ";"):
                        break
                j -= 1
            if opening < 0 or self.text[opening] == "{" or self.statement[opening] != self.statement[i]:
                return found
            here = opening

    def span(self, i):
        """The slot at token i (a name, or the member that it ends with)."""
        a = i
        while a >= 2 and self.text[a - 1] in ("->", "."):
            a -= 2
            while self.text[a] in (")", "]") and a in self.match:
                a = self.match[a]
                if a and WORD.match(self.text[a - 1]) and self.text[a] != "(":
                    a -= 1
        return a, i

    def wrapped(self, a, b):
        """The same with the parentheses and the casts around it; the cast."""
        cast = ""
        while True:
            before = self.text[a - 1] if a else ""
            after = self.text[b + 1] if b + 1 < len(self.text) else ""
            if before == "(" and after == ")" and not (
                    a >= 2 and (WORD.match(self.text[a - 2]) or self.text[a - 2] in ")]")):
                a, b = a - 1, b + 1
            elif before == ")" and a - 1 in self.match:
                opening = self.match[a - 1]
                inner = self.text[opening + 1:a - 1]
                if not inner or inner[-1] not in ("*", "long") or not all(
                        WORD.match(t) or t == "*" for t in inner) or (
                        opening and WORD.match(self.text[opening - 1]) and
                        self.text[opening - 1] not in KEYWORDS):
                    return a, b, cast
                a, cast = opening, " ".join(inner)
            else:
                return a, b, cast


def unary(tokens, i):
    """Is the operator at i unary?"""
    before = tokens.text[i - 1] if i else ""
    if before == ")" and i - 1 in tokens.match:         # a cast?
        opening = tokens.match[i - 1]
        inner = tokens.text[opening + 1:i - 1]
        if opening and tokens.text[opening - 1] in ("if", "while", "for", "switch"):
            return True
        return bool(inner) and inner[-1] == "*"
    return before in KEYWORDS or not re.match(r"[\w)\]]", before)


def assigned(tokens, a, b):
    """What is the expression a..b the value of? The variable, or ''."""
    text = tokens.text
    if a < 2 or text[a - 1] != "=" or text[b + 1:b + 2] not in ([";"], [","], [")"]):
        return ""
    return text[a - 2]


def read(tokens, a, b):
    """What becomes of the value of the entry that a..b reads."""
    text = tokens.text
    a, b, _ = tokens.wrapped(a, b)
    call = tokens.call(a)
    if call and (call[0] == "READ_ONCE" or GET.match(call[0])):
        a, b = call[1], tokens.match.get(call[1] + 1, b)
        a, b, _ = tokens.wrapped(a, b)
        call = tokens.call(a)
    names = tokens.around(a)
    if any(QUIET.match(name) for name in names):
        return "quiet", ""
    if any(SAME.match(name) for name in names):
        return "same", ""
    into = assigned(tokens, a, b)
    if into:
        return "value", into
    if call:
        name, at, _ = call
        end = tokens.match.get(at + 1, b)
        if name.endswith("_val") and (
                text[end + 1:end + 2] and text[end + 1] in ("==", "!=", "^") or
                at and text[at - 1] in ("==", "!=", "^")):
            return "same", ""
        if name.endswith("_val") and text[end + 1:end + 2] == ["="]:
            return "write", name
        if TEST.match(name) or name.endswith("_val") and "if" in text[max(0, at - 4):at]:
            return "test", name
        return "use", name
    return "use", ""


def meaning(tokens, i):
    """(kind, detail, argument, end of the expression) of the slot at token i."""
    text = tokens.text
    a, b = tokens.span(i)
    a, b, cast = tokens.wrapped(a, b)
    before = text[a - 1] if a else ""
    after = text[b + 1] if b + 1 < len(text) else ""
    if after == "=":
        return define(tokens, b + 2)
    if after in ("+=", "-=", "++", "--") or before in ("++", "--"):
        return "define", "", 0
    if before == "*" and unary(tokens, a - 1):
        a -= 1
        a, b, _ = tokens.wrapped(a, b)
        before = text[a - 1] if a else ""
        after = text[b + 1] if b + 1 < len(text) else ""
        if before == "&" and unary(tokens, a - 1):
            return "neutral", "", 0
        if after == "=" or after.endswith("=") and after not in ("==", "!=", "<=", ">="):
            return "write", "", 0
        call = tokens.call(a)
        if call and WRITE.match(call[0]) and call[2] == 0:
            return "write", call[0], 0
        return read(tokens, a, b) + (0,)
    if before == "&" and unary(tokens, a - 1):
        return "address", "", 0
    if after == "->" or after == ".":
        return "neutral", "", 0
    if before == "return" or before == ":" and after == ";" and "return" in text[max(0, a - 12):a]:
        return "return", cast, 0
    call = tokens.call(a)
    if not call or before not in ("(", ",") or after not in (")", ","):
        return "neutral", "", 0
    name, at, argument = call
    if name in KEYWORDS:
        return "neutral", "", 0
    if name in DESCEND and argument == 0:
        return "descend", name, 0
    if name in TEST_AND_DESCEND:
        return "descend", name, argument
    if GET.match(name):
        return read(tokens, at, tokens.match.get(at + 1, b)) + (0,)
    if CLEAR_BAD.match(name):
        return "clear_bad", name, 0
    if name in LOCK:
        return "lock", name, argument
    if name in NEUTRAL or QUIET.match(name):
        return "neutral", name, argument
    if WRITE.match(name):
        return "write", name, argument
    return "call", name, argument


def define(tokens, i):
    """A slot gets the value of the expression that begins at token i: if that
    is a call, of which function?"""
    text = tokens.text
    while i < len(text) and text[i] == "(" and i in tokens.match:     # a cast
        i = tokens.match[i] + 1
    if i + 1 < len(text) and WORD.match(text[i]) and text[i + 1] == "(":
        end = tokens.match.get(i + 1, i)
        if text[end + 1:end + 2] and text[end + 1] in (";", ",", ")"):
            return "define", text[i], 0
    return "define", "", 0


def split_header(header, name):
    """What stands before the function's name, and after the "(" behind it."""
    for m in CALLED.finditer(header):
        if m.group(1) == name:
            return header[:m.start()], header[m.end():]
    return "", ""


def parameters(behind):
    """[(name, type)] of a function, from its header."""
    depth, part, parts = 0, "", []
    for c in behind:
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
            if depth < 0:
                break
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += c
    parts.append(part)
    result = []
    for part in parts:
        words = re.findall(r"\w+|\*", re.sub(r"\[.*?\]", "*", part))
        names = [w for w in words if WORD.match(w)]
        star = "*" * words.count("*")
        kind = next((w for w in names if TYPE.match(w)), "")
        result.append((names[-1] if len(names) > 1 else "", kind + star if kind else ""))
    return result


def functions(source, lines):
    """The facts of each function of a file, from the lines of the rule."""
    code = source.code.split("\n")
    found = {}
    for line, message in lines:
        body = source.body(line)
        if body:
            found.setdefault(body, []).append((line, message.split()))
    macros = {word for _, text in source.directives if MACRO.match(text) for word in re.findall(r"\w+", text)[2:]}
    for body in source.bodies:
        first, last, name, header = body
        tokens = Tokens(code[first - 1:last], first)
        before, behind = split_header(header, name)
        start = tokens.text.index("{") if "{" in tokens.text else 0
        facts = {
            "function": name, "line": first,
            "static": bool(re.search(r"\bstatic\b", header)),
            "init": (re.findall(r"\b__(?:(init)|init_or_\w+|meminit|head)\b", header) or [None])[0],
            "returns": bool(POINTER.search(before)), "in_macro": name in macros,
            "parameters": parameters(behind),
            "calls": sorted({(t, tokens.place[i][0]) for i, t in enumerate(tokens.text[:-1])
                             if i > start and tokens.text[i + 1] == "(" and WORD.match(t)
                             and t not in KEYWORDS}),
            "names": sorted({t for i, t in enumerate(tokens.text[:-1]) if i > start and
                             WORD.match(t) and tokens.text[i + 1] in (",", ")", ";", "}")
                             and tokens.text[i - 1] in (",", "(", "=", "&", "{")}),
            "kernel": any(t in KERNEL for t in tokens.text) and not any(
                t in ("mm", "active_mm", "get_TTB") for t in tokens.text),
            "return_calls": sorted({(tokens.text[i + 1], tokens.place[i][0])
                                    for i, t in enumerate(tokens.text[:-2]) if t == "return"
                                    and WORD.match(tokens.text[i + 1]) and tokens.text[i + 2] == "("}),
            "slots": {}, "copies": [],
        }
        facts["under"], facts["drops"] = under(tokens, start)
        if body in found:
            collect(facts, tokens, found[body])
        yield facts


class Held:
    """The locks that are held for certain in each line of a function, by its text.

    A state is a set of locks, (line, text, kind, names); None is a place that
    nothing gets to. Where ways meet, what is held on all of them stays: behind
    a statement that need not be run, at a label or a case, at the start of a
    loop. An unlock releases the locks that it names; one that names none may
    be the release of any lock of its kind. An assertion is like a lock."""

    def __init__(self, tokens, start):
        self.tokens, self.text, self.match = tokens, tokens.text, tokens.match
        self.start = start
        self.jumps = {}                 # label or start of a loop: the state that jumps bring there
        self.at, self.drops, self.breaks, self.switches, self.loops, self.guards = {}, set(), [], [], [], []

    @staticmethod
    def meet(*states):
        states = [state for state in states if state is not None]
        return frozenset.intersection(*states) if states else None

    def jump(self, where, state):
        self.jumps[where] = self.meet(self.jumps.get(where), state)

    def solve(self):
        """{line: its locks}; `drops` has the lines that unlock what the function did not lock."""
        while True:
            before = dict(self.jumps)
            self.at, self.drops = {}, set()
            self.statement(self.start, frozenset())
            if self.jumps == before:
                return {line: state for line, state in self.at.items() if state}

    def statement(self, i, state):
        """(the token behind it, the state there)"""
        text = self.text
        token, after = text[i], text[i + 1] if i + 1 < len(text) else ""
        if token == "{":
            return self.block(i, state)
        if token in ("if", "switch", "while") and after == "(":
            end = self.match.get(i + 1, i + 1)
            if token == "while":
                return self.loop(i, end, state)
            state = self.expression(i, end, state)
            return (self.branches if token == "if" else self.switch)(end + 1, state)
        if token == "for" and after == "(":
            return self.loop(i, self.match.get(i + 1, i + 1), state)
        if token == "do":
            return self.loop(i, i, state)
        if token in ("case", "default") and self.switches:
            while text[i] not in (":", ";", "{", "}"):
                i += 1
            return i + 1, self.meet(state, self.switches[-1])
        if after == ":" and WORD.match(token):
            return i + 2, self.meet(state, self.jumps.get(token))
        end = i
        while end < len(text) and text[end] != ";":
            if text[end] == "}":
                return end, self.expression(i, end - 1, state)
            if text[end] == "{" and text[end - 1] == ")":           # for_each_...() {
                return self.macro(i, end, state)
            end = max(end, self.match.get(end, end)) + 1
        state = self.expression(i, end, state)
        if token == "goto":
            self.jump(after, state)
        elif token == "break" and self.breaks:
            self.breaks[-1].append(state)
        elif token == "continue" and self.loops:
            self.jump(self.loops[-1], state)
        return end + 1, None if token in ("goto", "break", "continue", "return") else state

    def block(self, i, state):
        end = self.match.get(i, len(self.text) - 1)
        self.guards.append(set())
        j = i + 1
        while j < end:
            behind, state = self.statement(j, state)
            j = max(behind, j + 1)
        guards = self.guards.pop()
        return end + 1, state and state - guards

    def branches(self, i, state):
        i, then = self.statement(i, state)
        if self.text[i:i + 1] == ["else"]:
            i, state = self.statement(i + 1, state)
        return i, self.meet(then, state)

    def switch(self, i, state):
        self.switches.append(state)
        self.breaks.append([])
        i, end = self.statement(i, None)
        self.switches.pop()
        return i, self.meet(state, end, *self.breaks.pop())

    def loop(self, i, end, state):
        """`i` is the while, for, do or macro, `end` what is before the body."""
        self.loops.append(i)
        self.breaks.append([])
        state = entry = self.meet(state, self.jumps.get(i))
        if self.text[i] != "do":
            state = entry = self.expression(i, end, state)
        j, state = self.statement(end + 1, state)
        self.jump(i, state)
        if self.text[i] == "do":
            close = self.match.get(j + 1, j)
            state = entry = self.expression(j, close, state)
            j = close + 2
            self.jump(i, state)
        self.loops.pop()
        return j, self.meet(entry, *self.breaks.pop())

    def macro(self, i, end, state):
        if self.text[i] != "scoped_guard":
            return self.loop(i, end - 1, state)
        lock = self.lock(i, end - 1)
        state = self.expression(i, end - 1, state)
        j, state = self.statement(end, None if state is None else state | {lock})
        return j, state and state - {lock}

    def expression(self, i, end, state):
        """Its tokens from left to right."""
        if state is None:
            return None
        text, tokens = self.text, self.tokens
        for j in range(i, min(end + 1, len(text))):
            line = tokens.place[j][0]
            self.at[line] = self.meet(self.at.get(line), state)
            if text[j + 1:j + 2] != ["("] or not WORD.match(text[j]):
                continue
            close = self.match.get(j + 1, j)
            if text[j] == "guard":
                lock = self.lock(j, self.match.get(close + 1, close))
                if re.search(r"spin|write|mutex|read_lock", lock[1]):
                    state |= {lock}
                    self.guards[-1].add(lock)
            elif TAKE.match(text[j]) or IRQ_TAKE.match(text[j]):
                state |= {self.lock(j, close)}
            elif GIVE.match(text[j]) or IRQ_GIVE.match(text[j]):
                state = self.release(j, close, state)
        return state

    def lock(self, i, end):
        name = self.text[i]
        names = self.arguments(i + 1)
        if re.match(r"(pmd|pud|huge_pte)_lock$|pte_", name):
            names = names[3:] + self.text[max(0, i - 2):i - 1] * (self.text[i - 1] == "=")
        else:
            names = names[:1]
        return (self.tokens.place[i][0], "".join(self.text[i:end + 1]), self.kind(name), tuple(names))

    def release(self, i, end, state):
        given, kind = self.arguments(i + 1), self.kind(self.text[i])
        given = given if self.text[i].startswith("pte_") else given[:1]
        same = {lock for lock in state if lock[2] in (kind, "")}
        named = {lock for lock in same if kind == "irq" or set(lock[3]) & set(given)}
        if not same:
            self.drops.add(self.tokens.place[i][0])
        return state - (named or same)

    def arguments(self, opening):
        end, parts = self.match.get(opening, opening), [""]
        for j in range(opening + 1, end):
            if self.text[j] == "," and self.tokens.inside[j] == opening:
                parts.append("")
            elif parts[-1] or self.text[j] != "&":
                parts[-1] += self.text[j]
        return parts

    @staticmethod
    def kind(name):
        return next((kind for start, kind in FAMILY if name.startswith(start)), "spin")


def under(tokens, start):
    """([(first line, last line, line of the lock, lock)], lines that unlock what
    the function did not lock): see Held."""
    if not any(word.endswith(("lock", "guard")) or TAKE.match(word) or GIVE.match(word) or IRQ_TAKE.match(word)
               for word in set(tokens.text)):
        return [], []
    held = Held(tokens, start)
    try:
        lines = held.solve()
    except RecursionError:              # so odd that nothing is certain
        return [], []
    result, ends = [], {}
    for line in sorted(lines):
        for taken, text, _, _ in sorted(lines[line]):
            last = ends.get((taken, text))
            if last and last[1] == line - 1:
                last[1] = line
            else:
                ends[taken, text] = last = [line, line, taken, text]
                result.append(last)
    return result, sorted(held.drops)


def collect(facts, tokens, lines):
    events, slots, edges = {}, facts["slots"], []
    held = set()
    for line, words in lines:
        kind = words[0]
        place = (line, int(words[1])) if kind != "seen" else None
        if kind in ("named", "member", "declared") and place in tokens.at:
            i = tokens.at[place]
            a, b = tokens.span(i) if kind != "declared" else (i, i)
            slot = "".join(tokens.text[a:b + 1])
            if kind == "declared":
                what = define(tokens, i + 2)
            else:
                what = meaning(tokens, i)
            events[place] = (slot, i, what)
        elif kind in ("flow", "start"):
            edges.append((place, words[2:]))
        elif kind == "held":
            held.add((place, tuple(map(int, words[2].split(":")))))
        elif kind == "copy" and place in tokens.at:
            a = tokens.at[place]
            if tokens.text[a - 1] == "&":
                a -= 1
            call = tokens.call(tokens.wrapped(a, a)[0])
            if call:
                facts["copies"].append((line, call[0], call[2], words[2]))
    for place, (slot, i, what) in sorted(events.items()):
        slots.setdefault(slot, {"events": [], "edges": [], "start": []})
        slots[slot]["events"].append({
            "at": place, "kind": what[0], "name": what[1], "argument": what[2],
            "token": i, "statement": tokens.statement[i],
            "text": expression(tokens, i, what),
            "if": tokens.conditional(i)})
    index = {place: (slot, n) for slot in slots for n, place in
             enumerate(e["at"] for e in slots[slot]["events"])}
    for place, rest in edges:
        if place not in index:
            continue
        slot, n = index[place]
        if not rest:
            slots[slot]["start"].append(n)
        else:
            to = tuple(map(int, rest[0].split(":")))
            if to > place and index.get(to, ("",))[0] == slot:
                slots[slot]["edges"].append((n, index[to][1]))
    for place, lock in sorted(held):
        if place in index and lock <= place:
            slot, n = index[place]
            at = tokens.at.get(lock)
            if at is not None and taken(tokens, at, slots[slot]["events"][n]["token"]):
                end = tokens.match.get(at + 1, at)
                if tokens.text[at] == "guard":
                    end = tokens.match.get(end + 1, end)
                text = "".join(tokens.text[at:end + 1])
                slots[slot]["events"][n].setdefault("held", []).append((lock[0], text))
    # A declaration between two places is another variable of the same name.
    declared = {}
    for i, t in enumerate(tokens.text[1:-1], 1):
        if WORD.match(t) and tokens.text[i - 1] == "*" and tokens.text[i + 1] in ("=", ";", ",", "*"):
            j = i - 1
            while j > 0 and tokens.text[j] not in ";{}(" and not TYPE.match(tokens.text[j]):
                j -= 1
            if TYPE.match(tokens.text[j]):
                declared.setdefault(t, []).append(i)
    for slot, facts_of in slots.items():
        events = facts_of["events"]
        facts_of["edges"] = sorted(
            (p, q) for p, q in set(facts_of["edges"])
            if not any(events[p]["token"] < d < events[q]["token"] for d in declared.get(slot, [])))
        facts_of["start"] = sorted(set(facts_of["start"]))
        parameter = [n for n, (name, kind) in enumerate(facts["parameters"])
                     if name == slot and re.match(r"%s_t\*$" % LEVEL, kind)]
        facts_of["parameter"] = parameter[0] if parameter else None


def taken(tokens, at, i):
    """Is the lock that is called at token `at` held at token i? One that may
    not be had (NULL) is, where the test of the pointer says so."""
    text = tokens.text
    if not text[at].endswith("trans_huge_lock") or text[at - 1] != "=":
        return True
    pointer = text[at - 2]
    for j in range(at, i):
        if text[j] == "if" and text[j + 1] == "(" and pointer in text[j + 2:tokens.match.get(j + 1, j)]:
            end = tokens.match[j + 1]
            if text[j + 2] == "!":
                return True
            return text[end + 1] == "{" and i < tokens.match.get(end + 1, 0) or (
                tokens.statement[i] == tokens.statement[end + 1])
    return True


def expression(tokens, i, what):
    """How a report names this read."""
    a, b = tokens.span(i)
    slot = "".join(tokens.text[a:b + 1])
    kind, name, _ = what
    if kind == "descend" and name or name.startswith("pte_offset_map"):
        return "%s(%s)" % (name, slot)
    if kind in ("call", "clear_bad") and name:
        return "%s(%s)" % (name, slot)
    if tokens.text[max(0, a - 2):a] == ["pmd_read_atomic", "("]:
        return "pmd_read_atomic(%s)" % slot
    return "*" + slot
