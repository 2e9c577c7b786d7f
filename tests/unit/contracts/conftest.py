from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.contracts import Fault, check_contracts
from gateway.model.codes import Code, CodeList
from gateway.model.label import Label

PRODUCTS = Path(__file__).parents[3] / "products"


@dataclass(frozen=True)
class Workshop:
    """A folder with the real code lists and those of the real contracts that a test touches."""

    folder: Path
    registry_lists: Mapping[str, CodeList]

    def text(self, name: str) -> str:
        path = self.folder / name
        if not path.exists():
            shutil.copy(PRODUCTS / name, path)
        return path.read_text("utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence; the test is wrong when there is none."""
        before = self.text(name)
        if old not in before:
            raise LookupError(f"{name} has no {old!r}")
        (self.folder / name).write_text(before.replace(old, new, 1), "utf-8")

    def change_all(self, name: str, old: str, new: str) -> None:
        """Replace every occurrence."""
        (self.folder / name).write_text(self.text(name).replace(old, new), "utf-8")

    def faults(self, tested_products: frozenset[str] | None = None) -> tuple[Fault, ...]:
        return check_contracts(
            self.folder, registry_lists=self.registry_lists, tested_products=tested_products
        )

    def line(self, name: str, text: str) -> int:
        """The line, from 1, of the first occurrence of a text."""
        return self.text(name)[: self.text(name).index(text)].count("\n") + 1

    def expect(self, name: str, at: str, message: str, remedy: str) -> None:
        """One of the faults stands at the line of the text `at`, and says this."""
        wanted = (str(self.folder / name), self.line(name, at))
        here = [f for f in self.faults() if (f.file, f.line) == wanted]
        texts = [f"{f.message} | {f.remedy}" for f in here]
        assert any(message in f.message and remedy in f.remedy for f in here), (
            texts or [str(f) for f in self.faults()],
            wanted,
        )


@pytest.fixture(scope="session")
def registry_lists() -> dict[str, CodeList]:
    """A geography of one area, Åland and the unknown municipality, shaped as the registry's."""
    label = Label("x", "x", "x")
    codes = (
        Code("SSS", label, "country"),
        Code("MK06", label, "region", ("SSS",)),
        Code("MK21", label, "region", ("SSS",)),
        Code("EVK04", label, "evk", ("SSS",)),
        Code("TA39", label, "area", ("SSS",)),
        Code("KU837", label, "municipality", ("MK06", "EVK04", "TA39")),
        Code("KU478", label, "municipality", ("MK21",)),
        Code("KUXXX", label, "municipality", ("SSS",)),
    )
    return {"geography": CodeList("geography", label, codes)}


@pytest.fixture
def workshop(tmp_path: Path, registry_lists: dict[str, CodeList]) -> Workshop:
    for folder in ("codelists", "sources"):
        shutil.copytree(PRODUCTS / folder, tmp_path / "products" / folder)
    return Workshop(tmp_path / "products", registry_lists)
