"""docs/pull.md against the client: every key, outcome and exit code stands on the page."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gateway.pull import config
from gateway.pull.config import Config
from gateway.pull.faults import ExitCode
from gateway.pull.results import Outcome

PAGE = (Path(__file__).parents[2] / "docs" / "pull.md").read_text()


@pytest.mark.parametrize(
    "table",
    [config.Config, config.OAuth, config.Token, config.AccessKey, config.Wanted, config.Patience],
)
def test_every_key_of_the_config_is_explained(table):
    unexplained = {
        name for name in table.model_fields if f"`{name}`" not in PAGE and f"[{name}]" not in PAGE
    }
    assert unexplained == set()


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_named(outcome):
    assert f"`{outcome}`" in PAGE


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_explained(code):
    assert f"\n| {int(code)} | " in PAGE


def test_the_config_of_the_first_trial_is_one():
    """The words that `printf` is given on the page."""
    given = PAGE.split("printf '%s\\n' ")[1].split(" > jakelu-pull.toml")[0]
    lines = [part for part in given.replace("\\\n", "").split("'") if part.strip()]
    assert Config.model_validate_json(_json("\n".join(lines))).token is not None


def _json(toml: str) -> str:
    import json

    return json.dumps(tomllib.loads(toml))
