"""The pages of docs/ that are served: the interface in words, and how to read with the programs that people have.

A closed list. They hold nobody's data, and are read without a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gateway.model.product import ProductKind

DOCS_PATH = "/docs"
GUIDES_PATH = f"{DOCS_PATH}/clients"
_EITHER = frozenset(ProductKind)


@dataclass(frozen=True, slots=True)
class Page:
    """file: below docs/, without its ending."""

    path: str
    file: str
    title: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A page about a program. name: of its file and its address; title: the program's own name; kinds: of products that it reads."""

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
PAGES: Sequence[Page] = (
    Page(f"{DOCS_PATH}/api", "api", "The interface in words"),
    Page(f"{DOCS_PATH}/pull", "pull", "jakelu pull"),
    Page(GUIDES_PATH, "clients/README", "Clients"),
    *(Page(each.path, f"clients/{each.name}", each.title) for each in GUIDES.values()),
)
PAGE_PATHS = frozenset(each.path for each in PAGES)


def guides_for(kind: ProductKind) -> Sequence[Guide]:
    return [each for each in GUIDES.values() if kind in each.kinds]
