"""The how-to pages for the programs that people have: which there are, and for which products. They hold nobody's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.model.product import ProductKind

GUIDES_PATH = "/docs/clients"
_EITHER = frozenset(ProductKind)


@dataclass(frozen=True, slots=True)
class Guide:
    """A page. name: of its file and its address; title: the program's own name; kinds: of products that it reads."""

    name: str
    title: str
    kinds: frozenset[ProductKind] = _EITHER

    @property
    def path(self) -> str:
        return f"{GUIDES_PATH}/{self.name}"


GUIDES: Mapping[str, Guide] = MappingProxyType(
    {
        each.name: each
        for each in (
            Guide("power-bi", "Power BI"),
            Guide("excel", "Excel"),
            Guide("qlik", "Qlik"),
            Guide("r", "R"),
            Guide("python", "Python"),
            Guide("duckdb", "DuckDB"),
            Guide("curl", "curl"),
            Guide("delta-sharing", "Delta Sharing", frozenset({ProductKind.ROWS})),
        )
    }
)
GUIDE_PATHS = frozenset({GUIDES_PATH, *(each.path for each in GUIDES.values())})


def guides_for(kind: ProductKind) -> Sequence[Guide]:
    return [each for each in GUIDES.values() if kind in each.kinds]
