"""From the config and /v1/me to one address and one place for each download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.pull.config import SUFFIX, AreaCode, Config, Dimension, ProductId, Wanted
from gateway.pull.faults import ConfigFault, NotTheGateway, Refused

ROWS, CUBE = "read_rows", "read_cube"
KINDS = {"rows": ROWS, "cube": CUBE}
EVERY = "*"


class _Told(BaseModel):
    """A part of another's document: members that are not needed here may come and go."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Area(_Told):
    code: AreaCode


class Access(_Told):
    product: ProductId
    action: str
    permitted: bool
    missing: str | None = None


class _Product(_Told):
    kind: Literal["rows", "cube"]


class _Dimension(_Told):
    name: Dimension


class _Cube(_Told):
    dimensions: tuple[_Dimension, ...]


class Me(_Told):
    """What of /v1/me is needed here."""

    areas: tuple[Area, ...]
    products: tuple[Access, ...]

    @property
    def area_codes(self) -> list[str]:
        return [area.code for area in self.areas]

    def action_on(self, product: str) -> str | None:
        """None when the product is not listed to the caller, or does not exist."""
        found = (each.action for each in self.products if each.product == product)
        return next((action for action in found if action in KINDS.values()), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """One file to fetch. action: None until it is asked for. area: of rows."""

    wanted: Wanted
    action: str | None
    area: str | None

    def path(self, out: Path) -> Path:
        name = (self.wanted.name or self.wanted.product) + SUFFIX[self.wanted.format]
        return out / self.wanted.product / (self.area or "all") / name

    @property
    def is_whole_cube(self) -> bool:
        return self.action == CUBE and self.wanted.select is None


def read_me(document: object) -> Me:
    """Raises NotTheGateway."""
    try:
        return Me.model_validate(document)
    except ValidationError:
        raise NotTheGateway("/v1/me answers something else than who the caller is.") from None


def wishes_of(config: Config, me: Me) -> Sequence[Wish]:
    """Every file that the config asks for. Raises ConfigFault, Refused (nothing may be had)."""
    wishes = [wish for wanted in _wanted(config, me) for wish in _of_areas(wanted, me)]
    if not wishes:
        reasons = {each.missing for each in me.products if each.missing}
        raise Refused(
            "You may have no product now. "
            + (" ".join(sorted(reasons)) or "None is listed to you.")
        )
    taken: dict[Path, Wish] = {}
    for wish in wishes:
        path = wish.path(Path())
        if path in taken:
            raise ConfigFault(f"Two downloads have the file {path}; give one of them a name.")
        taken[path] = wish
    return wishes


def address_of(wish: Wish, dimensions: Sequence[str]) -> str:
    """The path and query to ask. dimensions: of the cube, when the whole of it is wanted."""
    wanted = wish.wanted
    query: dict[str, str] = {"format": wanted.format}
    if wish.action == ROWS:
        path = f"/v1/rows/{wanted.product}"
        query |= _given(
            area=wish.area, columns=_list(wanted.columns), municipality=_list(wanted.municipality)
        )
    else:
        path = f"/v1/cubes/{wanted.product}/data"
        if wish.is_whole_cube:
            query |= dict.fromkeys(dimensions, EVERY)
        for name, codes in (wanted.select or {}).items():
            query[name] = ",".join(codes)
        query |= _given(lang=wanted.lang)
    query |= _given(purpose=wanted.purpose)
    return f"{path}?{urlencode(query, safe=',*')}"


def check_kind(wish: Wish) -> None:
    """Raises ConfigFault where keys of rows stand at a cube, or the other way round.

    The gateway would not know them; or worse, a cube would take a key of rows for a dimension.
    """
    wanted = wish.wanted
    if wish.action == CUBE and (wanted.area or wanted.columns or wanted.municipality):
        raise ConfigFault(
            f"{wanted.product} is a cube: area, columns and municipality are for rows; use select."
        )
    if wish.action == ROWS and (wanted.select is not None or wanted.lang):
        raise ConfigFault(f"{wanted.product} has rows: select and lang are for cubes.")


def action_told(document: object) -> str:
    """From /v1/products/{id}. Raises NotTheGateway."""
    try:
        return KINDS[_Product.model_validate(document).kind]
    except ValidationError:
        raise NotTheGateway("The product's kind is neither rows nor cube.") from None


def dimensions_told(document: object) -> list[str]:
    """Names of a cube's dimensions, from /v1/cubes/{id}. Raises NotTheGateway."""
    try:
        return [each.name for each in _Cube.model_validate(document).dimensions]
    except ValidationError:
        raise NotTheGateway("The cube's dimensions are not told.") from None


def _wanted(config: Config, me: Me) -> Sequence[Wanted]:
    if config.products is None:
        return config.download
    return [
        Wanted(product=each.product)
        for each in me.products
        if each.permitted and me.action_on(each.product)
    ]


def _of_areas(wanted: Wanted, me: Me) -> Sequence[Wish]:
    """Rows without an area are wanted of every own one; who has none hears why from the gateway."""
    action = me.action_on(wanted.product)
    if action != ROWS or wanted.area is not None:
        return [Wish(wanted, action, wanted.area)]
    return [Wish(wanted, action, code) for code in me.area_codes] or [Wish(wanted, action, None)]


def _given(**values: str | None) -> Mapping[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _list(values: Sequence[str] | None) -> str | None:
    return None if values is None else ",".join(values)
