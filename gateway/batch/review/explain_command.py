"""From the options of `jakelu policy explain` to what is printed."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.batch.report_format import Format, is_json
from gateway.batch.review.callers import TOKEN_BYTES_MAX, TokenRead, read_token
from gateway.batch.review.explain import Asked, CallerAsked, answer
from gateway.batch.review.explain_text import explained_json, print_explained
from gateway.batch.review.house import load_house
from gateway.errors import BadParameter
from gateway.model.days import helsinki_day


def explain_ruling(
    who: CallerAsked | Path,
    *,
    product: str,
    area: str | None,
    purpose: str | None,
    on: date | None,
    folders: tuple[Path, Path],
    printed: tuple[Format, str],
) -> bool:
    """Print the ruling; gives whether it is a permit.

    who: a caller, or the file of a token (`-`: standard input). on: None for today in Helsinki.
    folders: of products and of policies. printed: form and language. Raises GatewayError when there is
    nothing to rule on.
    """
    form, language = printed
    asked = Asked(
        who=_read(who) if isinstance(who, Path) else who,
        product=product,
        area=area,
        purpose=purpose,
        on=on or helsinki_day(SystemClock().now()),
    )
    told = answer(load_house(*folders), asked)
    if is_json(form, sys.stdout):
        print(explained_json(told, language))  # noqa: T201
    else:
        print_explained(told, language)
    return told.explanation.is_permitted


def _read(path: Path) -> TokenRead:
    try:
        if str(path) == "-":
            return read_token(sys.stdin.read(TOKEN_BYTES_MAX + 1))
        with path.open(encoding="ascii") as file:
            return read_token(file.read(TOKEN_BYTES_MAX + 1))
    except (OSError, UnicodeDecodeError):
        raise BadParameter("The file cannot be read.", parameter="token") from None
