# SPDX-License-Identifier: MIT
"""From Markdown to the site: lowdown's HTML, every name a link, a frame around it, an index to search."""
import dataclasses
import html
import json
import re
import subprocess

from .prose import broken

TAG = re.compile(r"(<[^>]+>)")
# A name of C, but no part of a path.
NAME = re.compile(r"(?:\b(struct|enum) )?(?<![\w/.-])([A-Za-z_]\w+)(?!\w|/|\.[chS]\b)(\(\))?")
HEADING = re.compile(r"<h([1-4])(?: id=\"([^\"]*)\")?>(.*?)</h\1>", re.DOTALL)
MARKDOWN_LINK = re.compile(r"href=\"(?:\.\./)?(?:docs/)?([\w-]+)\.md(#[^\"]*)?\"")
LONG_NAME = 16
# What README links to has another place here; a table that is too wide is moved by itself.
MOVED = (("href=\"LICENSE\"", "href=\"LICENSE.txt\""), ("src=\"docs/", "src=\""),
         ("href=\"bindings/", "href=\""))
FRAMED = (("<table>", "<div class=\"wide\"><table>"), ("</table>", "</table></div>"))
KEEP_HTML = ("--html-no-skiphtml", "--html-no-escapehtml")
NAVIGATION = (("tasks.html", "Tasks"), ("calls.html", "Calls"), ("library.html", "Library"),
              ("types.html", "Types"), ("errors.html", "Errors"), ("guides.html", "Guides"))


@dataclasses.dataclass
class Page:
    """A page before it is written."""
    file: str
    title: str
    markdown: list
    what: str = ""           # call, function, guide: said in the results of a search
    about: str = ""
    section: str = ""        # the file of NAVIGATION it belongs to
    beside: list = dataclasses.field(default_factory=list)  # (file, title): the pages like it
    beside_title: str = ""
    is_reference: bool = True
    body: str = ""
    targets: set = dataclasses.field(default_factory=set)   # pages it links to


def lowdown(text, kind, *options):
    """What lowdown makes of a text."""
    return subprocess.run(["lowdown", "--parse-no-intraemph", "-t", kind, *options], input=text,
                          capture_output=True, text=True, check=True).stdout


def slug(heading):
    """A heading's anchor, as forges make them."""
    text = html.unescape(re.sub(r"<[^>]+>", "", heading)).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


class Links:
    """Where the page of each name is."""

    def __init__(self, api, files):
        self.names, self.errors, self.types = {}, {}, {}
        for aggregate in api.aggregates:
            file = files(aggregate)
            self.types[aggregate.word, aggregate.name] = self.names[aggregate.name] = file
            if aggregate.word == "enum":
                self.names.update({member.name: f"{file}#{member.name}" for member in aggregate.members})
        for kind in api.kinds:
            for name in ("{}", "{}_t", "{}_word", "{}_from_word"):
                self.names["stile_" + name.format(kind.name)] = f"kinds.html#{kind.name}"
        for constants in api.constants:
            names = [member.name.split("(")[0] for member in constants.members]
            self.names.update({name: f"constants.html#{name}" for name in names})
        for name, _, _ in api.errors:
            self.errors[name] = self.names[f"STILE_{name}"] = f"errors.html#{name}"
        self.types["enum", "stile_error"], self.types["enum", "stile_nr"] = "errors.html", "calls.html"
        for function in api.functions:
            self.names[function.name] = f"{function.name}.html"
        for call in api.calls:
            file = f"{call.stub}.html"
            multicall = f"stile_multicall_{call.full_name}"
            self.names |= {call.stub: file, call.full_name: file, f"STILE_NR_{call.full_name}": file,
                           multicall: f"lib-multicall.html#{multicall}"}
            self.names |= {getter: f"{file}#results" for _, getter in call.getters}

    def find(self, word, name, is_reference):
        """Where a name's page is, or None."""
        return self.types.get((word, name)) or self.names.get(name) or \
            (self.errors.get(name) if is_reference else None)

    def linked(self, page):
        """A page's HTML with a link at each name, but in headings and links."""
        depth, is_code, parts = 0, False, []
        for part in TAG.split(page.body):
            if part.startswith("<"):
                depth += bool(re.match(r"<(a|h\d)\b", part)) - bool(re.match(r"</(a|h\d)>", part))
                is_code = part != "</pre>" and (is_code or part == "<pre>")
            elif depth == 0:
                part = NAME.sub(lambda found, code=is_code: self.link(found, page, code), part)
            parts.append(part)
        return "".join(parts)

    def link(self, found, page, is_code):
        """A name as a link, or as it is. Among words a long one may be broken."""
        target = self.find(found[1], found[2], page.is_reference)
        if not target or target == page.file:
            return found[0]
        page.targets.add(target.split("#")[0])
        text = found[0] if is_code or len(found[0]) < LONG_NAME else broken(found[0])
        return f"<a class=\"name\" href=\"{target}\">{text}</a>"


def anchored(page):
    """The page's HTML with an anchor at each heading; returns (level, anchor, text) of them."""
    seen, headings = {}, []

    def one(found):
        level, given, text = found.groups()
        anchor = given if given and text.startswith(given) else slug(text)
        seen[anchor] = seen.get(anchor, -1) + 1
        anchor += f"-{seen[anchor]}" if seen[anchor] else ""
        headings.append((int(level), anchor, re.sub(r"<[^>]+>", "", text)))
        mark = "" if level == "1" else f" <a class=\"anchor\" href=\"#{anchor}\" aria-label=\"link\">#</a>"
        return f"<h{level} id=\"{anchor}\">{text}{mark}</h{level}>"

    page.body = HEADING.sub(one, page.body)
    return headings


class Site:
    """All pages."""

    def __init__(self, api, links):
        self.api, self.links, self.pages = api, links, []
        self.index = []

    def add(self, page):
        """A page, rendered but for its frame."""
        page.body = lowdown("\n".join(page.markdown) + "\n", "html", *KEEP_HTML)
        page.body = MARKDOWN_LINK.sub(
            lambda found: f"href=\"{guide_file(found[1])}{found[2] or ''}\"", page.body)
        for written, here in MOVED:
            page.body = page.body.replace(written, here)
        page.headings = anchored(page)
        page.body = self.links.linked(page)
        for written, here in FRAMED:
            page.body = page.body.replace(written, here)
        self.pages.append(page)
        self.index.append([page.title, page.what, page.file, page.about])
        if not page.is_reference:
            self.index += [[text, page.title, f"{page.file}#{anchor}", ""]
                           for level, anchor, text in page.headings if level in (2, 3)]

    def add_names(self):
        """Names that have an anchor on somebody else's page, for who searches for them."""
        known = {entry[0] for entry in self.index}
        names = sorted((self.links.names | self.links.errors).items())
        self.index += [[name, "name", target, ""] for name, target in names
                       if "#" in target and name not in known and not name.startswith("stile_multicall_")]

    def refer_back(self):
        """Below each type, who speaks of it."""
        for page in self.pages:
            if page.what not in ("struct", "enum"):
                continue
            users = [other for other in self.pages if page.file in other.targets and other.what in
                     ("call", "function", "struct", "enum") and other is not page]
            if users:
                names = ", ".join(f"<a class=\"name\" href=\"{user.file}\">{user.title}</a>"
                                  for user in users)
                page.body += f"<h2 id=\"named-by\">Named by</h2><p class=\"refs\">{names}</p>"

    def write(self, folder, assets):
        """All files of the site."""
        folder.mkdir(parents=True, exist_ok=True)
        self.add_names()
        self.refer_back()
        for page in self.pages:
            (folder / page.file).write_text(self.framed(page), encoding="utf-8")
        for name in ("style.css", "search.js"):
            (folder / name).write_text((assets / name).read_text(encoding="utf-8"), encoding="utf-8")
        entries = ",\n".join(json.dumps(entry) for entry in self.index)
        (folder / "search-index.js").write_text(f"window.stileIndex = [\n{entries}\n];\n", encoding="utf-8")

    def side(self, page):
        """What stands beside a page: its own parts, and the pages like it."""
        parts = [(anchor, text) for level, anchor, text in page.headings if level == 2]
        lines = []
        if len(parts) > 2:
            lines += ["<h2>On this page</h2><ul>"] + \
                [f"<li><a href=\"#{anchor}\">{text}</a></li>" for anchor, text in parts] + ["</ul>"]
        if page.beside:
            lines += [f"<h2>{page.beside_title}</h2><ul>"]
            lines += [f"<li>{navigation(file, title, page.file)}</li>" for file, title in page.beside]
            lines.append("</ul>")
        return "\n".join(lines)

    def framed(self, page):
        """A whole HTML file."""
        here = page.section or page.file
        links = "".join(navigation(file, title, here) for file, title in NAVIGATION)
        version = f"{self.api.major}.{self.api.minor}"
        about = html.escape(re.sub(r"<[^>]+>", "", page.about), quote=True)
        return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{about}">
<title>{page.title} – Stile {version}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="skip" href="#content">To the content</a>
<header class="top">
<a class="brand" href="index.html">Stile <span>{version}</span></a>
<nav aria-label="Sections">{links}</nav>
<div class="search"><input id="query" type="search" placeholder="Search ( / )" aria-label="Search"
 autocomplete="off" spellcheck="false"><ol id="found" hidden></ol></div>
</header>
<div class="page">
<main id="content">
{page.body}
</main>
<aside aria-label="Beside">
{self.side(page)}
</aside>
</div>
<footer>Stile {version}. Made by <code>make docs</code> from the headers and <code>docs/</code>.</footer>
<script src="search-index.js" defer></script>
<script src="search.js" defer></script>
</body>
</html>
"""


def navigation(file, title, here):
    """A link of the frame, which says whether its page is this one."""
    return f"<a href=\"{file}\"{' aria-current=page' if file == here else ''}>{title}</a>"


def guide_file(stem):
    """The page of a file of docs/."""
    return "tasks.html" if stem == "tasks" else f"guide-{stem.lower()}.html"
