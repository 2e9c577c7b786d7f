"""Products as a catalogue of DCAT-AP 3: https://semiceu.github.io/DCAT-AP/releases/3.0.0/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.encoding.heading import LANGUAGES
from gateway.model.label import Label
from gateway.model.product import Product
from gateway.model.release import Manifest
from gateway.surfaces.rest.dcat_doors import Doors, contract_id, dataset_id, distributions, services
from gateway.surfaces.rest.dcat_vocabulary import (
    CONTEXT,
    FINLAND,
    POPULATION_AND_SOCIETY,
    THEMES,
    Node,
    access_rights,
    frequency,
    languages,
    texts,
)

_TITLE = Label("Jakelun tietotuotteet", "Dataprodukter i Jakelu", "Data products of Jakelu")
_DESCRIPTION = Label(
    "Työllisyys- ja kotoutumispalvelujen tietotuotteet, joiden olemassaolo näytetään kysyjälle.",
    "De dataprodukter om sysselsättnings- och integrationstjänster vars existens visas för den som frågar.",
    "The data products of the employment and integration services whose existence is shown to whoever asks.",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A product, and its releases that can be served, newest first."""

    product: Product
    releases: Sequence[Manifest]


def catalog_document(listed: Sequence[Listed], *, publisher: Label, doors: Doors) -> Node:
    """publisher: who keeps the installation."""
    agent = {
        "@id": f"{doors.public_url}/v1/catalog#publisher",
        "@type": "foaf:Agent",
        "foaf:name": texts(publisher),
    }
    products = [each.product for each in listed]
    return {
        "@context": dict(CONTEXT),
        "@id": f"{doors.public_url}/v1/catalog",
        "@type": "dcat:Catalog",
        "dcterms:title": texts(_TITLE),
        "dcterms:description": texts(_DESCRIPTION),
        "dcterms:publisher": agent,
        "dcterms:language": languages(),
        "dcterms:spatial": FINLAND,
        "dcat:themeTaxonomy": THEMES,
        "dcat:contactPoint": _contact(publisher, doors),
        "dcat:service": services(doors, products),
        "dcat:dataset": [_dataset(each, doors) for each in listed],
    }


def _dataset(listed: Listed, doors: Doors) -> Node:
    product, own = listed.product, dataset_id(listed.product, doors)
    return {
        "@id": own,
        "@type": "dcat:Dataset",
        "dcterms:identifier": product.id,
        "dcterms:title": texts(product.title),
        "dcterms:description": texts(product.description),
        "dcterms:publisher": {"@id": f"{doors.public_url}/v1/catalog#publisher"},
        "dcat:contactPoint": {"@id": f"{doors.public_url}/v1/catalog#contact"},
        "dcterms:language": languages(),
        "dcterms:spatial": FINLAND,
        "dcterms:accrualPeriodicity": frequency(product.cadence),
        "dcterms:accessRights": access_rights(product.classification),
        "dcat:theme": POPULATION_AND_SOCIETY,
        "dcat:keyword": _keywords(product),
        "dcterms:conformsTo": {"@id": contract_id(product, doors), "@type": "dcterms:Standard"},
        "foaf:page": {"@id": f"{own}/releases", "@type": "foaf:Document"},
        "dcat:distribution": distributions(product, doors),
        **_release_terms(listed),
    }


def _contact(publisher: Label, doors: Doors) -> Node:
    return {
        "@id": f"{doors.public_url}/v1/catalog#contact",
        "@type": ["vcard:Kind", "vcard:Organization"],
        "vcard:fn": publisher.fi,
        "vcard:hasURL": {"@id": f"{doors.public_url}/docs"},
    }


def _keywords(product: Product) -> Mapping[str, Sequence[str]]:
    """What its columns, dimensions and measures are called; each word once."""
    labels: list[Label] = []
    if product.rows is not None:
        labels += [each.label for each in product.rows.columns if each.is_delivered]
    if product.cube is not None:
        labels += [each.label for each in (*product.cube.dimensions, *product.cube.measures)]
    return {
        each: list(dict.fromkeys(label.in_language(each) for label in labels)) for each in LANGUAGES
    }


def _release_terms(listed: Listed) -> Node:
    """The newest release, and what time it tells of; nothing before there is one."""
    if not listed.releases:
        return {}
    newest, oldest = listed.releases[0], listed.releases[-1]
    return {
        "dcat:version": str(newest.release),
        "dcterms:issued": oldest.created_utc,
        "dcterms:modified": newest.created_utc,
        "dcterms:temporal": _period(listed.product, newest, oldest),
    }


def _period(product: Product, newest: Manifest, oldest: Manifest) -> Node:
    """The months of a cube that has some; else the days of which there are releases."""
    dimensions = product.cube.dimensions if product.cube is not None else ()
    months = next((each.months for each in dimensions if each.months is not None), None)
    start, end = oldest.release.as_of, newest.release.as_of
    if months is not None:
        start, end = _whole_months(end, months)
    return {
        "@type": "dcterms:PeriodOfTime",
        "dcat:startDate": start.isoformat(),
        "dcat:endDate": end.isoformat(),
    }


def _whole_months(as_of: date, count: int) -> tuple[date, date]:
    """The first and the last day of the last `count` months that have ended on a day."""
    running = as_of + timedelta(days=1)
    end = running.replace(day=1) - timedelta(days=1)
    year, month = divmod(end.year * 12 + end.month - count, 12)
    return date(year, month + 1, 1), end
