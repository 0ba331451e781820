# SPDX-License-Identifier: MIT
"""The text of comments as Markdown."""
import re

LISTED = re.compile(r"(?m)^    ([A-Z_]+)  +(.*(?:\n {8,}.*)*)")


def plain(text):
    """A text in which nothing means something to Markdown."""
    text = re.sub(r"@(\w+)", r"\1", text)
    text = re.sub(r"([\\*\[\]`~])", r"\\\1", text)
    return text.replace("<", "&lt;").replace("^", "&#94;")


def cell(text):
    """The same in a cell of a table."""
    return plain(text).replace("|", "&#124;")


def code(text):
    """Code among words."""
    return "`" + text.replace("|", "&#124;") + "`" if "|" not in text else f"<code>{html(text)}</code>"


def html(text):
    """A text inside of HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "&#124;")


def broken(name):
    """HTML of a name that may be broken between its words: a phone is narrow."""
    return name.replace("_", "_<wbr>")


def link(name, url):
    """A name of C as a link."""
    return f"<a href=\"{url}\"><code>{broken(name)}</code></a>"


def markdown(blocks):
    """Paragraphs, of which those that are indented are code."""
    lines = []
    for block in blocks:
        lines += [block if block.startswith("    ") else plain(block), ""]
    return lines


def rules(text):
    """What holds for every call: paragraphs, and a list of errors that is indented there."""
    lines = []
    for block in re.split(r"\n\n+", text):
        found = LISTED.findall(block)
        if found:
            lines += [f"- **{name}**: {plain(' '.join(about.split()))}" for name, about in found] + [""]
        else:
            lines += markdown([block if block.startswith("    ") else " ".join(block.split())])
    return lines


def table(titles, rows):
    """A table; a title that ends with a colon is of a column that is right-aligned."""
    if not rows:
        return []
    marks = ["--:" if title.endswith(":") else "---" for title in titles]
    lines = [f"| {' | '.join(title.rstrip(':') for title in titles)} |", f"|{'|'.join(marks)}|"]
    return lines + [f"| {' | '.join(row)} |" for row in rows] + [""]
