# SPDX-License-Identifier: MIT
"""The pages of what calls take and give: structures with their bytes, enumerations, constants, errors."""
import re

from .model import first_sentence, upper_first
from .prose import cell, code, html, link, markdown, plain, table

ROW = 8  # bytes in a line of the drawing


def type_file(aggregate):
    """The page of a structure or an enumeration."""
    return f"{aggregate.word}-{aggregate.name}.html"


def with_gaps(aggregate):
    """(name, offset, size) of all bytes of a structure, those of nobody included."""
    at = 0
    for member in aggregate.members:
        if member.offset > at:
            yield "", at, member.offset - at
        yield member.name, member.offset, member.size
        at = member.offset + member.size
    if at < aggregate.size:
        yield "", at, aggregate.size - at


def pieces(name, offset, size):
    """A member in lines of the drawing, (text, offset, size): its first line if that is not whole, whole
    lines, the rest."""
    end = offset + size
    text = name or "padding"
    if offset % ROW and offset // ROW != (end - 1) // ROW:
        first = ROW - offset % ROW
        yield text, offset, first
        offset, text = offset + first, "…"
    whole = (end - offset) // ROW * ROW if offset % ROW == 0 else 0
    if whole:
        yield text, offset, whole
        offset, text = offset + whole, "…"
    if offset < end:
        yield text, offset, end - offset


def drawing(aggregate):
    """The bytes of a structure, eight to a line; a piece of many lines is drawn as a high one."""
    lines = ["<div class=\"bytes\" role=\"img\" aria-label=\"the structure's bytes, eight to a line\">",
             "<span class=\"at\"></span>" + "".join(f"<span class=\"byte\">{n}</span>" for n in range(ROW))]
    for name, offset, size in with_gaps(aggregate):
        kind = "field free" if not name or name.startswith("reserved") else "field"
        hint = f"{name or 'padding'}: {offset:#x}, {size} bytes"
        for text, start, length in pieces(name, offset, size):
            if start % ROW == 0:
                lines.append(f"<span class=\"at\">{start:#x}</span>")
            many = f" <i>{length} bytes</i>" if length > ROW else ""
            place = f"grid-column:{start % ROW + 2}/span {min(length, ROW)}"
            lines.append(f"<span class=\"{kind}{' tall' if many else ''}\" style=\"{place}\" "
                         f"title=\"{hint}\">{text}{many}</span>")
    return lines + ["</div>", ""]


def member_cell(member):
    """A member's name, and below it its type."""
    kind = re.sub(rf"\b{member.name}\b", "", member.declaration, count=1).replace(" *", " * ").split()
    return f"<span id=\"{member.name}\"></span>{code(member.name)}<small>{html(' '.join(kind))}</small>"


def type_page(aggregate):
    """A structure or an enumeration."""
    lines = [f"# {aggregate.word} {aggregate.name}", ""]
    if aggregate.text:
        lines += [f"<p class=\"lead\">{plain(upper_first(first_sentence(aggregate.text[0])))}.</p>", ""]
    lines += ["## Synopsis", "", f"    #include <{aggregate.header}>", "    ",
              f"    {aggregate.word} {aggregate.name};", ""]
    if aggregate.word == "struct":
        lines += ["## Layout", "", f"{aggregate.size} bytes on arm64, all numbers "
                  "little-endian.", ""] + drawing(aggregate)
        lines += table(["offset:", "bytes:", "member", "meaning"], [
            [f"{member.offset:#x}", str(member.size), member_cell(member),
             cell(upper_first(member.text)) if member.text else ""] for member in aggregate.members])
    else:
        lines += ["## Values", ""] + table(["value:", "name", "meaning"], [
            [str(member.offset), f"<span id=\"{member.name}\"></span>{code(member.name)}",
             cell(upper_first(member.text)) if member.text else ""] for member in aggregate.members])
    whole = "\n".join(aggregate.text)
    says_more = whole.rstrip(".") != first_sentence(whole)
    return lines + (["## Description", ""] + markdown(aggregate.text) if says_more else [])


def types_page(api):
    """The list of them."""
    lines = ["# Types", "", "What calls and functions take and give. The ABI's layouts never change; what "
             "is reserved there reads as zero until a later minor version uses it.", ""]
    for title, word, is_library in (("Structures of the ABI", "struct", False),
                                    ("Enumerations of the ABI", "enum", False),
                                    ("Structures of the library", "struct", True),
                                    ("Enumerations of the library", "enum", True)):
        rows = [[link(a.name, type_file(a)), cell(upper_first(first_sentence(a.text[0]))) if a.text else ""]
                + ([f"{a.size}"] if word == "struct" else [f"{len(a.members)}"])
                for a in api.aggregates if a.word == word and a.is_library == is_library]
        lines += ([f"## {title}", ""] if rows else []) + \
            table([word, "what it is", "bytes:" if word == "struct" else "values:"], rows)
    return lines + ["[Kinds of arguments](kinds.html), [constants and flags](constants.html) and "
                    "[errors](errors.html) have pages of their own.", ""]


def kinds_page(api):
    """The kinds of arguments."""
    lines = ["# Kinds of arguments", "", "An argument of a call has one of these kinds: a type of C, the "
             "bits of its register that must be zero, and for those that are structures a function of its "
             "name which makes one: `stile_ipa(0x40000000)`.", ""]
    for kind in api.kinds:
        used = [f"[{call.full_name}]({call.stub}.html)" for call in api.calls
                if kind.name in (argument[0] for argument in call.arguments)]
        zeroes = ", bits 63:32 must be zero" if kind.width == "32" else ""
        lines += [f"## {kind.name}", "", f"    {kind.declaration}", "", plain(kind.text), "",
                  f"{kind.width} bits of the register{zeroes}.", ""]
        lines += ["Taken by " + (", ".join(used) or "no call yet") + ".", ""]
    return lines


def value_of(member):
    """A constant's value: as written, and what that is."""
    if not member.size:
        return html(member.declaration)
    written = re.sub(r"[uUlL]+$|^\(([^()]*)\)$", lambda found: found[1] or "", member.declaration)
    if re.fullmatch(r"-?(0x[0-9A-Fa-f]+|\d+)", written):
        return html(written)
    number = f"{member.offset:#x}" if member.offset > 0xFFFF or "<<" in written else str(member.offset)
    return f"{number} = {html(written)}"


def constants_page(api):
    """All #defines."""
    lines = ["# Constants and flags", "", "What the headers define, header by header.", ""]
    header = None
    for constants in api.constants:
        if constants.header != header:
            header = constants.header
            lines += [f"## {header}", ""]
        lines += [f"**{upper_first(plain(block))}**" if n == 0 and len(block) < 120 else plain(block)
                  for n, block in enumerate(constants.text)] + [""]
        has_text = any(member.text for member in constants.members)
        lines += table(["name", "value"] + ["meaning"] * has_text, [
            [f"<span id=\"{member.name.split('(')[0]}\"></span>{code(member.name)}", value_of(member)]
            + [cell(upper_first(member.text)) if member.text else ""] * has_text
            for member in constants.members])
    return lines


def errors_page(api):
    """The errors, and which calls answer them."""
    lines = ["# Errors", "", "What x0 holds after a call: 0, or one of these. `stile_error_text()` has the "
             "texts, `stile_error_name()` the names. In C the names have the prefix STILE_.", ""]
    for name, number, text in api.errors:
        used = [f"[{call.full_name}]({call.stub}.html)" for call in api.calls
                if name in (one for names, _ in call.errors for one in names.split(", "))]
        lines += [f"<h2 id=\"{name}\">{name} <small>{number}</small></h2>", "",
                  upper_first(plain(text)) + ".", ""]
        lines += [f"Answered by {', '.join(used)}.", ""] if used else []
    return lines
