"""Templates → pages, with a content security policy of their own: one style, no script, nothing foreign."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response
from starlette.types import Scope

from gateway.encoding.heading import LANGUAGES
from gateway.surfaces.inbound import header, inbound_of
from gateway.surfaces.portal.texts import TEXTS

_STYLE = (files("gateway.surfaces.portal") / "templates" / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGES = Environment(
    loader=PackageLoader("gateway.surfaces.portal"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    template: str,
    scope: Scope,
    shown: Mapping[str, object],
    *,
    status: int = 200,
    form_target: str | None = None,
) -> Response:
    """A page in the language of the request.

    form_target: where a form's answer may send the browser besides us, an address of the provider.
    """
    language = language_of(scope)
    page = _PAGES.get_template(template).render(
        shown,
        language=language,
        languages=LANGUAGES,
        path=scope["path"],
        style=_STYLE,
        text=lambda name: TEXTS[name].in_language(language),
    )
    headers = {
        "content-security-policy": _policy(form_target),
        "content-language": language,
        "cache-control": "no-store",
        "vary": "Accept-Language, Cookie",
    }
    return Response(page, status, media_type="text/html", headers=headers)


def language_of(scope: Scope) -> str:
    """`?lang=` first, then `Accept-Language` (RFC 9110 section 12.5.4), else Finnish."""
    asked = inbound_of(scope).parameters.get("lang")
    if asked in LANGUAGES:
        return asked
    wishes = [_wish(part) for part in (header(scope, b"accept-language") or "").split(",")]
    known = [(weight, name) for name, weight in wishes if name in LANGUAGES and weight > 0]
    return max(known, key=lambda wish: wish[0])[1] if known else LANGUAGES[0]


def _wish(part: str) -> tuple[str, float]:
    """`sv-FI;q=0.8` → sv, 0.8; a malformed weight counts as zero."""
    tag, _, parameter = part.strip().lower().partition(";")
    name, weight = tag.split("-")[0].strip(), parameter.strip().removeprefix("q=") or "1"
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0


def _policy(form_target: str | None) -> str:
    target = urlsplit(form_target) if form_target else None
    beyond = f" {target.scheme}://{target.netloc}" if target else ""
    return (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self'{beyond}; style-src 'sha256-{_STYLE_HASH}'"
    )
