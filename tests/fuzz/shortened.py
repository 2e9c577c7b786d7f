"""An answer of a running gateway as the API document shows it: short, still valid, the same in every recording."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import gateway.surfaces.examples as shown_files
from gateway.surfaces.examples import OCCURRENCE

FOLDER = Path(shown_files.__file__).parent
JSON = re.compile(r"application/([a-z.-]+\+)?json")
YAML = "application/yaml"
CSV = "text/csv"
LINES = ("application/x-ndjson", "text/plain")
KEY = "k3v9x0q2m7ab"
# Of lists so many, of lines and records so many: an example is to be read.
ITEMS, LINES_SHOWN = 2, 6


def _same_length(found: re.Match[str]) -> str:
    return base64.b64encode(b"_" * len(base64.b64decode(found[0]))).decode()


# Everything that is another in each recording, or that is nobody's business, and what stands for it.
_VARYING = (
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"), OCCURRENCE),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"), "5f" * 32),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])"), "5f" * 16),
    # Roots and signatures of the journal: 32 bytes and more, padded. A line feed may stand before as `\n`.
    (
        re.compile(r"(?:(?<=\\n)|(?<![A-Za-z0-9+/\\]))[A-Za-z0-9+/]{42,}={1,2}"),
        _same_length,
    ),
    (
        re.compile(r"\?until=[^\"]+"),
        f"?until=1782889200&entry={OCCURRENCE}&who=key.{KEY}&sp=NvWf1nSg",
    ),
    # Who asked in the tests is nobody whom the document is to name; nor is the machine that they ran on.
    (re.compile(r"tampere-bi"), "city-bi"),
    (re.compile(r"(\breplica\W+)[^\"\\]+"), r"\1gateway-1"),
    (re.compile(r"jkl_[a-z0-9]+_[A-Za-z0-9_-]+"), f"jkl_{KEY}_told-once-and-never-again"),
)


def has_text(media_type: str) -> bool:
    """Whether an example of it can be read: a binary body has none."""
    return JSON.fullmatch(media_type) is not None or media_type in {YAML, CSV, *LINES}


def shortened(text: str, media_type: str, *, keys: set[str]) -> Any:
    """JSON and YAML as values, others as text. keys: ids of access keys that were made."""
    for pattern, fixed in _VARYING:
        text = pattern.sub(fixed, text)
    for key in keys:
        text = text.replace(key, KEY)
    if media_type in LINES:
        return "".join(text.splitlines(keepends=True)[:LINES_SHOWN])
    if media_type == CSV:
        return "".join(list(_records(text))[:LINES_SHOWN])
    return _short(yaml.safe_load(text) if media_type == YAML else json.loads(text))


def write(name: str, told: Mapping[str, Any]) -> None:
    """The file of an operation, answers by their status; none where nothing is told."""
    answers = dict(sorted((status, each) for status, each in told["answers"].items() if each))
    kept = {**told, "answers": answers}
    if answers:
        text = json.dumps(kept, indent=1, ensure_ascii=False)
        (FOLDER / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def form(value: Any) -> Any:
    """Members and types, without values."""
    if isinstance(value, Mapping):
        return {key: form(each) for key, each in value.items()}
    if isinstance(value, list):
        return [form(value[0])] if value else []
    return "null or a value" if value is None or isinstance(value, str | int | float) else value


def _records(text: str) -> Iterator[str]:
    """Of CSV: one ends where a line does and every quote is closed (RFC 4180 section 2)."""
    record = ""
    for line in text.splitlines(keepends=True):
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""


def _short(value: Any) -> Any:
    """A dataset of JSON-stat stays whole: its parts have one length."""
    if isinstance(value, dict):
        if value.get("class") == "dataset":
            return value
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value[:ITEMS]] if isinstance(value, list) else value
