"""`outputFormatParams`: how a table for people is written, as far as its format has such a choice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.encoding.formats import CSV, HTML, XLSX, Format
from gateway.errors import BadParameter

_PARAMETER = "outputFormatParams"
_SEPARATORS = {"separatortab": "\t", "separatorspace": " ", "separatorsemicolon": ";"}
_NAMES = {"usecodes": "codes", "usetexts": "texts", "usecodesandtexts": "both"}
_TITLE = "includetitle"
_WORDS = ("UseCodes", "UseTexts", "UseCodesAndTexts", "IncludeTitle")
# Every other format says codes and texts anyway, each in its place.
PARAMETERS: Mapping[Format, tuple[str, ...]] = MappingProxyType(
    {
        CSV: (*_WORDS, "SeparatorTab", "SeparatorSpace", "SeparatorSemicolon"),
        XLSX: _WORDS,
        HTML: _WORDS,
    }
)


@dataclass(frozen=True, slots=True)
class Form:
    """names: `codes`, `texts` or `both`. separator: of CSV."""

    names: str = "texts"
    has_title: bool = False
    separator: str = ","


def read_form(parameters: Collection[str], chosen: Format) -> Form:
    """The parameters in any case, as far as the format has them. Raises BadParameter."""
    given = {each.strip().casefold() for each in parameters}
    known = PARAMETERS.get(chosen, ())
    if given and not known:
        formats = ", ".join(each.name for each in PARAMETERS)
        raise BadParameter(
            f"{chosen.name} has no parameters; leave them out. Those that have are {formats}.",
            parameter=_PARAMETER,
        )
    names = [_NAMES[each] for each in _NAMES if each in given]
    separators = [_SEPARATORS[each] for each in _SEPARATORS if each in given]
    unknown = given - {each.casefold() for each in known}
    if unknown or len(names) > 1 or len(separators) > 1:
        raise BadParameter(
            f"For {chosen.name} give some of {', '.join(known)}: at most one `Use` and one `Separator`.",
            parameter=_PARAMETER,
        )
    return Form(
        names[0] if names else "texts", _TITLE in given, separators[0] if separators else ","
    )
