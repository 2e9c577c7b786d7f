"""The k gate of a rows product."""

from __future__ import annotations

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
    (fault,) = workshop.faults()
    assert fault.message == "`plan_type` has levels but is not generalised."


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
    workshop.change(SPELLS, "suppress_order: [education, ", "suppress_order: [")
    workshop.expect(SPELLS, "suppress_order:", "every generalised column", "education")


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
