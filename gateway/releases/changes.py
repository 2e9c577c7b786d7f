"""What a reader of the older release must change to read the newer one."""

from __future__ import annotations

from typing import Any

from gateway.model.release import Manifest


def schema_changes(older: Manifest, newer: Manifest) -> dict[str, Any]:
    """Columns added, removed and retyped between two releases of one product; JSON values.

    `definition` is given when the two follow different definitions and so are not comparable.
    """
    before = {column.name: column.type for column in older.columns}
    after = {column.name: column.type for column in newer.columns}
    return {
        "added": [{"name": name, "type": after[name]} for name in after if name not in before],
        "removed": [{"name": name, "type": before[name]} for name in before if name not in after],
        "retyped": [
            {"name": name, "from": before[name], "to": after[name]}
            for name in after
            if name in before and before[name] != after[name]
        ],
        "definition": None
        if older.definition_version == newer.definition_version
        else {"from": older.definition_version, "to": newer.definition_version},
    }
