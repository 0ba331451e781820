# SPDX-License-Identifier: MIT
"""What the headers say, as data: calls, functions, structures, enumerations, constants, kinds."""
import dataclasses
import re

C_NAME = re.compile(r"\w*_|(struct|enum) \w")


@dataclasses.dataclass
class Call:
    """A line of the call table and what its comment says."""
    nr: int
    since: int
    group: str
    name: str
    arguments: list = dataclasses.field(default_factory=list)  # (kind, name, text)
    results: list = dataclasses.field(default_factory=list)    # (kind, name), from x1 on
    does: list = dataclasses.field(default_factory=list)       # paragraphs
    returns: list = dataclasses.field(default_factory=list)
    errors: list = dataclasses.field(default_factory=list)     # (names, text)
    example: str = ""

    @property
    def full_name(self):
        """As in traces and prose."""
        return f"{self.group}_{self.name}"

    @property
    def stub(self):
        """The stub's name, and the page's."""
        return f"stile_{self.full_name}"

    @property
    def getters(self):
        """(kind, function that takes it out) of each result, from x1 on."""
        return [(kind, f"{self.stub}_{name}") for kind, name in self.results]

    @property
    def prototype(self):
        """The stub's, in C."""
        inside = ", ".join(f"stile_{kind}_t {name}" for kind, name, _ in self.arguments)
        return f"struct stile_result {self.stub}({inside or 'void'})"

    @property
    def summary(self):
        """What it does, short."""
        return first_sentence(self.does[0])


@dataclasses.dataclass
class Group:
    """A file of the call table."""
    name: str
    numbers: str
    about: str


@dataclasses.dataclass
class Function:
    """A function of the library."""
    name: str
    header: str
    prototype: str
    summary: str
    parameters: list  # (name, text)
    text: list        # blocks of the comment


@dataclasses.dataclass
class Member:
    """A member of a structure or an enumeration."""
    name: str
    declaration: str
    text: str
    offset: int = 0  # of an enumerator: its value
    size: int = 0


@dataclasses.dataclass
class Aggregate:
    """A structure or an enumeration."""
    word: str  # struct, enum
    name: str
    header: str
    is_library: bool  # and not of the ABI
    text: list
    members: list
    size: int = 0


@dataclasses.dataclass
class Constants:
    """#defines that one comment is about."""
    header: str
    text: list
    members: list  # Member; declaration is what the name is defined as


@dataclasses.dataclass
class Kind:
    """A kind of argument."""
    name: str
    declaration: str
    text: str
    width: str


@dataclasses.dataclass
class Header:
    """A header of the library: what its opening comment says."""
    name: str
    text: list


@dataclasses.dataclass
class Api:
    """Everything."""
    major: int
    minor: int
    fid_base: int
    common: str
    calls: list
    groups: dict
    errors: list      # (name, code, text)
    kinds: list
    functions: list
    aggregates: list
    constants: list
    headers: list
    costs: dict

    def calls_of(self, group):
        """A group's calls, in the table's order."""
        return [call for call in self.calls if call.group == group]

    def functions_of(self, header):
        """A header's functions, in its order."""
        return [function for function in self.functions if function.header == header]


def first_sentence(paragraph):
    """A paragraph's first sentence or its first half, without a full stop."""
    return paragraph.split(". ")[0].split(": ")[0].split("; ")[0].rstrip(".:;")


def lower_first(text):
    """A sentence as it goes on after a dash; names in capitals stay as they are."""
    return text if text[1:2].isupper() else text[0].lower() + text[1:]


def upper_first(text):
    """A text as a sentence of its own; a name of C stays as it is."""
    return text if C_NAME.match(text) else text[0].upper() + text[1:]
