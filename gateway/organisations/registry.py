"""The dated registry: which organisations there are, and which areas follow from one on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from gateway.model.codes import CodeList
from gateway.model.label import Label
from gateway.model.organisation import EMPTY_SCOPE, Organisation, OrganisationKind, Scope
from gateway.organisations.geography import geography
from gateway.organisations.tables import (
    Municipality,
    Named,
    load_abolished,
    load_areas,
    load_ely_centres,
    load_evk_centres,
    load_municipalities,
)

# The services moved to the employment areas on this day. Of what was before, the registry knows
# nothing, so that nobody has a scope then.
REGISTRY_BEGINS = date(2025, 1, 1)
ELY_LAST_DAY = date(2025, 12, 31)
EVK_FIRST_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Registry:
    """Organisations by registry code, and the map of the country.

    areas: two-digit area code → label; municipalities: three-digit code → label, all 308.
    """

    areas: Mapping[str, Label]
    municipalities: Mapping[str, Label]
    _organisations: Mapping[str, Organisation]
    _scopes: Mapping[str, Scope]
    _area_of: Mapping[str, str]
    _successors: Mapping[str, str]

    def find(self, code: str) -> Organisation | None:
        """The organisation of a registry code, whatever its validity; None when there is none."""
        return self._organisations.get(code)

    def scope(self, code: str, on: date) -> Scope:
        """Where an organisation may act on a day; empty when it is unknown or not valid that day.

        A municipality and its area authority: the whole employment area. An ELY or EVK centre:
        exactly its own municipalities, and as `areas` those with at least one municipality in it,
        so an area that crosses the border is in two scopes while its municipalities are not.
        TEM, KEHA and the municipalities of Åland: empty.
        """
        organisation = self._organisations.get(code)
        if organisation is None or not organisation.is_valid(on):
            return EMPTY_SCOPE
        return self._scopes.get(code, EMPTY_SCOPE)

    def area_of(self, municipality: str) -> str | None:
        """The employment area of a municipality of today; None for Åland and unknown codes."""
        return self._area_of.get(municipality)

    def municipalities_of_area(self, area: str) -> frozenset[str]:
        """The members of an area; empty for an unknown code."""
        scope = self._scopes.get(f"TA{area}", EMPTY_SCOPE)
        return scope.municipalities

    def current_municipality(self, code: str) -> str | None:
        """The code in force: an abolished one's successor, a valid one itself, unknown None."""
        return code if code in self.municipalities else self._successors.get(code)

    def geography(self) -> CodeList:
        """The geography dimension as a code list; see `gateway.organisations.geography`."""
        return geography()


def load_registry() -> Registry:
    """The registry from the tables in the package."""
    municipalities = load_municipalities()
    areas = load_areas()
    area_of = {place.code: place.area for place in municipalities if place.area is not None}
    organisations = (
        *_municipality_organisations(municipalities),
        *_organisations(areas, prefix="TA", kind=OrganisationKind.EMPLOYMENT_AUTHORITY),
        *_organisations(
            load_ely_centres(), prefix="ELY", kind=OrganisationKind.ELY, valid_to=ELY_LAST_DAY
        ),
        *_organisations(
            load_evk_centres(), prefix="EVK", kind=OrganisationKind.EVK, valid_from=EVK_FIRST_DAY
        ),
        *_national_organisations(),
    )
    return Registry(
        areas=MappingProxyType({area.code: area.label for area in areas}),
        municipalities=MappingProxyType({place.code: place.label for place in municipalities}),
        _organisations=MappingProxyType({entry.code: entry for entry in organisations}),
        _scopes=MappingProxyType(_scopes(municipalities)),
        _area_of=MappingProxyType(area_of),
        _successors=MappingProxyType({gone.code: gone.successor for gone in load_abolished()}),
    )


def _organisations(
    members: tuple[Named, ...],
    *,
    prefix: str,
    kind: OrganisationKind,
    valid_from: date = REGISTRY_BEGINS,
    valid_to: date | None = None,
) -> Iterator[Organisation]:
    for member in members:
        yield Organisation(prefix + member.code, kind, member.label, valid_from, valid_to)


def _municipality_organisations(municipalities: tuple[Municipality, ...]) -> Iterator[Organisation]:
    for place in municipalities:
        yield Organisation(
            code=f"KU{place.code}",
            kind=OrganisationKind.MUNICIPALITY,
            label=place.label,
            valid_from=REGISTRY_BEGINS,
            valid_to=None,
        )


def _national_organisations() -> tuple[Organisation, ...]:
    """Without a scope of their own: TEM's access is a policy switch, KEHA's people are auditors."""
    ministry = Label(
        fi="Työ- ja elinkeinoministeriö",
        sv="Arbets- och näringsministeriet",
        en="Ministry of Economic Affairs and Employment",
    )
    keha = Label(fi="KEHA-keskus", sv="KEHA-centret", en="KEHA Centre")
    return (
        Organisation("TEM", OrganisationKind.TEM, ministry, REGISTRY_BEGINS, None),
        Organisation("KEHA", OrganisationKind.KEHA, keha, REGISTRY_BEGINS, None),
    )


def _scopes(municipalities: tuple[Municipality, ...]) -> dict[str, Scope]:
    """Registry code → scope, for every organisation that has one."""
    groups: dict[str, list[Municipality]] = {}
    for place in municipalities:
        for code in _territories(place):
            groups.setdefault(code, []).append(place)
    scopes = {code: _scope(members) for code, members in groups.items()}
    for place in municipalities:
        if place.area is not None:
            scopes[f"KU{place.code}"] = scopes[f"TA{place.area}"]
    return scopes


def _territories(place: Municipality) -> Iterator[str]:
    if place.area is not None:
        yield f"TA{place.area}"
    if place.ely is not None:
        yield f"ELY{place.ely}"
    if place.evk is not None:
        yield f"EVK{place.evk}"


def _scope(members: list[Municipality]) -> Scope:
    return Scope(
        areas=frozenset(place.area for place in members if place.area is not None),
        municipalities=frozenset(place.code for place in members),
    )
