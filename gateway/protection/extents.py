"""How far a circuit may reach: some pieces, some classes of the whole country, or everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.protection.cells import Index, Leaves
from gateway.protection.incidence import Incidence
from gateway.protection.tables import Tables

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """columns: of the tables, those that may change; places: whose they are, none of the country's.

    touched: (cells) True where some of the columns are counted; inside: where no others are; free:
    those inside that do not count all places, or all classes of the country, of the extent. What
    counts all of them changes only together with what is outside.
    """

    columns: Index
    places: Leaves
    touched: Mask
    inside: Mask
    free: Mask
    is_everything: bool


def extent_of(
    tables: Tables, incidence: Incidence, *, pieces: Sequence[int], finest: Sequence[int] = ()
) -> Extent:
    """The extent of some pieces, of some of the country's finest classes, or of all of both."""
    columns = _columns(tables, pieces, finest)
    may = np.zeros(tables.columns, dtype=np.bool_)
    may[columns] = True
    touched = incidence.any(may)
    inside = ~incidence.any(~may)
    places = frozenset(place for piece in pieces for place in tables.pieces[piece])
    everything = len(columns) == tables.columns
    all_of_it = incidence.places == len(places) if pieces else incidence.finest == len(finest)
    free = inside if everything else inside & ~all_of_it
    return Extent(columns, places, touched, inside, free, everything)


def _columns(tables: Tables, pieces: Sequence[int], finest: Sequence[int]) -> Index:
    basic = range(len(tables.basic))
    places = frozenset(place for piece in pieces for place in tables.pieces[piece])
    of_pieces = [
        tables.n(piece, kind, part)
        for piece in pieces
        for kind in range(len(tables.kinds))
        for part in basic
    ]
    of_places = [
        tables.x(place, group, part)
        for place in tables.rows
        if place in places
        for group in range(len(tables.groups))
        for part in basic
    ]
    of_country = [tables.w(one, part) for one in finest for part in basic]
    return np.array(of_pieces + of_places + of_country, dtype=np.int64)
