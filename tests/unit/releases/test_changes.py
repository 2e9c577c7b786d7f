from __future__ import annotations

from datetime import date

from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import DeliveredColumn, Manifest, ReleaseId
from gateway.releases.changes import schema_changes


def manifest(definition: str = "1", **columns: str) -> Manifest:
    label = Label("a", "b", "c")
    return Manifest(
        product="spells",
        kind=ProductKind.ROWS,
        release=ReleaseId(date(2026, 6, 30), 1),
        created_utc="2026-07-01T03:00:00.000Z",
        title=label,
        contract_version="1.0.0",
        contract_sha256="0" * 64,
        definition_version=definition,
        classification=Classification.CONFIDENTIAL,
        personal_data=True,
        sources=("atmt",),
        columns=tuple(DeliveredColumn(name, kind, label) for name, kind in columns.items()),
        files=(),
        protection={},
        policy_set_sha256="",
        inputs_sha256="0" * 64,
        build="",
    )


def test_tells_what_was_added_removed_and_retyped():
    older = manifest(a="string", b="integer", c="date")
    newer = manifest(a="string", b="number", d="boolean")
    assert schema_changes(older, newer) == {
        "added": [{"name": "d", "type": "boolean"}],
        "removed": [{"name": "c", "type": "date"}],
        "retyped": [{"name": "b", "from": "integer", "to": "number"}],
        "definition": None,
    }


def test_tells_when_two_releases_follow_different_definitions():
    changes = schema_changes(manifest("1", a="string"), manifest("2", a="string"))
    assert changes["definition"] == {"from": "1", "to": "2"}
    assert changes["added"] == changes["removed"] == changes["retyped"] == []
