"""The syntax of a PX file: keywords with a language and sub-keys, and texts in quotation marks.

A text has no escape, so it stays on one line and has apostrophes for quotation marks. Source: PX file format
specification, AXIS-VERSION 2013 (Statistics Sweden).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

TEXT_MAX = 256
NAME_MAX = 20  # of a matrix and of a subject's code
_LINE_MAX = 256


def plain(text: str, *, longest: int = TEXT_MAX) -> str:
    """The text as one that may stand between quotation marks, cut where it is too long."""
    shown = "".join(each if each.isprintable() else " " for each in text.replace('"', "'"))
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def quoted(text: str) -> str:
    return f'"{text}"'


def told_apart(texts: Sequence[str], codes: Sequence[str]) -> tuple[str, ...]:
    """A plain text for each code, none of them twice: the format finds values by their texts.

    A text that several have gets its code, and when that is not enough, each has its code alone.
    """
    names = [plain(text) or plain(code) for text, code in zip(texts, codes, strict=True)]
    often = Counter(names)
    marked = [
        name if often[name] == 1 else _with_code(name, plain(code))
        for name, code in zip(names, codes, strict=True)
    ]
    return tuple(marked if len(set(marked)) == len(marked) else map(plain, codes))


def entry(keyword: str, *values: str, language: str = "", of: Sequence[str] = ()) -> str:
    """`KEYWORD[language]("of")=values;` on lines that end after a comma.

    values: as they are to stand there. language: empty for the file's own.
    """
    suffix = f"[{language}]" if language else ""
    key = f"({','.join(map(quoted, of))})" if of else ""
    head = f"{keyword}{suffix}{key}="
    return head + "\n".join(_lines(values, len(head))) + ";\n"


def long_text(keyword: str, text: str, *, language: str = "") -> str:
    """A keyword whose text may be longer than a line: pieces in quotation marks, one to a line."""
    whole = plain(text, longest=len(text))
    if len(whole) <= TEXT_MAX - 2:
        return entry(keyword, quoted(whole), language=language)
    suffix = f"[{language}]" if language else ""
    return f"{keyword}{suffix}=\n" + "\n".join(map(quoted, _pieces(whole))) + ";\n"


def _with_code(name: str, code: str) -> str:
    return f"{plain(name, longest=max(1, TEXT_MAX - len(code) - 3))} ({code})"


def _pieces(text: str) -> Iterator[str]:
    """Cut behind spaces, so that no word is broken, unless one is as long as a line."""
    size = TEXT_MAX - 2
    while len(text) > size:
        end = text.rfind(" ", 0, size) + 1 or size
        yield text[:end]
        text = text[end:]
    yield text


def _lines(values: Sequence[str], used: int) -> Iterator[str]:
    line = ""
    for i, value in enumerate(values):
        part = value if i == len(values) - 1 else f"{value},"
        if line and used + len(line) + len(part) > _LINE_MAX:
            yield line
            line, used = "", 0
        line += part
    yield line
