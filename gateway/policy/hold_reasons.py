"""`policies/holds.yaml`: the closed list of reasons for which expired entries of the journal are kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.errors import PolicyFault
from gateway.model.label import Label
from gateway.policy.documents import Document, LabelText, Name
from gateway.policy.policy_files import parse, read_policy_files

FILE = "holds.yaml"


class ReasonEntry(Document):
    code: Name
    label: LabelText


class HoldsFile(Document):
    reasons: Annotated[list[ReasonEntry], Field(min_length=1)]


def load_hold_reasons(policies_dir: Path) -> Mapping[str, Label]:
    """By code. Raises PolicyFault."""
    read = parse(read_policy_files(policies_dir), FILE, HoldsFile)
    reasons = {each.code: each.label.label() for each in read.reasons}
    if len(reasons) < len(read.reasons):
        raise PolicyFault(f"{FILE}: reasons: a code is there twice.")
    return reasons
