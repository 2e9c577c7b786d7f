"""The policy matrix as Markdown in Finnish and in Swedish, and as CSV in codes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from gateway.batch.review.house import PolicyHouse
from gateway.batch.review.matrix import Cell, Line, Matrix, Section
from gateway.batch.review.matrix_callers import Roles
from gateway.batch.review.matrix_words import DEFAULT_DENY_TITLE, SWITCH_TITLES, WORDS, Words
from gateway.policy.vocabulary import DEFAULT_DENY

JOURNAL = "journal"
CSV_COLUMNS = (
    *("products", "kind", "imagined", "token", "organisations", "roles"),
    *("own_area", "other_area", "no_area"),
    *("policies", "titles_fi", "titles_sv", "grounds"),
)


@dataclass(frozen=True, slots=True)
class _Page:
    """A matrix in one language."""

    house: PolicyHouse
    matrix: Matrix
    language: str

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def text(self) -> Iterator[str]:
        words = self.words
        yield f"# {words.title}\n\n{words.made_by}\n"
        yield f"## {words.legend_heading}\n"
        yield "\n".join(f"- {sentence}" for sentence in words.legend) + "\n"
        yield f"**{words.switches}**: {'; '.join(self._switches())}.\n"
        yield f"## {words.products}\n"
        yield from self._sections(
            s for s in self.matrix.sections if s.products and not s.is_imagined
        )
        yield f"## {words.imagined}\n\n{words.imagined_note}\n"
        yield from self._sections(s for s in self.matrix.sections if s.is_imagined)
        yield f"## {words.journal}\n"
        yield from (self._table(s) for s in self.matrix.sections if not s.products)
        yield f"## {words.policies}\n"
        yield self._policies()

    def _switches(self) -> Iterator[str]:
        for name, is_on in asdict(self.house.policy.switches).items():
            title = SWITCH_TITLES[name].in_language(self.language)
            yield f"`{name}` ({title}) {self.words.switch_on if is_on else self.words.switch_off}"

    def _sections(self, sections: Iterable[Section]) -> Iterator[str]:
        for section in sections:
            titles = (each.title.in_language(self.language) for each in section.products)
            token = f", {self.words.tokens[section.token]}" if section.token else ""
            yield f"### {'; '.join(titles)}{token}\n"
            if not section.is_imagined:
                named = ", ".join(f"`{each.id}`" for each in section.products)
                yield f"{named} ({self.words.kinds[section.products[0].kind]})\n"
            yield self._table(section)

    def _table(self, section: Section) -> str:
        headings = self.words.headings if section.products else self.words.journal_headings
        return _table(headings, (self._row(line) for line in section.lines))

    def _row(self, line: Line) -> tuple[str, ...]:
        answers = line.answers
        cells = (answers.own, answers.other, answers.none) if answers.other else (answers.none,)
        organisations = ", ".join(s.label.in_language(self.language) for s in line.samples)
        return (
            organisations,
            self._roles(line.roles),
            *(self._cell(cell) for cell in cells),
            "<br>".join(self._ground(policy) for policy in _deciders(line)),
        )

    def _cell(self, cell: Cell | None) -> str:
        words = self.words
        if cell is None:
            return words.no_area
        if cell.needs is None:
            return words.no if cell.is_listed else words.unseen
        if cell.needs == (frozenset(),):
            return words.yes
        sets = (
            f" {words.and_also} ".join(f"`{name}`" for name in sorted(names))
            for names in cell.needs
        )
        return f"{words.only_with} {f' {words.or_else} '.join(sets)}"

    def _roles(self, cases: tuple[Roles, ...]) -> str:
        words = self.words
        if len(cases) == len(self.matrix.cases):
            return words.all_roles
        if 2 * len(cases) > len(self.matrix.cases):
            return words.other_roles_and_none if () in cases else words.other_roles
        return ";<br>".join(self._case(roles) for roles in cases)

    def _case(self, roles: Roles) -> str:
        named = (f"{self.house.roles[r].in_language(self.language)} (`{r}`)" for r in roles)
        return " + ".join(named) or self.words.no_role

    def _ground(self, policy: str) -> str:
        text = self.house.texts.get(policy)
        if text is None:
            return DEFAULT_DENY_TITLE.in_language(self.language)
        title = text.title_fi if self.language == "fi" else text.title_sv
        return f"{title} ({text.ground})"

    def _policies(self) -> str:
        words = self.words
        rows = (
            (
                f"`{name}`",
                words.forbids if text.is_forbid else words.permits,
                text.title_fi if self.language == "fi" else text.title_sv,
                text.ground,
            )
            for name, text in sorted(
                self.house.texts.items(), key=lambda one: (one[1].is_forbid, one[0])
            )
        )
        return _table(words.policy_headings, rows)


def markdown(house: PolicyHouse, matrix: Matrix, language: str) -> str:
    """language: `fi` or `sv`."""
    return "\n".join(_Page(house, matrix, language).text())


def csv_text(house: PolicyHouse, matrix: Matrix) -> str:
    """One line per section, organisations and roles; lists with ` | `. Codes, and titles in both languages."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for section in matrix.sections:
        for line in section.lines:
            writer.writerow(_csv_row(house, section, line))
    return out.getvalue()


def _csv_row(house: PolicyHouse, section: Section, line: Line) -> tuple[str, ...]:
    deciders = _deciders(line)
    texts = [house.texts[name] for name in deciders if name in house.texts]
    answers = line.answers
    return (
        " | ".join(each.id for each in section.products) or JOURNAL,
        section.products[0].kind.value if section.products else JOURNAL,
        "yes" if section.is_imagined else "no",
        section.token.value if section.token else "any",
        " | ".join(sample.name for sample in line.samples),
        " | ".join(" + ".join(roles) or "none" for roles in line.roles),
        *(_code(cell) for cell in (answers.own, answers.other, answers.none)),
        " | ".join(deciders),
        " | ".join(text.title_fi for text in texts),
        " | ".join(text.title_sv for text in texts),
        " | ".join(dict.fromkeys(text.ground for text in texts)),
    )


def _code(cell: Cell | None) -> str:
    if cell is None:
        return "no_such_area"
    if cell.needs is None:
        return "denied" if cell.is_listed else "not_listed"
    if cell.needs == (frozenset(),):
        return "permitted"
    return "if " + " or ".join(" and ".join(sorted(names)) for names in cell.needs)


def _deciders(line: Line) -> tuple[str, ...]:
    """Each once, in the order of the cells; what nothing decided, last."""
    names = dict.fromkeys(name for cell in line.answers.cells for name in cell.decided_by)
    return tuple(sorted(names, key=lambda name: name == DEFAULT_DENY))


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
