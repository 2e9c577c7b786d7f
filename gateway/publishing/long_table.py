"""`cube.parquet`: a protected cube as a long table, for those who load the whole of it.

It is the table that a selection is encoded from, so that whoever takes the whole reads the same values
and marks as whoever selects.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from gateway.encoding.cube_tables import cube_table
from gateway.model.cube import Cube
from gateway.releases.cube_file import check_cube

_ROW_GROUP_ROWS = 131_072


def write_cube_table(path: Path, cube: Cube) -> int:
    """Write `cube.parquet` (zstd); returns its number of rows.

    Raises ValueError when a hidden cell still has a value, as `check_cube` says.
    """
    check_cube(cube)
    table = cube_table(cube)
    pq.write_table(table, path, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
    return table.num_rows
