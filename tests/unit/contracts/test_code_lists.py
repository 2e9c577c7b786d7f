"""`products/codelists/*.yaml`."""

from __future__ import annotations

EDUCATION = "codelists/education.yaml"
SEX = "codelists/sex.yaml"


def test_refuses_a_list_that_is_not_named_after_its_file(workshop):
    workshop.change(SEX, "id: sex", "id: gender")
    workshop.expect(SEX, "id: gender", "not named after", "rename the file to gender.yaml")


def test_refuses_a_code_given_twice(workshop):
    workshop.change(SEX, 'code: "2"', 'code: "1"')
    (fault,) = workshop.faults()
    assert fault.message == "The code `1` is given twice."
    assert fault.line == workshop.line(SEX, "{fi: Naiset") - 3


def test_refuses_a_parent_that_is_not_in_the_list(workshop):
    workshop.change(SEX, "parents: [SSS]", "parents: [ALL]")
    workshop.expect(SEX, '- code: "1"', "`ALL` of `1` is not in the list", "Add the parent")


def test_refuses_a_code_above_itself(workshop):
    workshop.change(SEX, "    level: total\n", '    level: total\n    parents: ["1"]\n')
    workshop.expect(SEX, "- code: SSS", "above itself", "Break the circle")


def test_refuses_a_code_without_a_label_in_every_language(workshop):
    workshop.change(SEX, "sv: Män, ", "")
    workshop.expect(SEX, "{fi: Miehet", "`sv` is missing", "Add `sv`")


def test_refuses_a_group_that_is_no_code(workshop):
    workshop.change(EDUCATION, "    otherwise: PER", "    otherwise: MUU")
    workshop.expect(EDUCATION, "  four:", "`MUU` of `four` is not a code", "Add it to `codes`")


def test_refuses_a_source_code_in_two_groups(workshop):
    workshop.change(EDUCATION, 'TOI: ["3", "4"]', 'TOI: ["2", "3", "4"]')
    workshop.expect(EDUCATION, "  four:", "`2` is in two groups", "Keep it in one")


def test_refuses_a_list_of_the_registrys_name(workshop):
    text = workshop.text(SEX).replace("id: sex", "id: geography")
    (workshop.folder / "codelists" / "geography.yaml").write_text(text, "utf-8")
    (fault,) = workshop.faults()
    assert fault.remedy == "Rename this one."


def test_a_broken_list_is_not_blamed_on_the_contracts(workshop):
    workshop.text("job-seekers.yaml")
    workshop.change(SEX, "id: sex", "id: gender")
    assert {fault.file for fault in workshop.faults()} == {str(workshop.folder / SEX)}
