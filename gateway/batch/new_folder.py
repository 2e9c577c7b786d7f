"""A folder that is written whole, or is not there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from gateway.adapters.durable import sync
from gateway.errors import BadParameter


@contextmanager
def new_folder(folder: Path, *, parameter: str) -> Generator[Path]:
    """A folder beside it that takes its name when all is written; left by an exception, it is removed.

    Its mode is 0700. parameter: what named it. Raises BadParameter.
    """
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
    except OSError as fault:
        raise BadParameter(
            f"It cannot be made here ({fault.strerror}).", parameter=parameter
        ) from None
    try:
        yield draft
        for path in draft.iterdir():
            sync(path)
        sync(draft)
        draft.rename(folder)
        sync(folder.absolute().parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
