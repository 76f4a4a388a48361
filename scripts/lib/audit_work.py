#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The files of an audit, for scripts/audit: which, copies of them, what is to be run.

audit_work.py search WORK TREE COMMIT KEPT JOBS
    Find the files that have one of the names in WORK/tokens, in the directory
    TREE, or in COMMIT of the repository WORK/git. Copy them to WORK/before.
audit_work.py change WORK TREE COMMIT JOBS range NEXT
audit_work.py change WORK TREE COMMIT JOBS patch PATCH...
    Copy what a series changes: before it to WORK/before, and all to WORK/after.
    It leads to the commit NEXT, or is in the patches.
audit_work.py plan WORK before|after JOBS RULE...
    What has no result yet: WORK/RULE.chunk.N for audit-files, and WORK/todo.
audit_work.py collect WORK before|after RULE...
    The results, and each file that has none: WORK/all, for audit_solve.py.
audit_work.py failed SUMMARY FINDINGS KEEP-GOING
    Why this is no result, if it is none.
audit_work.py names CHUNK, audit_work.py progress WORK RULE...
    For --hosts, and for who waits.

The name of a file is data: it may hold any byte but NUL. Here it is a string in
which a byte that is not UTF-8 is a surrogate, as Python has it; in files it is
in JSON or ends with NUL. WORK/before.json and after.json have
{"files": [[name, hash of the content, size]], "problems": [[name, reason]]}.
A problem is a file that cannot be analysed: it is never left out silently.
"""

import concurrent.futures
import hashlib
import json
import os
import posixpath
import re
import signal
import stat
import subprocess
import sys
import time

CODE = re.compile(r"\.[ch]$")
KCONFIG = re.compile(r"arch/[^/]+/Kconfig[^/]*$")
OUTSIDE = "it is a symbolic link that leads out of the tree, which is not followed"
UNSEARCHED = "it is a symbolic link to a file that is not searched by itself"


class Unread(Exception):
    """Why a file cannot be read."""


def die(message):
    sys.exit("audit: " + message)


def quoted(name):
    """A name for text: as it is, or as a C string if it could be misread."""
    if name.isprintable() and not re.search(r'[":\\]|^\s|\s$', name):
        return name
    result = ""
    for c in name:
        if c in '"\\':
            result += "\\" + c
        elif c in "\t\n":
            result += {"\t": "\\t", "\n": "\\n"}[c]
        elif c.isprintable():
            result += c
        else:
            result += "".join("\\%03o" % byte for byte in c.encode("utf-8", "surrogateescape"))
    return '"%s"' % result


def unquoted(text):
    """The name that quoted(), or git, has made this of."""
    if not text.startswith('"'):
        return text
    def replace(m):
        code = m.group(1)
        return bytes([int(code, 8)]) if code.isdigit() else {
            b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}.get(code, code)
    text = text[1:-1].encode("utf-8", "surrogateescape")
    return re.sub(rb"\\([0-7]{3}|.)", replace, text, flags=re.S).decode("utf-8", "surrogateescape")


def is_code(name):
    """A C file, and not below a name with a dot, such as a build directory's."""
    return bool(CODE.search(name)) and not re.search(r"(^|/)\.", name)


class Progress:
    """How far a long step is: on a terminal only."""

    def __init__(self, what):
        self.what, self.next, self.told = what, time.monotonic() + 2, False

    def at(self, number):
        if time.monotonic() >= self.next and sys.stderr.isatty():
            sys.stderr.write("\r\033[Kaudit: %s: %d files" % (self.what, number))
            sys.stderr.flush()
            self.next, self.told = time.monotonic() + 2, True

    def end(self):
        if self.told:
            sys.stderr.write("\r\033[K")


def grep(root, names, tokens, jobs, progress=None):
    """(names of the files in ROOT that have a token, names that grep could not read)"""
    batches, size = [[]], 0
    for name in names:
        if size > 100000:
            batches.append([])
            size = 0
        batches[-1].append(b"./" + os.fsencode(name))
        size += len(batches[-1][-1]) + 16

    def run(batch):
        done = subprocess.run(["grep", "-alZwF", "-f", tokens, "--", *batch], cwd=root, check=False,
                              env=dict(os.environ, LC_ALL="C"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode < 0 or not os.path.exists(tokens):
            die("cannot search the tree: grep ended with status %d" % done.returncode)
        return {os.fsdecode(name[2:]) for name in done.stdout.split(b"\0") if name}, done.returncode > 1

    found, unread, number = set(), [], 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for batch, (hits, wrong) in zip(batches, pool.map(run, filter(None, batches))):
            found |= hits
            if wrong:
                unread += [name for name in (os.fsdecode(b[2:]) for b in batch) if name not in hits]
            number += len(batch)
            if progress:
                progress.at(number)
    return found, unread


def target_of(name, content):
    """What a link in the tree leads to, from the top of the tree."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), os.fsdecode(content)))


def leads_out(name, target):
    """Whether code may be behind it that no tree has: the repository does not say
    what is there, nor whether it is a directory."""
    return target.startswith(("/", "../")) and (is_code(name) or not posixpath.splitext(target)[1])


class Directory:
    """A tree that is a directory. No symbolic link in it is followed."""

    def __init__(self, path):
        self.path = path

    def stat(self, name):
        try:
            return os.lstat(os.path.join(self.path, name))
        except (OSError, ValueError):
            return None

    def read(self, name):
        """(content, executable) of a regular file"""
        parts, fds = name.split("/"), []
        try:
            fds.append(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY))
            for part in parts[:-1]:
                fds.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fds[-1]))
            fds.append(os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fds[-1]))
            before = os.fstat(fds[-1])
            if not stat.S_ISREG(before.st_mode):
                raise Unread("it is no regular file")
            with open(fds[-1], "rb", closefd=False) as f:
                content = f.read()
            after = os.fstat(fds[-1])
        except OSError as error:
            raise Unread("cannot be read: %s" % error.strerror) from None
        finally:
            for fd in fds:
                os.close(fd)
        if (len(content), before.st_mtime_ns, before.st_ctime_ns) != (
                after.st_size, after.st_mtime_ns, after.st_ctime_ns):
            raise Unread("it changed while it was read: run the audit again")
        return content, bool(before.st_mode & 0o100)

    def entry(self, name):
        """(git's mode, content) of what a patch names, or None"""
        found = self.stat(name)
        if ".." in name.split("/") or found is None:
            return None
        try:
            if stat.S_ISLNK(found.st_mode):
                # Not below a link.
                if os.path.realpath(os.path.join(self.path, os.path.dirname(name))) != os.path.normpath(
                        os.path.join(self.path, os.path.dirname(name))):
                    return None
                return "120000", os.fsencode(os.readlink(os.path.join(self.path, name)))
            content, executable = self.read(name)
        except (OSError, Unread):
            return None
        return "100755" if executable else "100644", content

    def kconfigs(self):
        return sorted("arch/%s/%s" % (arch.name, file.name)
                      for arch in os.scandir(os.path.join(self.path, "arch")) if arch.is_dir(follow_symlinks=False)
                      for file in os.scandir(arch.path)
                      if file.name.startswith("Kconfig") and file.is_file(follow_symlinks=False))

    def walk(self, progress):
        """([(name, record)], [links], problems): the record changes with the file"""
        files, links, problems, todo = [], [], [], [""]
        while todo:
            below = todo.pop()
            try:
                entries = list(os.scandir(os.path.join(self.path, below)))
            except OSError as error:
                problems.append([below.rstrip("/"), "the directory cannot be read: %s" % error.strerror])
                continue
            for entry in entries:
                name = below + entry.name
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink():
                    links.append(name)
                elif entry.is_dir(follow_symlinks=False):
                    todo.append(name + "/")
                elif CODE.search(name) and entry.is_file(follow_symlinks=False):
                    try:
                        s = entry.stat(follow_symlinks=False)
                    except OSError as error:
                        problems.append([name, "cannot be read: %s" % error.strerror])
                        continue
                    files.append((name, s.st_ctime_ns, "%d %d %d %d %d %s" % (
                        s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns, name)))
            progress.at(len(files))
        return files, links, problems

    def search(self, tokens, kept, jobs):
        """(names, problems). What KEPT knows of a file holds as long as nothing
        about it has changed."""
        start, known = time.time_ns(), None
        if kept:
            with open(tokens, "rb") as f:
                names = hashlib.sha256(f.read()).hexdigest()
            known = os.path.join(kept, "files-%s-%s" % (
                hashlib.sha256(os.fsencode(self.path)).hexdigest()[:32], names[:16]))
        records = set(read_names(known)) if known else set()
        progress = Progress("looking for page table code in %s" % quoted(self.path))
        files, links, problems = self.walk(progress)
        new = [name for name, _, record in files if "+" + record not in records and "-" + record not in records]
        hits, unread = grep(self.path, new, tokens, jobs, progress)
        hits.update(name for name, _, record in files if "+" + record in records)
        for name in unread:
            try:
                self.read(name)
                problems.append([name, "grep cannot read it"])
            except Unread as error:
                problems.append([name, str(error)])
        progress.end()
        if known and (new or len(records) != len(files)):
            # A change in the same tick of the file system's clock could not be seen.
            bad = set(unread)
            write_names(known, (
                ("+" if name in hits else "-") + record for name, changed, record in files
                if name not in bad and changed + (100_000_000 if changed % 1_000_000_000 else 2_100_000_000) < start))
        elif known and records:
            os.utime(known)
        return sorted(hits), problems + self.leads_out(links, {name for name, _, _ in files}, tokens, jobs)

    def leads_out(self, links, files, tokens, jobs):
        """Problems: links to page table code that is not searched without them."""
        problems, root = [], os.path.realpath(self.path)
        for link in links:
            path = os.path.realpath(os.path.join(root, link))
            inside = os.path.commonpath([root, path]) == root
            below = os.path.relpath(path, root)
            if os.path.isdir(path):
                if inside and not re.search(r"(^|/)\.[^.]", below) or os.path.commonpath([root, path]) == path:
                    continue
                names = Directory(path).walk(Progress("looking into %s" % quoted(link)))[0]
                names = [name for name, _, _ in names]
            elif not CODE.search(link) or inside and below in files or not os.path.isfile(path):
                continue
            else:
                path, name = os.path.split(path)
                names = [name]
            found, unread = grep(path, names, tokens, jobs)
            if found or unread:
                problems.append([link, UNSEARCHED if inside else OUTSIDE])
        return problems


class Commit:
    """A tree that is a commit of the repository WORK/git, which is our own, and
    has the objects of another: no configuration, no attributes, no hooks."""

    def __init__(self, work, commit, what):
        self.work, self.commit, self.what = work, commit, what
        self.entries = {}
        for line in self.git("ls-tree", "-rz", "--full-tree", commit).split(b"\0")[:-1]:
            meta, name = line.split(b"\t", 1)
            mode, _, oid = meta.split()
            self.entries[os.fsdecode(name)] = mode.decode(), oid

    def lacks(self, error=b""):
        die("cannot read all of %s in %s (%s): is it a partial clone? Complete it with: git fetch --refetch --no-filter" % (
            self.commit[:12], quoted(self.what), error.decode(errors="replace").split("\n")[0] or "objects are missing"))

    def git(self, *arguments, ok=(0,), **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_TRACE")}
        done = subprocess.run(["git", "--git-dir", os.path.join(self.work, "git"), *arguments], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)
        if done.returncode not in ok or done.stderr:
            self.lacks(done.stderr)
        return done.stdout

    def blobs(self, oids):
        output, at = self.git("cat-file", "--batch", "--buffer", input=b"".join(oid + b"\n" for oid in oids)), 0
        for _ in oids:
            end = output.index(b"\n", at)
            header = output[at:end].split()
            if header[1:2] != [b"blob"]:
                self.lacks()
            at = end + 1 + int(header[2])
            yield output[end + 1:at]
            at += 1

    def reader(self, names):
        """{name: (mode, content)} of those that are files or links here"""
        names = [name for name in names if self.entries.get(name, ("160000",))[0] != "160000"]
        return {name: (self.entries[name][0], content) for name, content in zip(
            names, self.blobs([self.entries[name][1] for name in names]))}

    def kconfigs(self):
        return sorted(name for name, (mode, _) in self.entries.items() if KCONFIG.match(name) and mode[:3] == "100")

    def search(self, tokens, kept, jobs):
        known = None
        with open(tokens, "rb") as f:
            words = f.read()
        if kept:
            tree = self.git("rev-parse", self.commit + "^{tree}").decode().strip()
            known = os.path.join(kept, "files-%s-%s" % (tree, hashlib.sha256(words).hexdigest()[:16]))
        if known and os.path.exists(known):
            names = read_names(known)
            os.utime(known)
        else:
            output = self.git("--glob-pathspecs", "grep", "--threads=%d" % jobs, "--full-name", "--no-color", "-zalwE",
                              "-e", "(%s)" % "|".join(words.decode().split()), self.commit, "--", "**/*.c", "**/*.h",
                              ok=(0, 1))
            names = sorted(name for name in (
                os.fsdecode(name[len(self.commit) + 1:]) for name in output.split(b"\0")[:-1])
                if is_code(name) and self.entries[name][0][:3] == "100")
            if known:
                write_names(known, names)
        return names, self.links(words.split())

    def links(self, words, names=None):
        """The links (of these names) behind which something is not analysed."""
        problems, targets = [], {}
        for name, (mode, content) in self.reader([
                name for name, (mode, _) in self.entries.items()
                if mode == "120000" and (names is None or name in names)]).items():
            target = target_of(name, content)
            if leads_out(name, target):
                problems.append([name, OUTSIDE])
            elif is_code(name) and not is_code(target) and self.entries.get(target, ("",))[0][:3] == "100":
                targets[name] = target
        pattern = re.compile(rb"\b(%s)\b" % b"|".join(map(re.escape, words)))
        contents = self.reader(sorted(set(targets.values())))
        return sorted(problems + [[name, UNSEARCHED] for name, target in targets.items()
                                  if pattern.search(contents[target][1])])


def read_names(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as f:
            return f.read().split("\0")[:-1]
    except FileNotFoundError:
        return []


def write_names(path, names):
    part = "%s.pxd.%d" % (path, os.getpid())
    try:
        with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="") as f:
            f.writelines(name + "\0" for name in names)
        os.rename(part, path)
    except OSError:
        if os.path.exists(part):
            os.unlink(part)
        raise


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def save(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


# --- copies

def put(root, name, content):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as f:
        f.write(content)


def drop(root, name):
    path = os.path.join(root, name)
    if not os.path.lexists(path):
        return
    os.unlink(path)
    while not os.listdir(os.path.dirname(path)) and os.path.dirname(path) != root:
        path = os.path.dirname(path)
        os.rmdir(path)


def take(source, names, root):
    """{name: (hash, size)} of the copies, problems"""
    taken, problems = {}, []
    contents = source.reader(names) if isinstance(source, Commit) else None
    for name in names:
        try:
            if contents is None:
                content = source.read(name)[0]
            elif name in contents and contents[name][0] != "120000":
                content = contents[name][1]
            else:
                continue
            put(root, name, content)
        except Unread as error:
            problems.append([name, str(error)])
            continue
        except OSError as error:
            if error.strerror != "File name too long":
                die("cannot copy files of the tree to %s: %s" % (root, error.strerror))
            problems.append([name, "its name is too long"])
            continue
        taken[name] = hashlib.sha256(content).hexdigest(), len(content)
    return taken, problems


def source_of(work, tree, commit):
    return Commit(work, commit, tree) if commit else Directory(tree)


def search(work, tree, commit, kept, jobs):
    source = source_of(work, tree, commit)
    names, problems = source.search(os.path.join(work, "tokens"), kept, int(jobs))
    root = os.path.join(work, "before")
    os.mkdir(root)
    taken, more = take(source, names, root)
    unread = take(source, source.kconfigs(), root)[1]
    save(os.path.join(work, "before.json"), {
        "files": [[name, *taken[name]] for name in sorted(taken)], "problems": sorted(problems + more + unread)})


# --- a series

def own_git(work, *arguments, **more):
    """In a repository that has no objects but those of the patches: to write one
    that another repository has, would touch it there."""
    env = dict(os.environ)
    env.pop("GIT_ALTERNATE_OBJECT_DIRECTORIES", None)
    return subprocess.run(["git", "--git-dir", os.path.join(work, "patched"), *arguments], cwd=work, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **more)


def diffs_of(work, patch):
    """The diffs in a patch, which is a diff, a mail, or an mbox."""
    try:
        with open(patch, "rb") as f:
            text = f.read()
    except OSError as error:
        die("cannot read %s: %s" % (quoted(patch), error.strerror))
    # An mbox may begin with something else.
    first = re.search(rb"^From [^\n]*\d\d:\d\d:\d\d[^\n]*\n[A-Za-z][\w-]*:", text, re.M)
    if not first:
        first = re.match(rb"(?:\xef\xbb\xbf)?\s*(?=From |[A-Za-z][\w-]*: )", text)
    texts = [text]
    if first:
        start = first.start() if first.group() and first.group().startswith(b"From ") else first.end()
        texts, text = [text[:start]], text[start:]
        mails = os.path.join(work, "mails")
        os.makedirs(mails)
        with open(os.path.join(work, "input"), "wb") as f:
            f.write(text)
        if own_git(work, "mailsplit", "-b", "-d6", "-o" + mails, "--", os.path.join(work, "input")).returncode:
            die("%s is no mail that git can read: name a diff, a mail or an mbox" % quoted(patch))
        for mail in sorted(os.listdir(mails)):
            with open(os.path.join(mails, mail), "rb") as f:
                if own_git(work, "mailinfo", "-n", os.devnull, os.path.join(work, "diff"), stdin=f).returncode:
                    die("%s has a mail that git cannot read: name a diff, a mail or an mbox" % quoted(patch))
            with open(os.path.join(work, "diff"), "rb") as f:
                texts.append(f.read())
            os.unlink(os.path.join(mails, mail))
        os.rmdir(mails)
    # A cover letter has none.
    return [text for text in texts if re.search(rb"^(diff --git|--- [^-])", text, re.M)]


def named(diff):
    """The names in a diff: more do no harm."""
    names = set()
    for line in diff.decode("utf-8", "surrogateescape").split("\n"):
        m = re.match(r"(?:---|\+\+\+) (.*)", line)
        if m:
            name = m.group(1) if m.group(1).startswith('"') else m.group(1).split("\t")[0]
            names.add(unquoted(name).partition("/")[2])
        m = re.match(r"(?:rename|copy) (?:from|to) (.*)", line)
        if m:
            names.add(unquoted(m.group(1)))
        m = re.match(r"diff --git (.*)", line)
        if m:
            half = m.group(1)[:len(m.group(1)) // 2]
            names.add(unquoted(half).partition("/")[2])
    # git refuses these by itself.
    return {name for name in names if name and not re.search(r"(^|/)(\.\.?|\.git|)(/|$)", name, re.I)}


def apply(work, source, tree, patches):
    """{name: (mode, content), or None if it is gone}: what the patches make of the files."""
    own_git(work, "init", "-q", "--bare", "--template=")
    diffs = [(patch, diff) for patch in patches for diff in diffs_of(work, patch)]
    if not diffs:
        die("there is no diff in %s" % " ".join(map(quoted, patches)))
    names = sorted(set().union(*(named(diff) for _, diff in diffs)))
    if isinstance(source, Commit):
        entries = source.reader(names)
    else:
        entries = {name: entry for name in names for entry in [source.entry(name)] if entry}
    stream = b"commit refs/heads/before\ncommitter x <x> 0 +0000\ndata 0\n"
    for name, (mode, content) in entries.items():
        path = b"".join(b"\\%03o" % byte for byte in os.fsencode(name))
        stream += b'M %s inline "%s"\ndata %d\n%s\n' % (mode.encode(), path, len(content), content)
    done = own_git(work, "fast-import", "--quiet", input=stream)
    if not done.returncode:
        done = own_git(work, "read-tree", "refs/heads/before")
    if done.returncode:
        die("cannot copy files of the tree: %s" % done.stderr.decode(errors="replace").strip().split("\n")[-1])
    for patch, diff in diffs:
        done = own_git(work, "apply", "--cached", "--whitespace=nowarn", "-", input=diff)
        if done.returncode:
            die("%s does not fit %s (%s): name the tree that it was made for" % (
                quoted(patch), tree, done.stderr.decode(errors="replace").split("\n")[0]))
    after = own_git(work, "write-tree").stdout.decode().strip()
    changed = {}
    fields = own_git(work, "diff-tree", "-r", "-z", "--no-renames", "refs/heads/before", after).stdout.split(b"\0")
    for meta, name in zip(fields[0::2], fields[1::2]):
        mode, oid = meta.split()[1].decode(), meta.split()[3].decode()
        blob = own_git(work, "cat-file", "blob", oid).stdout if mode != "000000" else None
        changed[os.fsdecode(name)] = (mode, blob) if blob is not None else None
    return changed


def change(work, tree, commit, jobs, kind, *series):
    source = source_of(work, tree, commit)
    before, after = os.path.join(work, "before"), os.path.join(work, "after")
    state = load(before + ".json")
    if kind == "range":
        to = Commit(work, series[0], tree)
        differ = sorted(name for name in source.entries.keys() | to.entries.keys()
                        if source.entries.get(name) != to.entries.get(name))
        with open(os.path.join(work, "tokens"), "rb") as f:
            links = to.links(f.read().split(), differ)
        differ = [name for name in differ if CODE.search(name) or KCONFIG.match(name)]
        changed = dict(dict.fromkeys(differ), **to.reader(differ))
    else:
        what = quoted(tree) + (" at %s" % commit[:12] if commit else "")
        changed = apply(work, source, what, series)
        links = [[name, OUTSIDE] for name, entry in sorted(changed.items())
                 if entry and entry[0] == "120000" and leads_out(name, target_of(name, entry[1]))]
        changed = {name: entry for name, entry in changed.items() if CODE.search(name) or KCONFIG.match(name)}
    names = sorted(changed)
    problems = sorted([problem for problem in state["problems"] if problem[0] not in changed] + links)
    more = take(source, [name for name in names if not os.path.lexists(os.path.join(before, name))
                         and (isinstance(source, Commit) or source.stat(name))], before)[1]
    state["problems"] = sorted(map(list, {tuple(p) for p in state["problems"] + more}))
    save(before + ".json", state)
    for root, _, files in os.walk(before):
        os.makedirs(os.path.normpath(os.path.join(after, os.path.relpath(root, before))), exist_ok=True)
        for file in files:
            os.link(os.path.join(root, file), os.path.join(after, os.path.relpath(root, before), file))
    for name in names:
        drop(after, name)
    taken = {}
    for name in names:
        mode, content = changed[name] or ("", b"")
        if mode[:3] == "100":
            put(after, name, content)
            taken[name] = hashlib.sha256(content).hexdigest(), len(content)
    found, _ = grep(after, [name for name in taken if is_code(name)], os.path.join(work, "tokens"), int(jobs))
    files = {name: [name, *more] for name, *more in state["files"] if name not in changed}
    files.update({name: [name, *taken[name]] for name in found})
    save(after + ".json", {"files": [files[name] for name in sorted(files)], "problems": problems})


# --- what is to be run, and what came of it

def entry_of(name, content):
    # The name is part of the result.
    return hashlib.sha256(os.fsencode(name) + b"\0" + content.encode()).hexdigest()


def entries_of(work, which, rule, jobs=1):
    """[(entry, name, size)] of the files that have one of the names of the rule"""
    files = load(os.path.join(work, which + ".json"))["files"]
    found, _ = grep(os.path.join(work, which), [name for name, _, _ in files],
                    os.path.join(work, rule + ".tokens"), jobs)
    return [(entry_of(name, content), name, size) for name, content, size in files if name in found]


def results_of(work, rule):
    with open(os.path.join(work, rule + ".results"), encoding="utf-8", errors="surrogateescape", newline="") as f:
        return f.read().rstrip("\n")


def plan(work, which, jobs, *rules):
    todo, names = [], set()
    for rule in rules:
        entries = entries_of(work, which, rule, int(jobs))
        save(os.path.join(work, rule + ".entries"), entries)
        have = set(os.listdir(results_of(work, rule)))
        new = sorted((entry for entry in entries if entry[0] not in have), key=lambda e: (-e[2], e[1]))
        chunks = max((len(new) + 39) // 40, int(jobs))
        for number in range(min(chunks, len(new))):
            chunk = os.path.join(work, "%s.chunk.%d" % (rule, number))
            save(chunk, [[entry, name] for entry, name, _ in new[number::chunks]])
            todo.append(chunk)
        names.update(name for _, name, _ in new)
    with open(os.path.join(work, "todo"), "w", encoding="utf-8", errors="surrogateescape") as f:
        f.writelines(chunk + "\n" for chunk in todo)
    print(len(names), len(load(os.path.join(work, which + ".json"))["files"]))


def progress(work, *rules):
    entries = [(results_of(work, rule), entry) for rule in rules
               for entry, _, _ in load(os.path.join(work, rule + ".entries"))]
    have = {rule: set(os.listdir(rule)) for rule, _ in entries}
    print(100 * sum(entry in have[rule] for rule, entry in entries) // max(len(entries), 1))


def collect(work, which, *rules):
    state = load(os.path.join(work, which + ".json"))
    with open(os.path.join(work, "all"), "w", encoding="utf-8") as output:
        def failed(name, reason):
            output.write(json.dumps([name, 1, "failed: " + reason]) + "\n")

        for problem in state["problems"]:
            failed(*problem)
        for rule in rules:
            told, results = set(), results_of(work, rule)
            for chunk in os.listdir(work):
                if chunk.startswith(rule + ".chunk.") and chunk.endswith(".failed"):
                    with open(os.path.join(work, chunk), encoding="utf-8") as f:
                        for line in f:
                            told.add(json.loads(line)[0])
                            output.write(line)
            for entry, name, _ in load(os.path.join(work, rule + ".entries")):
                try:
                    with open(os.path.join(results, entry), encoding="utf-8") as f:
                        output.write(f.read())
                except FileNotFoundError:
                    if name not in told:
                        failed(name, rule + ": no result")


# --- findings

def read_findings(path):
    """What write_findings() has written."""
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def write_findings(path, findings):
    """A JSON array with a finding in a line."""
    with open(path, "w", encoding="utf-8") as f:
        f.write("[")
        f.write(",".join("\n" + json.dumps(finding, sort_keys=True) for finding in findings))
        f.write("\n]\n")


def cause(finding):
    """Why the file failed, without its name, and whichever rule it was."""
    text = re.sub(r"^[\w.-]+\.cocci: ", "", finding["expression"])
    return text.replace(" in " + finding["file"], "").replace(finding["file"], "the file")


def not_analysed(path, findings):
    """What a summary says of the files: how many, and which failed, why."""
    state, causes = load(path), {}
    for finding in findings:
        if finding["class"] == "failed":
            causes.setdefault(cause(finding), set()).add(finding["file"])
    failed = set().union(*causes.values())
    return {
        "files": len(failed.union(name for name, _, _ in state["files"])), "failed": len(failed),
        "causes": [{"cause": why, "files": len(names), "first": min(names)}
                   for why, names in sorted(causes.items(), key=lambda c: (-len(c[1]), c[0]))]}


def failed(summary, findings, keep_going):
    """One line, or none. Functions that were not read may be let pass, files not."""
    summary = load(summary)
    if summary["failed"]:
        first, causes = summary["causes"][0], len(summary["causes"])
        print("not a result: %d of %d files failed: %s (first: %s)%s" % (
            summary["failed"], summary["files"], " ".join(first["cause"].split()), quoted(first["first"]),
            ", and %d more causes" % (causes - 1) if causes > 1 else ""))
    elif not keep_going:
        functions = sum(finding["class"] == "unparsed" for finding in load(findings))
        if functions:
            print("could not be read: %d function%s, see \"unparsed\" in the report: read them, then use --keep-going" % (
                functions, "" if functions == 1 else "s"))


def names(chunk):
    for _, name in load(chunk):
        sys.stdout.buffer.write(b"tree/" + os.fsencode(name) + b"\0")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        {"search": search, "change": change, "plan": plan, "collect": collect, "names": names, "failed": failed,
         "progress": progress}[sys.argv[1]](*sys.argv[2:])
    except OSError as error:
        die(": ".join(filter(None, (error.filename and quoted(os.fsdecode(error.filename)), error.strerror))))
