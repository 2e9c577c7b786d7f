"""Templates → pages, with a content security policy of their own: one style, no script, nothing foreign."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import Response
from starlette.types import Scope

from gateway.encoding.heading import LANGUAGES
from gateway.model.label import Label
from gateway.surfaces.html.texts import SHARED
from gateway.surfaces.inbound import header, inbound_of

_SHARED = "gateway.surfaces.html"


class Pages:
    """The templates of one surface over the shared ones, with its own words and its own style.

    package: of the surface; its `templates` may have a `style.css`, which comes after the shared one.
    """

    def __init__(self, package: str, texts: Mapping[str, Label]) -> None:
        self._texts = {**SHARED, **texts}
        self._style = "".join(_styles(_SHARED, package))
        self._style_hash = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._pages = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self,
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
        page = self._pages.get_template(template).render(
            shown,
            language=language,
            languages=LANGUAGES,
            path=scope["path"],
            style=self._style,
            text=lambda name: self._texts[name].in_language(language),
        )
        headers = {
            "content-security-policy": _policy(self._style_hash, form_target),
            "content-language": language,
            "cache-control": "no-store",
            "vary": "Accept-Language, Cookie",
        }
        return Response(page, status, media_type="text/html", headers=headers)


def _styles(*packages: str) -> Iterator[str]:
    for package in packages:
        path = files(package) / "templates" / "style.css"
        if path.is_file():
            yield path.read_text(encoding="utf-8")


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


def _policy(style_hash: str, form_target: str | None) -> str:
    target = urlsplit(form_target) if form_target else None
    beyond = f" {target.scheme}://{target.netloc}" if target else ""
    return (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self'{beyond}; style-src 'sha256-{style_hash}'"
    )
