# SPDX-License-Identifier: MIT
"""The pages that lead to others: the start, calls by group and by task, the library; stile(7)."""
import re

from .model import first_sentence, upper_first
from .pages import header_file, manual
from .prose import cell, link, markdown, plain, rules, table

TASK_NAME = re.compile(r"`(?:struct |enum )?(\w+)(?:\(\))?`")


def paragraphs(text):
    """A text's paragraphs, each on one line."""
    return [" ".join(block.split()) for block in re.split(r"\n\n+", text)]


def call_rows(api, group):
    """A group's calls as a table."""
    return table(["call", "what it does", "since", "instructions:"], [
        [link(call.full_name, f"{call.stub}.html"), cell(upper_first(call.summary)),
         f"{api.major}.{call.since}", str(api.costs.get(call.full_name, {}).get("total", ""))]
        for call in api.calls_of(group)])


def calls_page(api):
    """All calls, by group."""
    lines = ["# Calls by group", "", f"The {len(api.calls)} calls of version {api.major}.{api.minor}. "
             "[What holds for every call](rules.html) is said once; costs are those of a round trip, in "
             "instructions. [Calls by task](tasks.html) are sorted by what you want to do.", ""]
    for group in api.groups.values():
        lines += [f"<h2 id=\"{group.name}\">{group.name} <small>{group.numbers}</small></h2>", ""]
        about = paragraphs(group.about)
        lines += markdown([upper_first(about[0])] + about[1:]) + call_rows(api, group.name)
    return lines


def rules_page(api):
    """What holds for every call."""
    return ["# What holds for every call", ""] + rules(upper_first(api.common)) + [
        "Codes are on the page [errors](errors.html), the kinds of arguments on the page "
        "[kinds](kinds.html).", ""]


def library_page(api):
    """The library, header by header."""
    lines = ["# The library", "", "libhypercall is what a kernel links: a typed stub for each call, and "
             "these helpers. A page for each header says what it is for and what it orders.", ""]
    for header in api.headers:
        file = header_file(header.name)
        lines += [f"## [{header.name}]({file})", "", plain(first_sentence(header.text[0])) + ".", ""]
        lines += function_rows(api.functions_of(header.name))
    return lines


def function_rows(functions):
    """Functions as a table."""
    return table(["function", "what it does"], [
        [link(function.name, f"{function.name}.html"), cell(upper_first(function.summary))]
        for function in functions])


def header_page(api, header):
    """A header of the library."""
    lines = [f"# {header.name}", ""] + markdown(header.text) + function_rows(api.functions_of(header.name))
    types = [a for a in api.aggregates if a.header == header.name]
    if types:
        lines += ["## Types", ""] + table(["type", "what it is"], [
            [f"{a.word} {a.name}", cell(first_sentence(a.text[0])) if a.text else ""] for a in types])
    if header.name == "stile/stubs.h":
        lines += ["## Stubs", "", "Those of all [calls](calls.html)."]
    if header.name == "stile/multicall.h":
        lines += ["## For each call", ""] + [
            f"- <span id=\"stile_multicall_{call.full_name}\"></span>`stile_multicall_{call.full_name}()`: "
            f"`{call.full_name}`" for call in api.calls]
    return lines + [""]


def tasks_page(api, text):
    """docs/tasks.md, and behind it the calls that it does not name."""
    named = set(TASK_NAME.findall(text))
    rest = [call for call in api.calls if not {call.full_name, call.stub} & named]
    lines = text.splitlines() + [""]
    if rest:
        lines += ["## Other calls", ""] + [f"- {upper_first(plain(call.summary))}: `{call.full_name}`"
                                           for call in rest]
    return lines


def cards(api):
    """Where to go from the first page: (file, title, what is there)."""
    return (("tasks.html", "By task", "What do you want to do? The call, function or page for it."),
            ("calls.html", "By group", f"All {len(api.calls)} calls, with their costs."),
            ("library.html", "The library", f"{len(api.functions)} functions: clocks, rings, channels, locks."),
            ("types.html", "Types", "Structures byte by byte, enumerations, kinds."),
            ("errors.html", "Errors", "What x0 says, and which call says it."),
            ("rules.html", "Rules", "What holds for every call."))


def start_page(api, guides):
    """The first page."""
    lines = [f"# Stile {api.major}.{api.minor}", "",
             "<p class=\"lead\">A versioned hypercall ABI for arm64, a small hypervisor that answers it, and "
             "the library a kernel links to use it.</p>", "", "<div class=\"cards\">"]
    lines += [f"<a class=\"card\" href=\"{file}\"><b>{title}</b><span>{text}</span></a>"
              for file, title, text in cards(api)]
    lines += ["</div>", "", "## Guides", ""]
    return lines + [guide_line(title, url, about) for url, title, about in guides] + [""]


def guide_line(title, url, about):
    """A guide in a list."""
    return f"- [{title}]({url})" + (f": {plain(about)}" if about else "")


def overview(api):
    """stile(7)."""
    sections = [("Description", rules(upper_first(api.common)))]
    for group in api.groups.values():
        lines = markdown([upper_first(block) for block in paragraphs(group.about)[:1]])
        lines += [f"- **{call.stub}**(2): {plain(call.summary)}" for call in api.calls_of(group.name)]
        sections.append((f"Group {group.name}", lines + [""]))
    sections.append(("Library", [f"- **{header.name}**: {plain(first_sentence(header.text[0]))}"
                                 for header in api.headers if api.functions_of(header.name)] + [""]))
    sections.append(("Errors", [f"- **{name}** ({code}): {plain(text)}"
                                for name, code, text in api.errors] + [""]))
    see = [f"{api.calls[0].stub}(2)", f"{api.functions[0].name}(3)"]
    return manual("stile", 7, "Stile", api, "hypercalls between an arm64 kernel and its hypervisor",
                  sections, see)
