# SPDX-License-Identifier: MIT
"""A function for each line of the call table."""
from .names import camel, ident

WIDTH = 100
# A call that is given memory, or a share, which is memory, may take it away, write it, or run it. The
# table does not tell which of them do.
NAME_MEMORY = {"ipa", "share"}
# And these do it to memory that no argument names: the mailbox names it, all shares are released.
NAMED_ELSEWHERE = {"core_multicall", "core_reset"}
SAFETY = ["# Safety", "What the call does to memory, as said above, must be nothing that a reference, or "
          "code that runs, relies on. Addresses are those of the VM, not of its MMU."]


def filled(start, parts, end, indent=""):
    """A list in one line if that holds it, as rustfmt has it, else a line for each part."""
    line = indent + start + ", ".join(parts) + end
    if len(line) <= WIDTH:
        return [line]
    return [indent + start.rstrip(), *(f"{indent}    {part}," for part in parts), indent + end.lstrip()]


def is_unsafe(call):
    """Whether the caller has something to promise."""
    return call.full_name in NAMED_ELSEWHERE or any(kind in NAME_MEMORY for kind, _, _ in call.arguments)


def kind_type(kind):
    """A kind's type."""
    return kind if kind in ("u32", "u64") else camel(kind)


def to_word(crate, kind, name):
    """An argument as its register has it."""
    value = name if kind in ("u32", "u64") else f"{name}.0"
    return value if crate.widths[kind] == "64" else f"u64::from({value})"


def from_word(crate, kind, register):
    """A result out of its register."""
    value = f"x[{register}]" if crate.widths[kind] == "64" else f"x[{register}] as u32"
    return value if kind in ("u32", "u64") else f"{camel(kind)}({value})"


def result_type(call):
    """What a call returns if it succeeds."""
    if len(call.results) < 2:
        return kind_type(call.results[0][0]) if call.results else "()"
    return f"{camel(call.full_name)}Results"


def success(crate, call):
    """The same as an expression of x: the function's last line, or lines."""
    values = [from_word(crate, kind, n) for n, (kind, _) in enumerate(call.results)]
    if len(values) < 2:
        return [f"    Ok({values[0] if values else '()'})"]
    fields = [f"{ident(name)}: {value}" for (_, name), value in zip(call.results, values)]
    return filled(f"Ok({result_type(call)} {{ ", fields, " })", "    ")


def result_struct(call):
    """The structure of a call with several results."""
    if len(call.results) < 2:
        return []
    lines = [f"/// What [`{call.full_name}`] returns.", "#[derive(Clone, Copy, Debug, PartialEq, Eq)]",
             f"pub struct {result_type(call)} {{"]
    for register, (kind, name) in enumerate(call.results, 1):
        lines += [f"    /// In x{register}.", f"    pub {ident(name)}: {kind_type(kind)},"]
    return lines + ["}", ""]


def items(crate, pairs):
    """A list in Markdown."""
    lines = []
    for name, text in pairs:
        lines += crate.texts.wrapped(f"- {name}: {text}", "  ")
    return lines


def doc(crate, call):
    """A call's comment."""
    texts = crate.texts
    lines = texts.lines(call.does)
    if call.arguments:
        lines += ["", *items(crate, [(f"`{name}`", texts.linked(text)) for _, name, text in call.arguments])]
    if call.returns:
        lines += ["", *texts.lines(call.returns)]
    if call.errors:
        lines += ["", "# Errors", "", *items(crate, [
            (texts.linked(names), texts.linked(text)) for names, text in call.errors])]
    if is_unsafe(call):
        lines += ["", *texts.lines(SAFETY)]
    lines += ["", f"Number {call.nr:#04x}, since version {crate.api.major}.{call.since}."]
    return [f"/// {line}".rstrip() for line in lines]


def signature(call):
    """The function's first line, or lines if it is long."""
    start = f"pub {'unsafe ' if is_unsafe(call) else ''}fn {call.full_name}("
    arguments = [f"{ident(name)}: {kind_type(kind)}" for kind, name, _ in call.arguments]
    end = f") -> Result<{result_type(call)}, Error> {{"
    return filled(start, arguments, end)


def function(crate, call):
    """A call's."""
    words = [to_word(crate, kind, ident(name)) for kind, name, _ in call.arguments]
    words += ["0"] * (6 - len(words))
    x = "let x = " if call.results else ""
    return [*doc(crate, call), "#[inline]", *signature(call), f"    let words = [{', '.join(words)}];",
            f"    {x}unsafe {{ call(nr::{call.full_name.upper()}, words) }}?;",
            *success(crate, call), "}", ""]


def calls(crate):
    """calls.rs."""
    lines = ["//! The calls, in the order of the table.", "", "use crate::hvc::call;", "use crate::kinds::*;",
             "use crate::{nr, Error};", ""]
    for one in crate.api.calls:
        lines += result_struct(one) + function(crate, one)
    return lines
