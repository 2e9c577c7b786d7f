"""The k gate of a rows product."""

from __future__ import annotations

import pytest

SPELLS = "job-seeker-spells.yaml"


def test_refuses_a_small_k(workshop):
    workshop.change(SPELLS, "k: 5", "k: 3")
    workshop.expect(SPELLS, "k: 3", "too small a crowd", "at least 5")


def test_refuses_much_suppression(workshop):
    workshop.change(SPELLS, "maximum_suppressed_share: 0.05", "maximum_suppressed_share: 0.2")
    workshop.expect(SPELLS, "maximum_suppressed", "Too many rows", "add steps to the ladder")


def test_refuses_levels_that_do_not_end_in_all(workshop):
    workshop.change(SPELLS, "                - {name: all, kind: all, code: SSS}\n", "")
    workshop.change(SPELLS, "            - {column: municipality, level: all}\n", "")
    workshop.expect(SPELLS, "levels:\n", "do not end with `kind: all`", "kind: all, code: SSS")


def test_refuses_a_level_after_all(workshop):
    last = "                - {name: all, kind: all, code: SSS}\n"
    workshop.change(SPELLS, last, last + "                - {name: kept, kind: keep}\n")
    workshop.expect(SPELLS, "- {name: all", "a level after `all`", "Move it to the end")


def test_refuses_two_levels_of_one_name(workshop):
    workshop.change(SPELLS, "{name: wide, kind", "{name: five, kind")
    workshop.expect(SPELLS, "bounds: [25, 35", "two levels called `five`", "Rename")


def test_refuses_levels_of_a_column_that_is_kept(workshop):
    levels = "              levels: [{name: all, kind: all, code: SSS}]\n"
    workshop.change(SPELLS, "              code_list: plan-types\n", levels)
    messages = [fault.message for fault in workshop.faults()]
    assert "`plan_type` has levels but is not generalised." in messages


def test_refuses_a_generalised_number(workshop):
    old = "- name: age_band\n        logicalType: string"
    workshop.change(SPELLS, old, old.replace("string", "integer"))
    workshop.expect(SPELLS, "logicalType: integer", "is not text", "logicalType: string")


def test_refuses_a_ladder_that_never_reaches_all(workshop):
    workshop.change(SPELLS, "            - {column: sex, level: all}\n", "")
    workshop.expect(
        SPELLS, "ladder:", "never takes `sex` to its last", "`{column: sex, level: all}`"
    )


def test_refuses_a_step_of_an_unknown_column(workshop):
    workshop.change(SPELLS, "{column: sex, level: all}", "{column: gender, level: all}")
    workshop.expect(SPELLS, "column: gender", "not a generalised column", "sex")


def test_refuses_a_step_to_an_unknown_level(workshop):
    workshop.change(SPELLS, "{column: age_band, level: wide}", "{column: age_band, level: ten}")
    workshop.expect(SPELLS, "level: ten", "no level `ten`", "five, wide, broad, half, all")


def test_refuses_a_step_back(workshop):
    workshop.change(SPELLS, "{column: age_band, level: broad}", "{column: age_band, level: five}")
    workshop.expect(SPELLS, "age_band, level: five", "at `wide` already", "coarser")


def test_refuses_an_order_of_suppression_that_leaves_a_column_out(workshop):
    workshop.change(SPELLS, "            [education, citizen", "            [citizen")
    workshop.expect(SPELLS, "suppress_order:", "every generalised and sensitive", "education")


def test_refuses_an_unknown_code_list(workshop):
    workshop.change(SPELLS, "code_list: plan-types", "code_list: plans")
    workshop.expect(
        SPELLS, "code_list: plans", "no code list `plans`", "products/codelists/plans.yaml"
    )


def test_refuses_an_unknown_grouping(workshop):
    workshop.change(SPELLS, "grouping: three}", "grouping: continents}")
    workshop.expect(SPELLS, "grouping: continents", "no grouping", "write the grouping")


def test_refuses_a_band_without_a_label(workshop):
    workshop.change(SPELLS, "bounds: [25, 50]", "bounds: [30, 50]")
    workshop.expect(SPELLS, "bounds: [30, 50]", "gives the code `-29`", "age-bands.yaml")


def test_refuses_a_code_for_all_without_a_label(workshop):
    first = workshop.text(SPELLS).index("code_list: sex-of-rows")
    text = workshop.text(SPELLS)
    broken = text[:first] + text[first:].replace("code: SSS", "code: ALL", 1)
    (workshop.folder / SPELLS).write_text(broken, "utf-8")
    workshop.expect(SPELLS, "code: ALL", "gives the code `ALL`", "sex-of-rows.yaml")


# --- what is not to be learnt of a person ----------------------------------------------------

PERIODS = "service-periods.yaml"
PLAN = "              code_list: plan-types\n              sensitive:\n"


@pytest.mark.parametrize("l", ["1", "5"])
def test_refuses_an_l_out_of_its_range(workshop, l):  # noqa: E741 (its name in the contract)
    workshop.change(SPELLS, "          l: 2", f"          l: {l}")
    workshop.expect(SPELLS, f"          l: {l}", "`l` is wrong", "Correct the value")


def test_l_is_two_when_it_is_not_given(workshop):
    workshop.change(SPELLS, "          l: 2\n", "")
    assert workshop.faults() == ()


def test_refuses_a_sensitive_source_that_is_not_marked(workshop):
    text = workshop.text(SPELLS)
    begin = text.index("              sensitive:", text.index("- name: plan_type"))
    end = text.index("      - name: team_tag")
    (workshop.folder / SPELLS).write_text(text[:begin] + text[end:], "utf-8")
    workshop.change(SPELLS, "plan_type, employment_code", "employment_code")
    (fault,) = workshop.faults()
    assert "not to be learnt of a person" in fault.message
    assert "suunnitelmatyyppi" in fault.message
    assert "with the reason" in fault.remedy


def test_refuses_a_sensitive_column_without_a_reason(workshop):
    text = workshop.text(SPELLS)
    begin = text.index("                reason:", text.index("- name: plan_type"))
    end = text.index("      - name: team_tag")
    bare = "                hides: []\n"
    (workshop.folder / SPELLS).write_text(text[:begin] + bare + text[end:], "utf-8")
    (fault,) = workshop.faults()
    assert fault.message == "The term `reason` is missing."


def test_refuses_a_sensitive_column_without_a_code_list(workshop):
    workshop.change(SPELLS, PLAN, "              sensitive:\n")
    (fault,) = workshop.faults()
    assert fault.message == "The sensitive column `plan_type` has no code list."
    assert fault.line == workshop.line(SPELLS, "                reason: A multi") - 1


def test_refuses_a_code_list_that_has_no_label_for_hidden_values(workshop):
    path = workshop.folder / "codelists" / "plan-types.yaml"
    path.write_text(path.read_text("utf-8").split('  - code: "*"')[0], "utf-8")
    workshop.text(SPELLS)
    (fault,) = workshop.faults()
    assert fault.message == "`*`, which stands for hidden values of `plan_type`, has no label."


def test_refuses_a_sensitive_month(workshop):
    text = workshop.text(SPELLS)
    begin = text.index("              transformation: month", text.index("- name: ended"))
    marked = "              sensitive: {reason: It tells when.}\n"
    (workshop.folder / SPELLS).write_text(text[:begin] + marked + text[begin:], "utf-8")
    workshop.change(SPELLS, "plan_type, employment_code", "ended, plan_type, employment_code")
    messages = [fault.message for fault in workshop.faults()]
    assert "`ended` is sensitive, and also `month`." in messages
    assert "`ended` cannot hold `*` in place of hidden values." in messages


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody", "which is not delivered"),
        ("sex", "hidden by rules of its own"),
        ("end_reason", "hidden by rules of its own"),
        ("started", "cannot hold `*`"),
    ],
)
def test_refuses_to_hide_with_it_what_cannot_be(workshop, name, message):
    workshop.change(PERIODS, "hides: [course, procurement]", f"hides: [{name}]")
    workshop.expect(PERIODS, f"hides: [{name}]", message, "")


# --- transformations -------------------------------------------------------------------------

DAYS = "              transformation: month\n"


def transformed(workshop, name, terms, logical=None):
    """The column `name` of service-periods under other terms."""
    text = workshop.text(PERIODS)
    column = text.index(f"      - name: {name}\n")
    begin = text.index("              transformation: ", column)
    end = text.index("\n", begin) + 1
    text = text[:begin] + terms + text[end:]
    if logical is not None:
        kind = text.index("logicalType: ", column)
        text = text[:kind] + f"logicalType: {logical}" + text[text.index("\n", kind) :]
    (workshop.folder / PERIODS).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("name", "terms", "logical"),
    [
        ("started", "              transformation: year\n", None),
        ("team_tag", "              transformation: truncate\n              length: 3\n", None),
        ("team_tag", "              transformation: bands\n              bounds: [30, 90]\n", None),
        (
            "team_tag",
            "              transformation: round\n              round: {step: 100, top: 5000}\n",
            "number",
        ),
    ],
)
def test_takes_every_transformation(workshop, name, terms, logical):
    transformed(workshop, name, terms, logical)
    assert workshop.faults() == ()


@pytest.mark.parametrize(
    ("name", "terms", "logical", "message"),
    [
        ("team_tag", "              transformation: truncate\n", None, "`length` belongs to"),
        (
            "team_tag",
            "              transformation: keep\n              length: 2\n",
            None,
            "belongs",
        ),
        ("team_tag", "              transformation: bands\n", None, "`bounds` belongs to"),
        (
            "team_tag",
            "              transformation: bands\n              bounds: [9, 3]\n",
            None,
            "must ascend",
        ),
        ("team_tag", "              transformation: round\n", "number", "`round` belongs to"),
        (
            "team_tag",
            "              transformation: round\n              round: {step: 100, top: 50}\n",
            "number",
            "multiples of the step",
        ),
        (
            "team_tag",
            "              transformation: round\n              round: {step: 100, top: 0}\n",
            "number",
            "above the bottom",
        ),
        (
            "team_tag",
            "              transformation: round\n              round: {step: 100}\n",
            "number",
            "`top` is missing",
        ),
        ("team_tag", "              transformation: year\n", None, "not of the type"),
        (
            "team_tag",
            "              transformation: round\n              round: {step: 10, top: 50}\n",
            None,
            "not of the type",
        ),
        (
            "service",
            "              transformation: bands\n              bounds: [30]\n",
            None,
            "gives the code `-29`, which has no label",
        ),
    ],
)
def test_refuses_a_transformation_without_its_terms(workshop, name, terms, logical, message):
    transformed(workshop, name, terms, logical)
    messages = [fault.message for fault in workshop.faults()]
    assert any(message in each for each in messages), messages


def test_takes_a_level_of_first_signs(workshop):
    workshop.change(SPELLS, "{name: nine, kind: keep}", "{name: nine, kind: truncate, length: 1}")
    assert workshop.faults() == ()
