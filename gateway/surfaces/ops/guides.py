"""The pages of docs/ that are served, as HTML: Markdown, raw HTML excepted.

A link to another of them leads there; one to a page that is not served is plain text.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.routing import BaseRoute, Route

from gateway.surfaces.guides import PAGES, Page
from gateway.surfaces.ops.plain_pages import plain_page
from gateway.surfaces.public_document import PublicDocument

_PACKAGE = Path(__file__).parents[2]
# In the wheel they stand in the package, in a checkout where people look for them.
_FOLDERS = (_PACKAGE / "guides", _PACKAGE.parent / "docs")
_BY_FILE = {f"{each.file}.md": each for each in PAGES}
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_NO_WORD = re.compile(r"[^\w\- ]")


def guide_routes() -> Sequence[BaseRoute]:
    """A route for each page of the closed list. Raises OSError where one is missing."""
    return [Route(each.path, guide_page(each, load_guide(each)).answer) for each in PAGES]


def load_guide(page: Page) -> str:
    """The Markdown of a page."""
    folder = next(each for each in _FOLDERS if each.is_dir())
    return (folder / f"{page.file}.md").read_text(encoding="utf-8")


def guide_page(page: Page, text: str) -> PublicDocument:
    """text: Markdown."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(_COMMENT.sub("", text))
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open":
            before.attrSet("id", _anchor(token.content))
        if token.type in {"table_open", "fence"}:
            token.attrSet("tabindex", "0")  # what scrolls is reached with the keyboard
        if token.children is not None:
            token.children = list(_linked(token.children, page))
    content = markdown.renderer.render(tokens, markdown.options, {})
    return plain_page("guide.html", title=page.title, content=content)


def _linked(children: Sequence[Token], page: Page) -> Iterator[Token]:
    """Links to pages lead to their addresses, those to elsewhere in the project are text; a page that is
    linked by the name of its file is called by its title.
    """
    target, is_open = None, True
    for token in children:
        if token.type == "link_open":
            target, address = _led(str(token.attrGet("href") or ""), page)
            is_open = address is not None
            token.attrSet("href", address or "")
        elif token.type == "text" and target is not None and token.content.endswith(".md"):
            token.content = target.title
        if token.type not in {"link_open", "link_close"} or is_open:
            yield token
        if token.type == "link_close":
            target, is_open = None, True


def _led(href: str, page: Page) -> tuple[Page | None, str | None]:
    """The page that a link leads to, and its address; no address where none is served."""
    if href.startswith("https://"):
        return None, href
    path, hash_sign, anchor = href.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), path))
    target = _BY_FILE.get(file) if path else page
    return target, None if target is None else f"{target.path}{hash_sign}{anchor}"


def _anchor(heading: str) -> str:
    """As readers of Markdown call it: small letters, hyphens for spaces, no punctuation."""
    return _NO_WORD.sub("", heading.lower()).replace(" ", "-")
