# SPDX-License-Identifier: MIT
"""The call table and the comments above its lines.

A call's comment has, in this order, what it does; its arguments (@name: range); what it returns; its
errors (NAME: cause); "Example:" and lines of C that use the arguments' names.
"""
import re
import sys

from .model import Call, Group

CALL = re.compile(r"/\*\n(?P<text>(?: \*.*\n)+?) \*/\nSTILE_CALL\((?P<nr>0x[0-9a-fA-F]+), (?P<since>\d+), "
                  r"(?P<group>\w+), (?P<name>\w+),\s+ARGS\d\((?P<args>[^)]*)\),\s+"
                  r"RETS\d\((?P<rets>[^)]*)\),\s+ERRS\d\([^)]*\)\)")
ARGUMENT = re.compile(r"@(\w+): +(.*)")
ERROR = re.compile(r"([A-Z_]+(?:, [A-Z_]+)*): (.*)")
CODE = re.compile(r'E\((\w+), (-?\w+), "([^"]*)"\)')
COMMON = re.compile(r" \* Holds for every call:\s?(.*?)\n \* To use the table", re.DOTALL)
GROUP = re.compile(r"/\*\n \* Group (\w+), ([^:]*): ((?: \*.*\n|.*\n)*?) \*\n \* Part of the call table")


def plain(comment):
    """A comment's text without its stars."""
    return "\n".join(re.sub(r"^ \* ?", "", line) for line in comment.splitlines())


def sentences(lines):
    """Lines joined where a line goes on."""
    joined = []
    for line in lines:
        if line.startswith("  ") and joined:
            joined[-1] += " " + line.strip()
        else:
            joined.append(line)
    return joined


def fail(call, why):
    """Stop: the comment is no page."""
    sys.exit(f"error: calls/{call.group}.h: {call.full_name}: {why}")


def pairs(text):
    """(kind, name) of each argument or result of a line's list."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    return list(zip(words[::2], words[1::2]))


def read_call(match):
    """A Call from its match of CALL."""
    call = Call(int(match["nr"], 16), int(match["since"]), match["group"], match["name"])
    texts = {}
    body, _, example = plain(match["text"]).strip().partition("\n\nExample:\n")
    call.example = "\n".join(line[4:] for line in example.splitlines())
    for block in body.split("\n\n"):
        lines = sentences(block.splitlines())
        if ARGUMENT.match(lines[0]):
            texts = dict(ARGUMENT.match(line).groups() for line in lines)
        elif ERROR.match(lines[0]):
            call.errors = [ERROR.match(line).groups() for line in lines]
        elif texts or lines[0].startswith("Returns"):
            call.returns.append(" ".join(block.split()))
        else:
            call.does.append(" ".join(block.split()))
    arguments = pairs(match["args"])
    call.arguments = [(kind, name, texts.get(name, "")) for kind, name in arguments]
    call.results = pairs(match["rets"])
    undocumented = {name for _, name in arguments} ^ set(texts)
    if undocumented:
        fail(call, f"its line and its comment do not agree on {', '.join(sorted(undocumented))}")
    if not call.example:
        fail(call, 'no "Example:" in its comment')
    return call


def read_table(folder):
    """The calls, the groups by name, what holds for every call."""
    table = (folder / "calls.h").read_text(encoding="utf-8")
    files = re.findall(r'#include "stile/(calls/\w+\.h)"', table)
    parts = [(folder / name).read_text(encoding="utf-8") for name in files]
    calls = [read_call(match) for part in parts for match in CALL.finditer(part)]
    expected = sum(len(re.findall(r"(?m)^STILE_CALL\(", part)) for part in parts)
    if len(calls) != expected:
        sys.exit(f"error: the table has {expected} calls, of which {len(calls)} have a comment above them")
    groups = {name: Group(name, numbers, plain(text).strip())
              for part in parts for name, numbers, text in GROUP.findall(part)}
    return calls, groups, plain(COMMON.search(table).group(1)).strip()


def read_errors(folder):
    """(name, code, text) of each error."""
    found = CODE.findall((folder / "errors.h").read_text(encoding="utf-8"))
    return [(name, int(code, 0), text) for name, code, text in found]


def check_errors(calls, errors):
    """That no comment names an error that there is not."""
    known = {name for name, _, _ in errors}
    for call in calls:
        wrong = {name for names, _ in call.errors for name in names.split(", ")} - known
        if wrong:
            fail(call, f"no error is named {', '.join(sorted(wrong))}")


def constant(folder, file, name):
    """What a header defines a name as."""
    text = (folder / file).read_text(encoding="utf-8")
    return int(re.search(rf"#define {name} +(\w+)", text).group(1), 0)
