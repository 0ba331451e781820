# SPDX-License-Identifier: MIT
"""The pages of single calls and functions: sections of Markdown, for the site and as man pages."""
from .model import lower_first, upper_first
from .prose import cell, code, markdown, plain, table

CONTEXT = "Any: interrupts masked or not, MMU on or off. EL1 only; from EL0 HVC is undefined."
COMMON_ERRORS = ("NOT_SUPPORTED", "INVALID_ARGUMENT")


def common_errors(api, call):
    """The errors every call may answer, unless the call's own say more."""
    said = {name for names, _ in call.errors for name in names.split(", ")}
    texts = {"NOT_SUPPORTED": "the version agreed on does not have the call"
                              + (", or the VM is not privileged" if call.group == "control" else ""),
             "INVALID_ARGUMENT": "a register that must be zero is not; x1 is its number, 1 to 6"}
    known = {name for name, _, _ in api.errors}
    return [(name, texts[name]) for name in COMMON_ERRORS if name in known and name not in said
            and not (name == "NOT_SUPPORTED" and call.since == 0)]


def synopsis(header, prototype):
    """What to include, and the declaration, broken where it is long."""
    lines = [prototype]
    if len(prototype) > 80:
        head, inside = prototype.split("(", 1)
        lines = [head + "("] + [f"    {part.strip()}," for part in inside.rstrip(")").split(", ")]
        lines[-1] = lines[-1].rstrip(",") + ")"
    return [f"    #include <{header}>", "    "] + [f"    {line}" for line in lines[:-1]] + \
        [f"    {lines[-1]};", ""]


def cost(api, call):
    """What the last bench measured."""
    row = api.costs.get(call.full_name)
    if not row:
        return ["Not measured: the call ends its caller or needs a peer that acts, or `make bench` was "
                "not run before `make docs`.", ""]
    return table(["instructions there and back:", "of these at EL2:", "exits:", "way"],
                 [[str(row["total"]), str(row["el2"]), str(row["exits"]), row["way"]]]) + \
        [f"On a Cortex-A72 with GICv{row['gic']}, where the call succeeds, the guest's own instructions "
         "included: executed instructions, counted by QEMU's `-icount shift=0`, the same on every "
         "machine.", ""]


def arguments(api, call, linked):
    """A call's arguments."""
    kinds = {kind.name: kind for kind in api.kinds}
    if not linked:
        return [f"- **{name}** (x{x}, {kind}): {plain(text)}. {plain(kinds[kind].text)}"
                for x, (kind, name, text) in enumerate(call.arguments, 1)] + [""]
    rows = [[f"x{x}", code(name), f"[{kind}](kinds.html#{kind})", cell(upper_first(text)) + "."]
            for x, (kind, name, text) in enumerate(call.arguments, 1)]
    return table(["register", "name", "kind", "meaning"], rows)


def results(call, linked):
    """What a call leaves in registers, and the functions that take it out of them."""
    said = ["x0 (*status*) is 0, or one of the errors below; x1 to x3 (*value*) are 0 unless said "
            "otherwise.", ""]
    found = list(enumerate(call.getters, 1))
    if found and linked:
        said += table(["register", "kind", "taken out by"],
                      [[f"x{x}", f"[{kind}](kinds.html#{kind})", code(f"{getter}()")]
                       for x, (kind, getter) in found])
    elif found:
        said += [f"- x{x}, {kind}: **{getter}**()" for x, (kind, getter) in found] + [""]
    return said + markdown(call.returns)


def errors(api, call, linked):
    """A call's errors, its own first."""
    codes = {name: str(number) for name, number, _ in api.errors}
    found = [(names.split(", "), text) for names, text in call.errors]
    found += [([name], text) for name, text in common_errors(api, call)]
    if not linked:
        return [f"- **{', '.join(names)}** ({', '.join(codes[name] for name in names)}): {plain(text)}"
                for names, text in found] + [""]
    return table(["error", "x0:", "cause"],
                 [["<br>".join(names), "<br>".join(codes[name] for name in names),
                   cell(upper_first(text)) + "."] for names, text in found])


def since(api, call):
    """The version that introduced a call."""
    return f"Version {api.major}.{call.since}" + \
        ("; answered before a version was agreed on." if call.since == 0 else ".")


def call_sections(api, call, linked):
    """(title, lines) of a call's page. The site's has number and version in its head."""
    sections = [("Synopsis", synopsis("stile/hypercall.h", call.prototype)),
                ("Description", markdown(call.does))]
    if call.arguments:
        sections.append(("Arguments", arguments(api, call, linked)))
    sections += [("Results", results(call, linked)), ("Errors", errors(api, call, linked)),
                 ("Context", [CONTEXT, ""])]
    if not linked:
        number = f"0x{call.nr:02X}, function id 0x{api.fid_base + call.nr:08X}, group {call.group}."
        sections += [("Number", [number, ""]), ("Since", [since(api, call), ""])]
    return sections + [
        ("Cost", cost(api, call)),
        ("Example", [f"    {line}" for line in call.example.splitlines()] + [""]),
    ]


def facts(api, call):
    """What fits the head of a call's page."""
    row = api.costs.get(call.full_name)
    found = [("Number", f"0x{call.nr:02X}"), ("Function id", f"0x{api.fid_base + call.nr:08X}"),
             ("Since", f"{api.major}.{call.since}"),
             ("Group", f"<a href=\"calls.html#{call.group}\">{call.group}</a>"),
             ("Cost", f"<a href=\"#cost\">{row['total']} instructions</a>" if row else "not measured")]
    return "<dl class=\"facts\">" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>"
                                           for name, value in found) + "</dl>"


def function_sections(function, linked):
    """(title, lines) of a function's page."""
    sections = [("Synopsis", synopsis(function.header, function.prototype))]
    if function.parameters and linked:
        sections.append(("Parameters", table(["name", "meaning"], [
            [code(name), cell(upper_first(text)) + "."] for name, text in function.parameters])))
    elif function.parameters:
        sections.append(("Parameters", [f"- **{name}**: {plain(text)}"
                                        for name, text in function.parameters] + [""]))
    returned = [block for block in function.text if block.startswith(("Returns", "Does not return"))]
    others = [block for block in function.text if block not in returned]
    if others:
        sections.append(("Description", markdown(others)))
    if returned:
        sections.append(("Result", markdown(returned)))
    return sections


def call_page(api, call):
    """The site's page of a call."""
    lines = [f"# {call.stub}", "", f"<p class=\"lead\">{plain(upper_first(call.summary))}.</p>", ""]
    lines += [facts(api, call), ""]
    for title, section in call_sections(api, call, True):
        lines += [f"## {title}", ""] + section
    return lines


def function_page(function):
    """The site's page of a function."""
    lines = [f"# {function.name}", "", f"<p class=\"lead\">{plain(upper_first(function.summary))}.</p>", ""]
    for title, section in function_sections(function, True):
        lines += [f"## {title}", ""] + section
    lines += [f"What it orders, and what holds for all of <{function.header}>, is on the page of the "
              f"[header]({header_file(function.header)}).".replace("<", "&lt;"), ""]
    return lines


def header_file(header):
    """The page of a header of the library."""
    return f"lib-{header.removeprefix('stile/').removesuffix('.h')}.html"


def manual(title, section, volume, api, summary, sections, see):
    """A man page as Markdown."""
    lines = [f"title: {title}", f"section: {section}", f"source: Stile {api.major}.{api.minor}",
             f"volume: {volume}", "", "# NAME", "", f"{title} - {plain(lower_first(summary))}", ""]
    for name, text in sections:
        lines += [f"# {name.upper()}", ""] + text
    return "\n".join(lines + ["# SEE ALSO", "", ", ".join(see), ""])


def call_manual(api, call):
    """The man page of a call."""
    see = [f"{other.stub}(2)" for other in api.calls_of(call.group) if other != call] + ["stile(7)"]
    return manual(call.stub, 2, "Hypercalls", api, call.summary, call_sections(api, call, False), see)


def function_manual(api, function):
    """The man page of a function: with what its header says."""
    header = next(header for header in api.headers if header.name == function.header)
    sections = function_sections(function, False) + [("Notes", markdown(header.text))]
    see = [f"{other.name}(3)" for other in api.functions_of(function.header) if other != function]
    return manual(function.name, 3, "libhypercall", api, function.summary, sections, see + ["stile(7)"])


def examples(api):
    """The examples as functions whose parameters are the calls' arguments."""
    parts = ["/* Made by scripts/abi-reference from the calls' comments; compiled, never run. */",
             "#include <stile/hypercall.h>", ""]
    for call in api.calls:
        inside = ", ".join(f"stile_{kind}_t {name}" for kind, name, _ in call.arguments) or "void"
        unused = "".join(f"    (void){name};\n" for _, name, _ in call.arguments)
        body = "".join(f"    {line}\n" for line in call.example.splitlines())
        parts.append(f"int64_t example_{call.full_name}({inside});\n"
                     f"int64_t example_{call.full_name}({inside})\n{{\n{unused}{body}"
                     "    return result.status;\n}\n")
    return "\n".join(parts)
