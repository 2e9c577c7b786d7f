"""Public pages for people: one style of their own, no script, and nothing that is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from gateway.encoding.formats import HTML
from gateway.surfaces.public_document import PublicDocument

_PACKAGE = "gateway.surfaces.ops"
_STYLE = (files(_PACKAGE) / "templates" / "style.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{_HASH}'"
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def plain_page(template: str, *, title: str, **shown: object) -> PublicDocument:
    """shown: what the template knows. Its filter `inline` reads Markdown of one line, raw HTML excepted."""
    pages = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["inline"] = _inline
    text = pages.get_template(template).render(title=title, style=_STYLE, **shown)
    return PublicDocument(text.encode(), HTML, {"content-security-policy": _POLICY})


def _inline(text: str) -> Markup:
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 - it escapes all but its own
