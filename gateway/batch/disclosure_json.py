"""The disclosure report of a cube as one line of JSON."""

from __future__ import annotations

import json
from typing import Any

from gateway.publishing.cube_limits import Reading, Worst
from gateway.publishing.cube_options import Option
from gateway.publishing.cube_report import LevelRow, TableRow
from gateway.publishing.rehearsal import Rehearsal

_DECIMALS = 4  # of a share


def rehearsal_json(made: Rehearsal) -> str:
    """One object; shares are of 1, and what coarser detail would win is an estimate."""
    document = {
        "product": made.product,
        "as_of": made.as_of.isoformat(),
        "slices": list(made.slices),
        "holds": made.holds,
        "refusal": made.refusal or None,
        "seconds": round(made.seconds, 1),
        "levels": [_level(row) for row in made.levels],
        "tables": [_table(row) for row in made.tables],
        "limits": [_limit(reading) for reading in made.limits],
        "estimates": [_option(option) for option in made.options],
        "audit": dict(made.audit) or None,
    }
    return json.dumps(document, ensure_ascii=False)


def _level(row: LevelRow) -> dict[str, Any]:
    return {
        "measure": row.measure,
        "geography": row.geography,
        "cells": row.cells,
        "hidden": row.hidden,
        "hidden_share": round(row.hidden_share, _DECIMALS),
        "worst": _worst(row.worst),
        "persons_median": round(row.persons_median, _DECIMALS),
        "persons_worst": _worst(row.persons_worst),
        "margins": row.margins,
        "margins_kept": row.margins_kept,
    }


def _table(row: TableRow) -> dict[str, Any]:
    return {
        "measure": row.measure,
        "geography": row.geography,
        "crossed": dict(row.crossed),
        "cells": row.cells,
        "hidden": row.hidden,
        "hidden_share": round(row.hidden_share, _DECIMALS),
        "worst": _worst(row.worst),
        "persons_share": round(row.persons_share, _DECIMALS),
    }


def _limit(reading: Reading) -> dict[str, Any]:
    limit = reading.limit
    return {
        "limit": reading.number,
        "measure": reading.measure,
        "levels": {name: list(levels) for name, levels in limit.levels.items()},
        "cells": {"limit": limit.cells, **_worst(reading.cells)},
        "persons_median": {
            "limit": limit.persons_median,
            "share": round(reading.persons_median, _DECIMALS),
        },
        "persons_worst": {"limit": limit.persons_worst, **_worst(reading.persons_worst)},
        "holds": reading.holds,
    }


def _option(option: Option) -> dict[str, Any]:
    return {
        "combination": option.combination,
        "change": option.change,
        "cells": option.cells,
        "hidden": option.hidden,
        "small": option.small,
        "hidden_share_after": round(option.hidden_share, _DECIMALS),
    }


def _worst(worst: Worst) -> dict[str, Any]:
    return {"share": round(worst.share, _DECIMALS), "slice": worst.slice or None}
