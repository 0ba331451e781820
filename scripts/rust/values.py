# SPDX-License-Identifier: MIT
"""Kinds of arguments, errors, enumerations and constants."""
import re

from reference.model import upper_first

from .names import camel, constant, enumerators

COPIED = "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]"
SAYS_MORE = re.compile(r"\bx1\b")


def kinds(crate):
    """kinds.rs: each that is a structure in C."""
    lines = ["//! The kinds of arguments and results that must not be mixed up.", ""]
    for kind in crate.newtypes:
        lines += [*crate.texts.doc([kind.text]), COPIED, "#[repr(transparent)]",
                  f"pub struct {camel(kind.name)}(pub u{kind.width});", ""]
    return lines


def enums(crate):
    """enums.rs: as numbers with names, for a later version may know more of them."""
    lines = ["//! Numbers with names. A later version of the hypervisor may answer one that has none here,",
             "//! so they are no enumerations of Rust's.", ""]
    for aggregate in crate.enums:
        name = camel(aggregate.name)
        lines += [*crate.texts.doc(aggregate.text), COPIED, "#[repr(transparent)]",
                  f"pub struct {name}(pub u32);", "", f"impl {name} {{"]
        counts = []
        for member, short in enumerators(aggregate):
            text = [upper_first(member.text)] if member.text else []
            if short:
                lines += [*crate.texts.doc(text, "    "),
                          f"    pub const {short}: {name} = {name}({member.offset});"]
            else:
                counts += [f"/// How many values [`{name}`] has.",
                           f"pub const {constant(member.name)}: u32 = {member.offset};", ""]
        lines += ["}", "", *counts]
    return lines


def number(value):
    """A constant's type, the smallest of those that calls and structures use, and its value."""
    if value < 0:
        return "i32", str(value)
    written = f"{value:#X}".replace("X", "x") if value >= 1 << 12 else str(value)
    return ("u32" if value < 1 << 32 else "u64"), written


def constants(crate):
    """constants.rs: what C has as #defines."""
    lines = ["//! What the C headers define: `STILE_PAGE_SIZE` is [`PAGE_SIZE`].", ""]
    for about, members in crate.constants:
        for member in members:
            text = [upper_first(member.text)] if member.text else []
            kind, value = number(member.offset)
            lines += [*crate.texts.doc(about + text),
                      f"pub const {constant(member.name)}: {kind} = {value};"]
        lines += [""] if members else []
    return lines


def numbers(crate):
    """nr.rs: the calls' numbers."""
    lines = ["//! The calls' numbers, for [`CallEntry`](crate::CallEntry).", ""]
    for call in crate.api.calls:
        lines += [f"/// [`{call.full_name}`](crate::{call.full_name})",
                  f"pub const {call.full_name.upper()}: u32 = {call.nr:#04x};"]
    return lines


def details(crate):
    """The errors with which x1 says more: those of whose x1 something is said."""
    said = {name for name, _, text in crate.errors if SAYS_MORE.search(text)}
    for call in crate.api.calls:
        said |= {name for names, text in call.errors if SAYS_MORE.search(text) for name in names.split(", ")}
    return said


def error(crate):
    """error.rs: what x0 holds when it is not 0."""
    more = details(crate)
    known = [(camel(name.lower()), code, text, name in more) for name, code, text in crate.errors]
    lines = ["//! What a call that fails answers.", "", "use core::fmt;", "",
             "/// What x0 holds after a call that failed, and x1 where that says more.",
             "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]", "pub enum Error {"]
    for name, code, text, has_more in known:
        about = f"{upper_first(text)}. Status {code}." + (" Here with x1." if has_more else "")
        lines += [*crate.texts.doc([about], "    "), f"    {name}{'(u64)' if has_more else ''},"]
    lines += ["    /// A status that this version of the crate does not know.", "    Other(i64),", "}", "",
              "impl Error {",
              "    /// The error of a status that is not 0, and of what came with it in x1.",
              "    pub const fn from_status(status: i64, x1: u64) -> Error {", "        match status {"]
    lines += [f"            {code} => Error::{name}{'(x1)' if has_more else ''},"
              for name, code, _, has_more in known]
    lines += ["            _ => Error::Other(status),", "        }", "    }", "",
              "    /// The status that x0 held.", "    pub const fn status(self) -> i64 {",
              "        match self {"]
    lines += [f"            Error::{name}{'(_)' if has_more else ''} => {code},"
              for name, code, _, has_more in known]
    lines += ["            Error::Other(status) => status,", "        }", "    }", "}", "",
              "impl fmt::Display for Error {",
              "    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {",
              "        formatter.write_str(match self {"]
    lines += [f"            Error::{name}{'(_)' if has_more else ''} => \"{text}\","
              for name, _, text, has_more in known]
    lines += ["            Error::Other(status) => return write!(formatter, \"unknown status {}\", status),",
              "        })", "    }", "}"]
    return lines
