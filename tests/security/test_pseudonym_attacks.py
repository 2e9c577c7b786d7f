"""Pseudonyms of releases that were really published: linked by nobody, and guessed by nobody.

`BRUTE_FORCE=all` tries every artificial identity code of 75 years and two million internal ids, which
takes a quarter of an hour; without it a numbered sample of the days is tried.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from gateway.adapters.keys_file import FileKeys
from gateway.batch import pseudonyms as commands
from gateway.organisations import load_registry
from gateway.ports import PseudonymDomain
from gateway.protection.pseudonym import pseudonyms
from gateway.upkeep.crosswalk import CrosswalkRequest, make_crosswalk

_CONFTEST = Path(__file__).parents[1] / "unit" / "upkeep" / "conftest.py"
_spec = importlib.util.spec_from_file_location("pseudonym_office", _CONFTEST)
_OFFICE = importlib.util.module_from_spec(_spec)
sys.modules["pseudonym_office"] = _OFFICE
_spec.loader.exec_module(_OFFICE)
model_office = _OFFICE.model_office

BIRTHS = range(date(1935, 1, 1).toordinal(), date(2010, 1, 1).toordinal())
FIRST, MOVED, ROTATED = "2026-06-30.1", "2026-06-30.2", "2026-06-30.3"
HERE, THERE = "39", load_registry().area_of("091")
FAMILY, PURPOSE = "employment", "employment-service-management"
GUESSED_KEYS = (
    *(b"", bytes(32), b"jakelu", b"secret", b"2026", b"39", b"pid\0"),
    f"v1|{HERE}|{FAMILY}|{PURPOSE}|2026".encode(),
    b"v1|epoch|2026",
)
CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


@dataclass(frozen=True)
class Town:
    """Three releases: as it was; after half of area 39 moved to Helsinki; and in the next epoch."""

    office: _OFFICE.Office

    def held(self, area: str, release: str) -> set[str]:
        return self.office.held(area, release)

    def persons(self, area: str, release: str, epoch: str) -> dict[int, str]:
        """Whose pseudonyms a slice holds, which only the keys tell."""
        keys = FileKeys(self.office.layout.keys)
        key = keys.domain_key(PseudonymDomain(area, FAMILY, PURPOSE), epoch=epoch)
        ids = self.ids()
        made = pseudonyms(np.array(ids), key).to_pylist()
        held = self.held(area, release)
        return {person: text for person, text in zip(ids, made, strict=True) if text in held}

    def ids(self) -> list[int]:
        rows = self._read("SELECT DISTINCT henkilo_id FROM atmt.henkilo ORDER BY 1")
        return [person for (person,) in rows]

    def identity_codes(self) -> list[str]:
        found = "SELECT henkilotunnus FROM atmt.henkilo WHERE henkilotunnus IS NOT NULL"
        return [code for (code,) in self._read(found)]

    def _read(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.office.layout.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def town(model_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Town:
    office = _OFFICE.own_office.__wrapped__(model_office, tmp_path_factory.mktemp("town"))
    places = load_registry().municipalities_of_area(HERE)
    listed = ", ".join(f"'{place}'" for place in sorted(places))
    office.sql(
        f"UPDATE atmt.henkilo SET kotikunta = '091' "
        f"WHERE kotikunta IN ({listed}) AND hash(henkilo_id) % 2 = 0"
    )
    office.publish()
    FileKeys(office.layout.keys).start_epoch("2027", new_root=False)
    office.publish()
    return Town(office)


# --- linking -------------------------------------------------------------------------------------


def test_who_lived_in_two_areas_has_no_pseudonym_in_common(town):
    before = town.persons(HERE, FIRST, "2026")
    after = town.persons(THERE, MOVED, "2026")
    lived_in_both = before.keys() & after.keys()
    assert len(lived_in_both) > 100
    assert not town.held(HERE, FIRST) & town.held(THERE, MOVED)
    assert not any(before[person] == after[person] for person in lived_in_both)


@pytest.mark.parametrize("release", [FIRST, MOVED, ROTATED])
def test_no_two_areas_of_a_release_have_a_pseudonym_in_common(town, release):
    slices = [town.held(area, release) for area in load_registry().areas]
    assert sum(map(len, slices)) > 3000
    assert not any(one & other for one, other in combinations(slices, 2))


def test_the_same_areas_next_release_has_the_same_pseudonyms(town):
    before, after = town.persons(HERE, FIRST, "2026"), town.persons(HERE, MOVED, "2026")
    stayed = before.keys() & after.keys()
    assert len(stayed) > 100
    assert all(before[person] == after[person] for person in stayed)
    assert town.held(HERE, MOVED) <= town.held(HERE, FIRST)


def test_the_next_epoch_has_others(town):
    for area in load_registry().areas:
        assert not town.held(area, MOVED) & town.held(area, ROTATED)
    before, after = town.persons(HERE, MOVED, "2026"), town.persons(HERE, ROTATED, "2027")
    assert before.keys() == after.keys()


def test_the_crosswalk_leads_from_each_pseudonym_to_its_own(town, monkeypatch):
    written: list[bytes] = []
    asked = CrosswalkRequest(
        area=HERE,
        family=FAMILY,
        purpose=PURPOSE,
        epoch_before="2026",
        epoch="2027",
        product="job-seeker-spells",
        release=MOVED,
        case_ref="KEHA/1/2026",
        organisation=f"TA{HERE}",
    )
    monkeypatch.setattr(commands, "SystemClock", _OFFICE.Clock)
    settings = town.office.settings
    with commands.open_desk(settings) as desk, commands.open_register(settings) as register:
        make_crosswalk(asked, written.append, desk=desk, register=register)
    table = pq.read_table(BytesIO(written[0]))
    led = dict(zip(*(table.column(name).to_pylist() for name in ("old", "new")), strict=True))
    assert led.keys() == town.held(HERE, MOVED)
    assert set(led.values()) == town.held(HERE, ROTATED)
    before, after = town.persons(HERE, MOVED, "2026"), town.persons(HERE, ROTATED, "2027")
    assert led == {text: after[person] for person, text in before.items()}


# --- guessing ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def targets(town) -> set[bytes]:
    """Every pseudonym of three releases, as the 16 bytes of digest that its first letters hold."""
    areas = load_registry().areas
    texts = {
        t for area in areas for release in (FIRST, MOVED, ROTATED) for t in town.held(area, release)
    }
    assert len(texts) > 5000
    return {digest_of(text) for text in texts}


def test_no_identity_code_without_the_key_is_a_pseudonym(targets, campaign):
    days = BIRTHS if campaign.tries_every_code else BIRTHS[::389]
    tried, found = attack(artificial_codes(days), targets)
    assert tried == len(days) * 600
    assert found == set()


def test_not_even_the_registers_own_identity_codes_are_found(town, targets):
    tried, found = attack((code.encode() for code in town.identity_codes()), targets)
    assert tried > 3000
    assert found == set()


def test_no_internal_id_without_the_key_is_a_pseudonym(targets, campaign):
    ids = 2_000_001 if campaign.tries_every_code else 60_001
    tried, found = attack((b"%d" % person for person in range(ids)), targets)
    assert (tried, found) == (ids, set())


def test_not_even_the_registers_own_ids_are_found(town, targets):
    tried, found = attack((b"%d" % person for person in town.ids()), targets)
    assert tried > 3000
    assert found == set()


def test_the_same_attack_finds_everybody_where_pseudonyms_are_plain_hashes(town):
    codes = [code.encode() for code in town.identity_codes()][:2000]
    plain = {digest_of(text_of(hashlib.sha256(code).digest())) for code in codes}
    assert attack(codes, plain)[1] == plain
    ids = [b"%d" % person for person in town.ids()[:2000]]
    badly_keyed = {digest_of(text_of(keyed(b"jakelu", b"pid\0")(one))) for one in ids}
    assert attack(ids, badly_keyed)[1] == badly_keyed


def test_the_codes_that_are_tried_are_those_of_the_register(town):
    codes = town.identity_codes()[:300]
    for code in codes:
        day = int(code[:2]), int(code[2:4]), int(code[4:6])
        century = 1900 if code[6] in "-YXWVU" else 2000
        ordinal = date(century + day[2], day[1], day[0]).toordinal()
        assert code.encode() in set(artificial_codes([ordinal]))


def artificial_codes(days: Iterable[int]) -> Iterator[bytes]:
    """Every identity code with an individual number of 900 to 999, in all six signs of its century."""
    for ordinal in days:
        day = date.min + timedelta(days=ordinal - 1)
        digits = f"{day:%d%m%y}"
        signs = "-YXWVU" if day.year < 2000 else "ABCDEF"
        for number in range(900, 1000):
            check = CHECK[int(f"{digits}{number}") % 31]
            for sign in signs:
                yield f"{digits}{sign}{number}{check}".encode()


def attack(candidates: Iterable[bytes], targets: set[bytes]) -> tuple[int, set[bytes]]:
    """How many were tried, and what was found, by every hash that an outsider can compute."""
    hashes = (
        lambda text: hashlib.sha256(text).digest(),
        lambda text: hashlib.sha256(b"pid\0" + text).digest(),
        *(keyed(key, prefix) for key in GUESSED_KEYS for prefix in (b"pid\0", b"")),
    )
    tried, found = 0, set[bytes]()
    for text in candidates:
        tried += 1
        for digest in hashes:
            if (start := digest(text)[:16]) in targets:
                found.add(start)
    return tried, found


def keyed(key: bytes, prefix: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 of a prefix and a text (RFC 2104), its two keyed states made once."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + prefix)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def digest(text: bytes) -> bytes:
        within, without = inner.copy(), outer.copy()
        within.update(text)
        without.update(within.digest())
        return without.digest()

    return digest


def text_of(digest: bytes) -> str:
    return base64.b32encode(digest)[:26].decode()


def digest_of(pseudonym: str) -> bytes:
    """The first 16 bytes of the digest: comparing them is comparing the letters, and quicker."""
    return base64.b32decode(pseudonym + "A" * 6)[:16]
