"""The how-to pages in a browser: the Markdown of docs/clients as HTML, raw HTML excepted.

A link to another of them leads there; one to a page that is not served is plain text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.surfaces.guides import GUIDES, GUIDES_PATH
from gateway.surfaces.ops.plain_pages import page_answer, plain_page

_PACKAGE = Path(__file__).parents[2]
# In the wheel they stand in the package, in a checkout where people look for them.
_FOLDERS = (_PACKAGE / "guides", _PACKAGE.parent / "docs" / "clients")
_INDEX = "README"
_OTHER = re.compile(r"([A-Za-z-]+)\.md(?:#.*)?")
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)


def guide_routes() -> Sequence[BaseRoute]:
    """A route for each page of the closed list, and one for their index. Raises OSError where one is missing."""
    pages = {GUIDES_PATH: _INDEX} | {each.path: name for name, each in GUIDES.items()}
    return [_route(path, guide_page(load_guide(name))) for path, name in pages.items()]


def load_guide(name: str) -> str:
    """The Markdown of a page."""
    folder = next(each for each in _FOLDERS if each.is_dir())
    return (folder / f"{name}.md").read_text(encoding="utf-8")


def guide_page(text: str) -> bytes:
    """A page as HTML. text: Markdown."""
    title = _TITLE.search(text)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(_COMMENT.sub("", text))
    for token in tokens:
        if token.children is not None:
            token.children = _linked(token.children)
    shown = markdown.renderer.render(tokens, markdown.options, {})
    index = f"<p><a href='{GUIDES_PATH}'>Clients</a> · <a href='/docs'>API</a></p>"
    return plain_page(title[1] if title else "Clients", f"{index}{shown}")


def _route(path: str, page: bytes) -> Route:
    async def shown(_: Request) -> Response:
        return page_answer(page)

    return Route(path, shown)


def _linked(children: Sequence[Token]) -> list[Token]:
    """Links within the pages lead to their addresses; those to elsewhere in the project are text."""
    kept, is_open = list[Token](), True
    for token in children:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""))
            is_open = address is not None
            if address is not None:
                token.attrSet("href", address)
        if token.type in {"link_open", "link_close"} and not is_open:
            continue
        kept.append(token)
    return kept


def _address(href: str) -> str | None:
    if href.startswith("https://"):
        return href
    found = _OTHER.fullmatch(href)
    if found is None:
        return None
    if found[1] == _INDEX:
        return GUIDES_PATH
    return GUIDES[found[1]].path if found[1] in GUIDES else None
