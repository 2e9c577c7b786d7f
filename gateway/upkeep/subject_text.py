"""A data subject's answer as a plain text in one language, made from its JSON document alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.model.days import helsinki_day
from gateway.model.label import Label
from gateway.upkeep import subject_words as words

LANGUAGES = ("fi", "sv", "en")
_WIDTH = 78


def answer_text(document: Mapping[str, Any], language: str) -> str:
    """language: one of LANGUAGES. Ends with a line feed."""
    return "".join(f"{line}\n" for line in _Text(language).lines(document))


@dataclass(frozen=True, slots=True)
class _Text:
    language: str

    def lines(self, document: Mapping[str, Any]) -> Iterator[str]:
        made = helsinki_day(datetime.fromisoformat(document["made_utc"]))
        yield from self._heading(words.HEADING, "=")
        yield self._field(words.CASE, document["case"])
        yield self._field(words.PERIOD, self._span(document["since"], document["until"]))
        yield self._field(words.MADE, self._day(made.isoformat()))
        yield ""
        yield from _wrapped(self._say(words.SCOPE))
        yield ""
        yield from self._heading(words.DELIVERIES, "-")
        yield from self._deliveries(document)
        if document["unanswered"]:
            yield ""
            yield from self._heading(words.UNANSWERED, "-")
            yield from _wrapped(self._say(words.UNANSWERED_MEANS))
            for each in document["unanswered"]:
                yield from self._unanswered(each)

    def _deliveries(self, document: Mapping[str, Any]) -> Iterator[str]:
        for number, each in enumerate(document["deliveries"]):
            if number:
                yield ""
            yield from self._delivery(each)
        if not document["deliveries"]:
            yield from _wrapped(self._say(words.NO_DELIVERIES))
        if document["is_person_in_register"] is False:
            yield from _wrapped(self._say(words.NOT_IN_REGISTER))

    def _delivery(self, each: Mapping[str, Any]) -> Iterator[str]:
        bases = ", ".join(self._name(basis) for basis in each["legal_bases"])
        yield each["title"][self.language]
        yield self._inner(words.RECIPIENT, self._name(each["organisation"]))
        yield self._inner(words.PURPOSE, self._name(each["purpose"]))
        yield self._inner(words.LEGAL_BASIS, bases or self._say(words.UNSAID))
        yield self._inner(words.AREA, self._name(each["area"]))
        yield self._inner(words.AS_OF, self._day(each["as_of"]))
        yield self._inner(words.RELEASE, f"{each['product']} {each['release']}")
        yield self._inner(words.CONTRACT, each["contract_version"] or self._say(words.UNSAID))
        yield self._inner(words.DATES, "").rstrip()
        for dated in each["dates"]:
            disclosure = self._say(words.DISCLOSURES[dated["disclosure"]])
            outcome = self._say(words.OUTCOMES[dated["outcome"]])
            yield f"    {self._day(dated['date'])}: {disclosure}; {outcome}"

    def _unanswered(self, each: Mapping[str, Any]) -> Iterator[str]:
        yield ""
        yield from _wrapped(self._say(words.REASONS[each["reason"]]))
        if each["product"] is not None:
            release = each["release"] or self._say(words.UNSAID)
            yield self._inner(words.RELEASE, f"{each['product']} {release}")
            yield self._inner(words.AREA, self._name(each["area"]))
        if each["dates"] is None:
            days = [self._span(each["since"], each["until"])]
        else:
            days = [self._day(day) for day in each["dates"]]
        yield from _wrapped(f"{self._say(words.DATES)}: {', '.join(days)}", indent="  ")

    def _heading(self, label: Label, line: str) -> Iterator[str]:
        text = self._say(label)
        yield from (text, line * len(text), "")

    def _field(self, label: Label, value: str) -> str:
        return f"{self._say(label)}: {value}"

    def _inner(self, label: Label, value: str) -> str:
        return f"  {self._field(label, value)}"

    def _name(self, coded: Mapping[str, Any]) -> str:
        if coded["code"] is None:
            return self._say(words.UNSAID)
        name = coded["name"]
        return coded["code"] if name is None else f"{name[self.language]} ({coded['code']})"

    def _span(self, first: str, last: str) -> str:
        return f"{self._day(first)} – {self._day(last)}"

    def _day(self, text: str) -> str:
        """As people write it: in English unmistakably, year first."""
        day = date.fromisoformat(text)
        return text if self.language == "en" else f"{day.day}.{day.month}.{day.year}"

    def _say(self, label: Label) -> str:
        return label.in_language(self.language)


def _wrapped(text: str, *, indent: str = "") -> Sequence[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
