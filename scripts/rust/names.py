# SPDX-License-Identifier: MIT
"""What names of C are in Rust, and the text of comments with links to them."""
import os
import re
import textwrap

from reference import prose
from reference.model import upper_first

KEYWORDS = {"as", "box", "const", "enum", "fn", "for", "if", "in", "let", "loop", "match", "mod", "move",
            "mut", "pub", "ref", "self", "static", "struct", "super", "trait", "type", "unsafe", "use",
            "where", "while"}
# A line that begins so is no longer text to Markdown.
MARKER = re.compile(r"[-+#>=]|\d+[.)](\s|$)")
WORD = re.compile(r"(?:(?:struct|enum) )?\b[A-Za-z]\w*\b")
TEXT_WIDTH = 94


def ident(name):
    """A name of C where Rust may have a word like it."""
    return f"r#{name}" if name in KEYWORDS else name


def camel(name):
    """A type's: stile_vm_page is VmPage."""
    return "".join(word.title() for word in name.removeprefix("stile_").split("_"))


def constant(name):
    """A constant's: STILE_PAGE_SIZE is PAGE_SIZE."""
    return name.removeprefix("STILE_")


def enumerators(aggregate):
    """(member, its name in the type, or None if it is how many there are and no value of it)."""
    values = [member for member in aggregate.members if not member.name.startswith("STILE_NR_")]
    prefix = os.path.commonprefix([member.name for member in values])
    prefix = prefix[:prefix.rindex("_") + 1]
    return [(member, member.name.removeprefix(prefix) if member in values else None)
            for member in aggregate.members]


class Texts:
    """Comments as doc comments."""

    def __init__(self, crate):
        self.paths = {}
        for call in crate.api.calls:
            self.paths[call.full_name] = call.full_name
        for name, _, _ in crate.errors:
            self.paths[name] = self.paths[f"STILE_{name}"] = f"Error::{camel(name.lower())}"
        for kind in crate.newtypes:
            self.paths[f"stile_{kind.name}_t"] = camel(kind.name)
        for aggregate in crate.enums:
            self.paths[f"enum {aggregate.name}"] = camel(aggregate.name)
            for member, name in enumerators(aggregate):
                self.paths[member.name] = f"{camel(aggregate.name)}::{name}" if name else constant(member.name)
        for aggregate in crate.structs:
            self.paths[f"struct {aggregate.name}"] = camel(aggregate.name)
        for _, members in crate.constants:
            for member in members:
                self.paths[member.name] = constant(member.name)

    def link(self, found):
        """What stands for a word that WORD has found."""
        path = self.paths.get(found[0])
        return f"[`{path}`](crate::{path})" if path else found[0]

    def linked(self, text):
        """A text with its names as links."""
        return WORD.sub(self.link, prose.plain(text))

    def rules(self, text):
        """What holds for every call, as a file of Markdown."""
        return [WORD.sub(self.link, line) for line in prose.rules(upper_first(text))]

    def lines(self, blocks):
        """Paragraphs as lines; those that are indented are no Rust, and stay as they are."""
        lines = []
        for block in blocks:
            if block.startswith("    "):
                lines += ["```text", *textwrap.dedent(block).splitlines(), "```", ""]
            else:
                lines += self.wrapped(self.linked(block)) + [""]
        return lines[:-1]

    @staticmethod
    def wrapped(text, more=""):
        """A paragraph's lines; those after the first begin with more."""
        lines = textwrap.wrap(text, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)
        if any(MARKER.match(line) for line in lines[1:]):
            lines = [text]
        return lines[:1] + [more + line for line in lines[1:]]

    def doc(self, blocks, indent=""):
        """Paragraphs as a doc comment."""
        return [f"{indent}/// {line}".rstrip() for line in self.lines(blocks)]
