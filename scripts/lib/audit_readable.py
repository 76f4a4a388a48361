# SPDX-License-Identifier: GPL-2.0
"""C as spatch can read it.

spatch drops a function in which it does not understand something, and each
version has a list of its own. readable() rewrites what no version needs to see.
Every token that stays keeps its line and column. What a macro definition can
hide from spatch is in audit-macros.h instead.
"""

import re

import audit_facts

# Names in C, operators in C++, and so for spatch 1.3.
OPERATORS = {word: word.capitalize() for word in
             "and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq".split()}
OPERATOR = re.compile(r"\b(?:%s)\b" % "|".join(OPERATORS))
SEPARATED = re.compile(r"\b\d[\da-fA-FxXbB]*(?:'[\da-fA-F]+)+")
HEX_FLOAT = re.compile(r"\b0[xX][\da-fA-F.]*[pP][-+]?\d+[fFlL]?\b")
ATTRIBUTE = re.compile(r"\[\[[^][]*\]\]")
PARENTHESES = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
# __attribute__((noinline)) in front of a function's name, and what is behind its
# parameters.
LEADING = re.compile(r"^(?=\w)[\w* \t]*?\b(__(?!typeof)\w+[ \t]*%s)(?=[ \t]+(?!__)[\w*])" % PARENTHESES, re.M)
TRAILING = re.compile(r"\)(\s*\b__\w+(?:\s*%s)?)+(?=\s*\n\{)" % PARENTHESES)
ASM = re.compile(r"\b((?:asm|__asm|__asm__|asm_inline|asm_goto_output|asm_volatile_goto)\b(?:\s*\b\w+\b)*)\s*\(")
BLOCK = re.compile(r"\)([ \t]\s*)\{")
CALLED = re.compile(r"(?<=\s)[a-z_]\w*\s*$")
# What spatch takes for a loop by its name, or by audit-macros.h.
LOOP = re.compile(r"for|each|loop|walk|scan|iterate|^scoped_(guard|class)$|^scoped_cond_guard$")
GUARD = re.compile(r"\bscoped_cond_guard\s*\(")
EXIT = re.compile(r",(\s*(?:return|goto|break|continue)\b[^,]*),")
NOT_BLOCK = audit_facts.KEYWORDS | set("asm __asm__ volatile __attribute__".split())


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def closing(code, opening):
    """Index of the bracket that closes the one at `opening`, or -1."""
    depth = 0
    for m in re.compile(r"[()]").finditer(code, opening):
        depth += 1 if m.group() == "(" else -1
        if not depth:
            return m.start()
    return -1


def before(code, at):
    """The word or the character that is last in front of `at`."""
    while at and code[at - 1].isspace():
        at -= 1
    start = at
    while start and (code[start - 1].isalnum() or code[start - 1] == "_"):
        start -= 1
    return code[min(start, at - 1):at] if at else ""


def opened(code):
    """{index of each closing bracket: index of the one that it closes}"""
    result, stack = {}, []
    for m in re.compile(r"[()]").finditer(code):
        if m.group() == "(":
            stack.append(m.start())
        elif stack:
            result[m.start()] = stack.pop()
    return result


def split(code, start, end, separator):
    """[(start, end)] of the parts between separators outside of brackets."""
    parts, depth, at = [], 0, start
    for i in range(start, end):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
        elif code[i] == separator and not depth:
            parts.append((at, i))
            at = i + 1
    return parts + [(at, end)]


def fill(text, pieces):
    """The pieces, with blanks to the size of the text, which keeps its lines;
    None if they do not fit."""
    lines = [len(line) for line in text.split("\n")]
    result, line = [""], 0
    for piece in pieces:
        while len(result[-1]) + len(piece) > lines[line]:
            line += 1
            if line == len(lines):
                return None
            result.append("")
            piece = piece.lstrip()
        result[-1] += piece
    result += [""] * (len(lines) - len(result))
    return "\n".join(r.ljust(n) for r, n in zip(result, lines))


def plain_asm(text, code, start, opening, end, labels):
    """The asm statement from start to its closing bracket at `end`, with
    nothing left but the expressions that it is given, and its jumps."""
    sections = split(code, opening + 1, end, ":")
    operands = []
    for number, section in enumerate(sections[1:3]):
        for first, last in split(code, *section, ","):
            bracket = code.find("(", first, last)
            if bracket >= 0:
                operands.append((number, bracket, code.rindex(")", first, last) + 1))
    jumps = []
    for label in labels:
        jumps += ["else" if jumps else "", " if(X)" if jumps else "if(X)", "goto", " %s;" % label]
    if labels and not operands:
        jumps[-1] = jumps[-1].rstrip(";")
        return fill(text[start:end + 1], jumps)
    result, at, section = [], start, 0
    pieces = jumps + [jumps and "else" or "", " asm(" if jumps else "asm(", '""', ":"]
    for number, first, last in operands:
        if number and not section:
            pieces = pieces + ([" :", '""'] if at == start else [":", '""'])
        else:
            pieces = pieces + (['""'] if at == start else [",", '""'])
        section = number
        filled = fill(text[at:first], pieces)
        if filled is None:
            return None
        result += [filled, text[first:last]]
        at, pieces = last, []
    if not operands:
        pieces = ["asm(", '""']
    filled = fill(text[at:end], pieces)
    return None if filled is None else "".join(result) + filled + ")"


def readable(text):
    """(text, renamed): the text for spatch, and what to call by another name
    again in its answer."""
    renamed = {}

    def rename(m):
        renamed[OPERATORS[m.group()]] = m.group()
        return OPERATORS[m.group()]

    text = SEPARATED.sub(lambda m: m.group().replace("'", "").ljust(len(m.group())), text)
    code = audit_facts.code_only(text)
    out = list(text)

    def put(at, new):
        out[at:at + len(new)] = new

    for m in OPERATOR.finditer(code):
        put(m.start(), rename(m))
    for m in HEX_FLOAT.finditer(code):
        put(m.start(), "0".ljust(len(m.group())))
    for m in ATTRIBUTE.finditer(code):
        put(m.start(), blank(m.group()))
    for m in LEADING.finditer(code):
        put(m.start(1), blank(m.group(1)))
    for m in TRAILING.finditer(code):
        put(m.start() + 1, blank(m.group()[1:]))
    for m in GUARD.finditer(code):
        end = closing(code, m.end() - 1)
        way = EXIT.search(code, m.end(), end)
        if way:
            put(way.start(1), fill(text[way.start(1):way.end(1)], ["0"]))
    opening = opened(code)
    for m in BLOCK.finditer(code):
        at = opening.get(m.start())
        called = CALLED.search(code, max(0, at - 100), at) if at else None
        name = called.group().rstrip() if called else ""
        if name and before(code, called.start()) in tuple(";{}:") and name not in NOT_BLOCK and not LOOP.search(name):
            put(m.start(1), ";")
    for m in ASM.finditer(code):
        end = closing(code, m.end() - 1)
        if end < 0 or before(code, m.start()) not in (*";{}:)", "else", "do"):
            continue
        labels = []
        if "goto" in re.split(r"\W+|_", m.group(1)):
            sections = split(code, m.end(), end, ":")
            labels = re.findall(r"\w+", code[slice(*sections[-1])]) if len(sections) == 5 else []
            if not labels:
                continue
        new = plain_asm("".join(out), code, m.start(), m.end() - 1, end, labels)
        if new is not None:
            put(m.start(), new)
    return "".join(out), renamed
