"""Patience, the lock, what is wished for, and what is told."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from gateway.pull.answers import clean, retry_after
from gateway.pull.config import Patience, load_config
from gateway.pull.connection import client_options
from gateway.pull.faults import (
    ConfigFault,
    Damaged,
    ExitCode,
    NotTheGateway,
    Refused,
    TryLater,
)
from gateway.pull.lock import only_run
from gateway.pull.patience import Retrying
from gateway.pull.place import Modes, Notes
from gateway.pull.report import Report, as_json, line_of, sum_of
from gateway.pull.results import Check, Outcome, Result, exit_code_of, outcome_of
from gateway.pull.wishes import address_of, check_kind, read_me, wishes_of

NOW = datetime(2026, 6, 30, 12, 0, 0, tzinfo=UTC)
NOTES = Notes(
    asked="https://jakelu.example.fi/v1/rows/a",
    etag='"tag"',
    size=1000,
    sha256="ab",
    can_resume=True,
    release="2026-06-30.1",
    as_of="2026-06-30",
    receipt="receipt",
    request="request",
)
ME = {
    "subject": "left out",
    "areas": [{"code": "39", "name": {}}, {"code": "40", "name": {}}],
    "products": [
        {"product": "spells", "action": "read_rows", "permitted": True, "code": None},
        {"product": "secret-rows", "action": "read_rows", "permitted": False, "missing": "A role."},
        {"product": "seekers", "action": "read_cube", "permitted": True, "missing": None},
    ],
}


def _wishes(write_config, *tables: str, me: dict | None = None):
    head = "" if tables else 'products = "all"'
    config = load_config(write_config(*tables, head=head))
    return wishes_of(config, read_me(me or ME))


def test_all_is_what_may_be_had_and_rows_of_every_own_area(write_config):
    wishes = _wishes(write_config)
    assert [wish.path(Path()).as_posix() for wish in wishes] == [
        "spells/39/spells.parquet",
        "spells/40/spells.parquet",
        "seekers/all/seekers.parquet",
    ]
    assert address_of(wishes[0], []) == "/v1/rows/spells?format=parquet&area=39"
    assert address_of(wishes[2], ["sex", "month"]) == (
        "/v1/cubes/seekers/data?format=parquet&sex=*&month=*"
    )


def test_when_nothing_may_be_had_the_reasons_are_told(write_config):
    with pytest.raises(Refused, match=r"A role\."):
        _wishes(write_config, me=ME | {"products": ME["products"][1:2]})


def test_a_download_says_what_it_wants(write_config):
    (wish,) = _wishes(
        write_config,
        '[[download]]\nproduct = "spells"\narea = "39"\nformat = "csv"\nname = "own"\n'
        'columns = ["sex", "age_band"]\nmunicipality = ["837"]\npurpose = "planning"\n',
    )
    assert wish.path(Path()).as_posix() == "spells/39/own.csv"
    assert address_of(wish, []) == (
        "/v1/rows/spells?format=csv&area=39&columns=sex,age_band&municipality=837&purpose=planning"
    )


def test_a_selection_of_a_cube_leaves_the_other_dimensions_to_the_gateway(write_config):
    (wish,) = _wishes(
        write_config,
        '[[download]]\nproduct = "seekers"\nformat = "csv"\nlang = "sv"\n'
        'select = { geography = ["SSS", "TA39"] }\n',
    )
    assert not wish.is_whole_cube
    assert address_of(wish, ["sex"]) == (
        "/v1/cubes/seekers/data?format=csv&geography=SSS,TA39&lang=sv"
    )


def test_codes_cannot_add_parameters(write_config):
    (wish,) = _wishes(
        write_config, '[[download]]\nproduct = "seekers"\nselect = { sex = ["1&release=x"] }\n'
    )
    assert "release=" not in address_of(wish, [])


def test_two_downloads_with_one_file_are_refused(write_config):
    with pytest.raises(ConfigFault, match=r"spells/39/spells\.parquet"):
        _wishes(
            write_config,
            '[[download]]\nproduct = "spells"\n',
            '[[download]]\nproduct = "spells"\narea = "39"\n',
        )


@pytest.mark.parametrize(
    "table",
    ['product = "seekers"\narea = "39"', 'product = "spells"\nselect = { sex = ["1"] }'],
)
def test_keys_of_the_other_kind_are_refused_before_they_are_asked(write_config, table):
    (wish, *_) = _wishes(write_config, f"[[download]]\n{table}\n")
    with pytest.raises(ConfigFault):
        check_kind(wish)


@pytest.mark.parametrize(
    "changed",
    [
        {"areas": [{"code": "../.."}]},
        {"products": [{"product": "../a", "action": "read_rows", "permitted": True}]},
        {"products": None},
    ],
)
def test_names_that_are_no_names_never_become_folders(changed):
    with pytest.raises(NotTheGateway):
        read_me(ME | changed)


class Tries:
    def __init__(self, *faults: Exception | None) -> None:
        self._faults = list(faults)
        self.waits: list[float] = []

    def __call__(self) -> str:
        fault = self._faults.pop(0)
        if fault is not None:
            raise fault
        return "done"

    def retrying(self, attempts: int = 4) -> Retrying:
        return Retrying(
            Patience(attempts=attempts, wait_seconds_max=100),
            lambda seconds, _: self.waits.append(seconds),
            sleep=lambda _: None,
            chance=lambda: 1.0,
        )


def test_it_waits_longer_each_time_and_not_without_an_end():
    tries = Tries(*(TryLater("no") for _ in range(4)))
    with pytest.raises(TryLater):
        tries.retrying()(tries)
    assert tries.waits == [1, 2, 4]


def test_it_waits_as_long_as_the_gateway_asks():
    tries = Tries(TryLater("busy", wait_seconds=17), None)
    assert tries.retrying()(tries) == "done"
    assert tries.waits == [17]


def test_it_does_not_wait_longer_than_the_config_allows():
    tries = Tries(TryLater("busy", wait_seconds=101))
    with pytest.raises(TryLater):
        tries.retrying()(tries)
    assert tries.waits == []


@pytest.mark.parametrize("fault", [Refused("no"), Damaged("bytes")])
def test_what_is_refused_is_not_asked_again(fault):
    tries = Tries(fault)
    with pytest.raises(type(fault)):
        tries.retrying()(tries)
    assert tries.waits == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Tue, 30 Jun 2026 12:01:00 GMT", 60.0),
        ("Tue, 30 Jun 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_moment(text, seconds):
    assert retry_after(text, now=NOW) == seconds


def test_the_words_of_others_are_cleaned():
    said = clean("a\x1b[31m\nb eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln " + "x" * 1000)
    assert "\x1b" not in said
    assert "\n" not in said
    assert "eyJ" not in said
    assert len(said) == 400


def test_one_run_at_a_time_in_a_folder(tmp_path):
    with only_run(tmp_path, Modes()):
        second = only_run(tmp_path, Modes())
        with pytest.raises(TryLater, match="Another run"):
            second.__enter__()
    with only_run(tmp_path, Modes()):
        assert (tmp_path / ".jakelu-pull.lock").exists()


def test_proxies_of_the_environment_never_see_what_goes_without_tls(write_config):
    config = load_config(write_config(gateway="http://127.0.0.1:8080"))
    assert client_options(config, config.gateway)["trust_env"] is False
    assert client_options(config, "https://jakelu.example.fi")["trust_env"] is True
    assert client_options(config, config.gateway)["follow_redirects"] is False


def test_a_private_authority_that_is_none_is_refused(write_config, tmp_path):
    (tmp_path / "ca.pem").write_text("no certificate")
    config = load_config(write_config(head='products = "all"\nca_file = "ca.pem"'))
    with pytest.raises(ConfigFault, match="ca_file"):
        client_options(config, config.gateway)


def _result(outcome: Outcome, **more) -> Result:
    return Result("spells", "39", Path("spells.parquet"), outcome, **more)


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([None, None], ExitCode.DONE),
        ([None, TryLater("x")], ExitCode.LATER),
        ([TryLater("x"), Refused("x")], ExitCode.FAILED),
        ([Damaged("x"), None], ExitCode.FAILED),
        ([ConfigFault("x"), Refused("x")], ExitCode.USAGE),
    ],
)
def test_the_exit_code_is_that_of_what_somebody_must_act_on(faults, code):
    results = [
        _result(Outcome.FETCHED if fault is None else outcome_of(fault), fault=fault)
        for fault in faults
    ]
    assert exit_code_of(results) == code


def test_a_line_says_that_nothing_was_transferred():
    line = line_of(_result(Outcome.UNCHANGED, notes=NOTES))
    assert line == "spells 39: unchanged (304), nothing transferred; release 2026-06-30.1"


def test_a_line_says_where_it_went_on_and_how_it_was_checked():
    result = _result(Outcome.RESUMED, notes=NOTES, received=600, from_byte=400, check=Check.SHA256)
    assert line_of(result) == (
        "spells 39: resumed at byte 400, 600 bytes transferred of 1,000; release 2026-06-30.1, "
        "checked by SHA-256"
    )
    assert sum_of([result]) == "1 download: 1 resumed; 600 bytes transferred"


def test_a_failure_is_told_with_what_support_needs():
    fault = Refused("No.", http_status=403, code="forbidden", request="r-1")
    result = _result(Outcome.REFUSED, fault=fault)
    assert line_of(result) == "spells 39: refused: No. (HTTP 403, forbidden, request r-1)"
    told = as_json(result)
    assert (told["request"], told["exit_code"], told["code"]) == ("r-1", 1, "forbidden")


@pytest.mark.parametrize(("form", "out", "err"), [("lines", 1, 1), ("quiet", 0, 1), ("json", 2, 0)])
def test_each_form_tells_failures_where_a_scheduler_looks(form, out, err, capsys):
    report = Report(form)
    report.ended(_result(Outcome.UNCHANGED, notes=NOTES))
    report.ended(_result(Outcome.REFUSED, fault=Refused("no")))
    said = capsys.readouterr()
    assert (said.out.count("\n"), said.err.count("\n")) == (out, err)
    if form == "json":
        assert [json.loads(line)["outcome"] for line in said.out.splitlines()] == [
            "unchanged",
            "refused",
        ]


def test_a_bar_begins_where_the_file_was_interrupted():
    bars = Bars(console=Console(file=io.StringIO(), force_terminal=True))
    with Report("lines", bars=bars).progress("spells 39") as progress:
        progress.began(400, 1000)
        progress.advanced(100)
        (task,) = bars.tasks
        assert (task.completed, task.total) == (500, 1000)
    assert bars.tasks == []
