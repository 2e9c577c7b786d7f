"""The table of docs/clients/README.md: which client read which product, as the tests saw it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_TABLE = re.compile(r"(?<=<!-- clients -->\n).*?(?=<!-- /clients -->)", flags=re.DOTALL)
NOTHING = "–"


@dataclass(slots=True)
class Record:
    """What came of each client with each product; products: their kinds by their ids."""

    products: Mapping[str, str]
    results: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, client: str, product: str, result: str) -> None:
        self.results[client, product] = result

    def table(self, roads: Mapping[str, str], page: str) -> str:
        """roads: what each client reads by. page: with the table that is committed, of which the rows of clients that did not run stay."""
        names = list(self.products)
        kinds = [f"`{name}` ({self.products[name]})" for name in names]
        lines = [_line(["Client", "By", *kinds]), _line(["---"] * (len(names) + 2))]
        stays = {line.split("|")[1].strip(): line for line in committed(page).splitlines()}
        for client, road in roads.items():
            cells = [self.results.get((client, name), NOTHING) for name in names]
            did_run = any(cell != NOTHING for cell in cells)
            lines.append(_line([client, road, *cells]) if did_run else stays.get(client, ""))
        return "".join(f"{line}\n" for line in lines if line)


def committed(page: str) -> str:
    found = _TABLE.search(page)
    if found is None:
        raise ValueError("the page has no place for the table")
    return found[0]


def with_table(page: str, table: str) -> str:
    return _TABLE.sub(lambda _: table, page)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
