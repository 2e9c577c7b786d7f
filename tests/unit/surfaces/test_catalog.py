"""The catalogue is one of DCAT-AP 3: held to shapes written from its specification, and read without a network."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, Graph, Literal, Namespace, URIRef

# rdflib's own reader of JSON-LD makes one (7.6).
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

SHAPES = Path(__file__).with_name("dcat_ap_3.ttl")
OURS = "http://127.0.0.1:8080"
AUTHORITY = "http://publications.europa.eu/resource/authority"
VERSION = Namespace(
    str(DCAT)
).version  # of DCAT 3, which rdflib's own list of terms does not have yet
CATALOG = URIRef(f"{OURS}/v1/catalog")
ROWS = URIRef(f"{OURS}/v1/products/job-seeker-spells")
CUBE = URIRef(f"{OURS}/v1/products/job-seekers")
UNPUBLISHED = URIRef(f"{OURS}/v1/products/service-periods")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return Graph().parse(SHAPES)


@pytest.fixture(scope="module")
def document(house) -> dict:
    return house.get("municipality-bi", "/v1/catalog").json()


@pytest.fixture(scope="module")
def graph(document) -> Graph:
    return read(document)


def read(document: dict) -> Graph:
    return Graph().parse(data=json.dumps(document), format="json-ld")


def faults(document: dict, shapes: Graph) -> str | None:
    conforms, _, text = validate(read(document), shacl_graph=shapes, inplace=True)
    return None if conforms else text


def test_the_catalogue_conforms_to_dcat_ap_3(document, shapes):
    assert faults(document, shapes) is None


@pytest.mark.parametrize(
    ("place", "broken", "told"),
    [
        (("dcterms:title",), None, "minCount"),
        (("dcterms:publisher",), {"foaf:name": "nobody"}, "foaf:Agent"),
        (("dcat:dataset", 0, "dcterms:description"), None, "minCount"),
        (("dcat:dataset", 0, "dcterms:accrualPeriodicity"), "daily", "frequency"),
        (("dcat:dataset", 0, "dcterms:modified"), "last night", "dcterms:modified"),
        (("dcat:dataset", 0, "dcat:distribution", 0, "dcat:accessURL"), None, "minCount"),
        (("dcat:dataset", 0, "dcat:distribution", 0, "dcat:mediaType"), "x-csv", "media-types"),
        (("dcat:service", 0, "dcat:endpointURL"), None, "minCount"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else "",
)
def test_the_shapes_see_what_is_missing_or_wrong(document, shapes, place, broken, told):
    changed = copy.deepcopy(document)
    *way, last = place
    node = changed
    for step in way:
        node = node[step]
    if broken is None:
        del node[last]
    else:
        node[last] = broken
    assert told in faults(changed, shapes)


def test_whoever_asks_sees_what_is_listed_to_them_and_no_more(house):
    for persona in ("municipality-bi", "ely-analyst", "koto-worker", "auditor", "stranger"):
        listed = house.get(persona, "/v1/products").json()["products"]
        found = read(house.get(persona, "/v1/catalog").json())
        told = {str(each) for each in found.objects(None, DCTERMS.identifier)}
        assert told == {each["id"] for each in listed}
    assert told == {"vacancies"}
    assert "job-seeker" not in house.get("stranger", "/v1/catalog").text


def test_to_tell_of_what_is_listed_is_no_delivery(house):
    before = len(house.entries())
    assert house.get("municipality-bi", "/v1/catalog").status_code == 200
    assert len(house.entries()) == before


def test_texts_are_in_finnish_swedish_and_english(graph, house):
    product = house.get("municipality-bi", "/v1/products/job-seekers").json()
    for term, name in ((DCTERMS.title, "title"), (DCTERMS.description, "description")):
        told = {each.language: str(each) for each in graph.objects(CUBE, term)}
        assert told == product[name]
    words = set(graph.objects(CUBE, DCAT.keyword))
    assert {Literal("Ikä", "fi"), Literal("Ålder", "sv"), Literal("Age", "en")} <= words
    assert {each.language for each in graph.objects(None, FOAF.name)} == {"fi", "sv", "en"}


def test_values_are_those_of_the_authority_tables(graph):
    def value(dataset: URIRef, term: URIRef) -> str:
        return str(graph.value(dataset, term)).removeprefix(AUTHORITY)

    assert value(CUBE, DCTERMS.accrualPeriodicity) == "/frequency/DAILY"
    assert value(CUBE, DCTERMS.accessRights) == "/access-right/RESTRICTED"
    assert value(ROWS, DCTERMS.accessRights) == "/access-right/NON_PUBLIC"
    public = URIRef(f"{OURS}/v1/products/vacancies")
    assert value(public, DCTERMS.accessRights) == "/access-right/PUBLIC"
    assert value(CUBE, DCTERMS.spatial) == "/country/FIN"


def test_a_dataset_tells_its_newest_release_and_its_time(graph):
    assert graph.value(CUBE, VERSION) == Literal("2026-06-30.1")
    created = Literal("2026-07-01T03:00:00.000Z", datatype=XSD.dateTime)
    assert graph.value(CUBE, DCTERMS.modified) == created
    # A cube of 24 months, and rows of which there is one release.
    assert period(graph, CUBE) == ("2024-07-01", "2026-06-30")
    assert period(graph, ROWS) == ("2026-06-30", "2026-06-30")


def period(graph: Graph, dataset: URIRef) -> tuple[str, str]:
    node = graph.value(dataset, DCTERMS.temporal)
    return str(graph.value(node, DCAT.startDate)), str(graph.value(node, DCAT.endDate))


def test_a_product_without_a_release_is_there_without_a_time(graph):
    assert (UNPUBLISHED, RDF.type, DCAT.Dataset) in graph
    for term in (VERSION, DCTERMS.issued, DCTERMS.modified, DCTERMS.temporal):
        assert graph.value(UNPUBLISHED, term) is None


def test_there_is_a_distribution_for_each_format_at_each_door(graph):
    def offered(dataset: URIRef) -> set[str]:
        found = graph.objects(dataset, DCAT.distribution)
        return {str(each).partition("#")[2] for each in found}

    cube = ("json-stat2", "csv", "arrow", "parquet", "csv-excel", "xlsx")
    rows = ("parquet", "csv", "arrow", "ndjson", "csv-excel")
    assert offered(CUBE) == {f"rest-{name}" for name in cube} | {
        f"pxweb-{name}"
        for name in ("json-stat2", "csv", "px", "xlsx", "html", "json-px", "parquet")
    }
    assert offered(ROWS) == {f"rest-{name}" for name in rows} | {"delta-sharing-parquet"}


def test_file_types_and_media_types_are_told_where_they_are_registered(graph):
    def types(name: str) -> tuple[str | None, str | None]:
        node = URIRef(f"{ROWS}#rest-{name}")
        found = (graph.value(node, term) for term in (DCTERMS.format, DCAT.mediaType))
        return tuple(each and str(each).rpartition("/")[2] for each in found)

    assert types("csv") == ("CSV", "csv")
    assert types("parquet") == ("PARQUET", "vnd.apache.parquet")
    assert types("arrow") == (None, "vnd.apache.arrow.stream")
    assert types("ndjson") == (None, None)


def test_every_address_of_a_distribution_is_served(graph, house):
    for dataset in (ROWS, CUBE):
        for each in graph.objects(dataset, DCAT.distribution):
            address = str(graph.value(each, DCAT.accessURL)).removeprefix(OURS)
            selected = "" if "pxweb" not in address else "&valuecodes[measure]=unemployed"
            if "pxweb" in address:
                selected += "&valuecodes[month]=top(1)"
            answer = house.get("municipality-bi", address + selected)
            assert answer.status_code == 200, (address, answer.text)


def test_each_interface_serves_what_it_is_for(graph):
    def served(door: str) -> set[str]:
        return set(map(str, graph.objects(URIRef(f"{CATALOG}#{door}"), DCAT.servesDataset)))

    datasets = set(map(str, graph.objects(CATALOG, DCAT.dataset)))
    assert served("rest") == datasets
    assert served("pxweb") | served("delta-sharing") == datasets
    assert str(CUBE) in served("pxweb")
    assert str(ROWS) in served("delta-sharing")


def test_an_interface_without_a_listed_product_is_not_told(house):
    found = read(house.get("stranger", "/v1/catalog").json())
    doors = {str(each).partition("#")[2] for each in found.objects(CATALOG, DCAT.service)}
    assert doors == {"rest", "pxweb"}


def test_accept_chooses_between_json_ld_and_json(house):
    def told(path: str = "/v1/catalog", **headers: str) -> tuple[int, str]:
        answer = house.get("stranger", path, **headers)
        return answer.status_code, answer.headers["content-type"]

    assert told() == (200, "application/ld+json")
    assert told(accept="application/json") == (200, "application/json")
    assert told(accept="application/*;q=0.5") == (200, "application/ld+json")
    assert told("/v1/catalog?format=json", accept="text/csv") == (200, "application/json")
    assert told(accept="text/turtle") == (406, "application/problem+json")
    assert told("/v1/catalog?format=turtle") == (406, "application/problem+json")
    assert told("/v1/catalog?lang=fi") == (400, "application/problem+json")


def test_an_unchanged_catalogue_is_not_sent_again(house):
    first = house.get("stranger", "/v1/catalog")
    assert first.headers["content-language"] == "fi, sv, en"
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["vary"] == "accept, accept-encoding"
    tag = first.headers["etag"]
    again = house.get("stranger", "/v1/catalog", if_none_match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    # Another caller, another media type and another coding are other representations.
    for persona, headers in (
        ("ely-analyst", {}),
        ("stranger", {"accept": "application/json"}),
        ("stranger", {"accept_encoding": "gzip"}),
    ):
        answer = house.get(persona, "/v1/catalog", if_none_match=tag, **headers)
        assert answer.status_code == 200
        assert answer.headers["etag"] != tag


def test_the_catalogue_is_coded_for_whoever_names_a_coding(house):
    plain = house.get("stranger", "/v1/catalog").content
    with house.client.stream(
        "GET",
        "/v1/catalog",
        headers={**house.bearer("stranger"), "accept-encoding": "gzip"},
    ) as answer:
        coded = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(coded) == plain
    with house.client.stream(
        "GET",
        "/v1/catalog",
        headers={**house.bearer("stranger"), "accept-encoding": "zstd, gzip"},
    ) as answer:
        coded = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "zstd"
    assert pa.CompressedInputStream(pa.BufferReader(coded), "zstd").read() == plain


def test_head_tells_the_same_without_the_document(house):
    got = house.get("stranger", "/v1/catalog")
    head = house.client.head("/v1/catalog", headers=house.bearer("stranger"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
