# SPDX-License-Identifier: MIT
"""Reading headers: the comments that people read, and what stands below them.

A comment /** or /* directly above a declaration is about it: a structure, an enumeration, a kind of
argument (a typedef), functions, or #defines up to the next empty line. A function's comment begins
"name() - what it does" and has its parameters as "@name: text".
"""
import re
import sys

from .model import Aggregate, Constants, Function, Header, Kind, Member

COMMENT = re.compile(r"^/\*(\*)(?!<)(.*?)\*/\n", re.DOTALL | re.MULTILINE)
DEFINES = re.compile(r"(?:/\*+(?P<about>[^<].*?)\*/\n)?(?P<run>#define .*)", re.DOTALL)
AGGREGATE = re.compile(r"(struct|enum) (stile_\w+) \{\n(.*?)^\};", re.DOTALL | re.MULTILINE)
MEMBER = re.compile(r"\s*(?P<code>[^;]*?[\w)\]]);\s*(?:/\*\*< (?P<text>.*?) \*/)?", re.DOTALL)
ENUMERATOR = re.compile(r"\s*(?P<name>[A-Z]\w+)\s*(?:=\s*[^,/]*)?,?\s*(?:/\*\*< (?P<text>.*?) \*/)?",
                        re.DOTALL)
TYPEDEF = re.compile(r"typedef [^;{]*(?:\{[^}]*\})? ?stile_(\w+)_t;")
DEFINE = re.compile(r"#define ([A-Z][A-Z0-9_]*(?:_(?:32|64))?)(\([^)]*\))?[ \t]+((?:.*\\\n)*.*)")
FUNCTION = re.compile(r"(?:static inline )?(?:const )?(?:struct |enum |unsigned )?\w+ \*?"
                      r"(stile_\w+)\([^;{]*\)"
                      r"(?:\s*__attribute__\(\([^;{]*\)\))?(?=\s*[;{])")
TITLE = re.compile(r"stile_\w+\(\)[^-]*?(?:, and the others)?(?: -|:) +")
PARAMETER = re.compile(r"@(\w+): +(.*)")


def comment_text(body):
    """A comment's text without its stars, line by line."""
    return "\n".join(re.sub(r"^ ?\* ?", "", line.rstrip()) for line in body.strip().splitlines())


def blocks(text):
    """The paragraphs of a text; indented ones keep their lines."""
    found = []
    for block in re.split(r"\n\n+", text.strip("\n")):
        if not block.strip():
            continue
        if all(line.startswith("    ") for line in block.splitlines()):
            found.append(block)
        else:
            found.append(" ".join(block.split()))
    return found


def joined(text):
    """A text on one line, whatever stars were between its lines."""
    return " ".join(re.sub(r"\n\s*\* ?", " ", text or "").split())


def member(code, text):
    """A structure's member from its declaration."""
    code = " ".join(re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL).split())
    pointer = re.search(r"\(\*(\w+)\)", code)
    name = pointer[1] if pointer else re.search(r"(\w+)(?:\[[^\]]*\])*$", code)[1]
    return Member(name, code, joined(text))


def read_aggregate(match, header, is_library, text):
    """A structure or an enumeration."""
    word, name, body = match.groups()
    if word == "struct":
        members = [member(found["code"], found["text"]) for found in MEMBER.finditer(body)]
    else:
        members = [Member(found["name"], "", joined(found["text"])) for found in ENUMERATOR.finditer(body)]
    return Aggregate(word, name, header, is_library, blocks(text), members)


def is_for_people(name, parameters, value, is_library):
    """Whether a #define is part of the interface, and not of the table's machinery."""
    return not parameters or not (is_library or "#" in value or "\\\n" in value)


def read_constants(paragraph, header, is_library):
    """The #defines of a paragraph of a header, or None."""
    found = DEFINES.match(paragraph)
    if not found:
        return None
    members = []
    for name, parameters, value in DEFINE.findall(found["run"]):
        if is_for_people(name, parameters, value, is_library):
            said = re.search(r"/\*\*?<? ?(.*?) \*/", value)
            value = re.sub(r"\s*/\*.*", "", value).strip()
            members.append(Member(name + parameters, value, joined(said[1]) if said else ""))
    about = comment_text(found["about"] or "")
    return Constants(header, blocks(about), members) if members else None


def read_parameters(lines):
    """A function's parameters, and the lines after them."""
    parameters, rest = [], []
    for line in lines:
        said = PARAMETER.match(line)
        if said and not rest:
            parameters.append([said[1], said[2]])
        elif parameters and line.startswith("  ") and not rest:
            parameters[-1][1] += " " + line.strip()
        elif rest or line.strip():
            rest.append(line)
    return [tuple(parameter) for parameter in parameters], "\n".join(rest)


def read_functions(declared, header, text):
    """The functions that a comment is about."""
    lines = text.splitlines()
    end = next((n for n, line in enumerate(lines) if not line or PARAMETER.match(line)), len(lines))
    title = TITLE.sub("", " ".join(" ".join(lines[:end]).split()), count=1)
    summary, _, more = title.partition(". ")
    parameters, rest = read_parameters(lines[end:])
    about = blocks(more) + blocks(rest)
    found = []
    for match in FUNCTION.finditer(declared):
        prototype = re.sub(r"\s*__attribute__.*", "", " ".join(match[0].split()))
        found.append(Function(match[1], header, prototype.removeprefix("static inline "),
                              summary.rstrip("."), parameters, about))
    return found


class Reader:
    """Collects what all headers say."""

    def __init__(self):
        self.aggregates, self.constants, self.functions = [], [], []
        self.kinds, self.headers = [], []

    def read(self, path, is_library):
        """One header."""
        text = path.read_text(encoding="utf-8")
        header = f"stile/{path.name}"
        opening = re.match(r"/\* SPDX.*?\*/\n/\*\n(.*?)\*/", text, re.DOTALL)
        if not opening:
            sys.exit(f"error: {path}: it does not begin with a comment that says what it is")
        if is_library:
            self.headers.append(Header(header, blocks(comment_text(opening[1]))))
        for comment in COMMENT.finditer(text, opening.end() + 1):
            self.declaration(text, comment, header, is_library)
        known = {aggregate.name for aggregate in self.aggregates if aggregate.header == header}
        self.aggregates += [read_aggregate(match, header, is_library, "")
                            for match in AGGREGATE.finditer(text)
                            if match[2] not in known and "#define" not in match[3]]
        # What these define is the table's machinery.
        if header not in ("stile/types.h", "stile/lines.h"):
            found = [read_constants(part, header, is_library) for part in text.split("\n\n")]
            self.constants += [constants for constants in found if constants]

    def declaration(self, text, comment, header, is_library):
        """What stands below a comment."""
        about = comment_text(comment[2])
        aggregate = AGGREGATE.match(text, comment.end())
        typedef = TYPEDEF.match(text, comment.end())
        if aggregate:
            self.aggregates.append(read_aggregate(aggregate, header, is_library, about))
        elif typedef:
            width = re.search(rf"#define STILE_WIDTH_{typedef[1]} +(\w)", text)
            self.kinds.append(Kind(typedef[1], " ".join(typedef[0].split()), joined(about),
                                   "32" if width and width[1] == "w" else "64"))
        elif is_library and TITLE.match(about):
            declared = text[comment.end():].split("\n\n", maxsplit=1)[0].partition("{")
            self.functions += read_functions(declared[0] + declared[1], header, about)
