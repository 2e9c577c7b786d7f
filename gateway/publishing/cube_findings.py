"""What an attack on a cube found, in words: the relations and who can use them, never a count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.attack import Attacked, Finding, Kind
from gateway.model.cube import Lattice

_NAMED = 5  # findings named in one sentence


def told_briefly(found: Attacked, lattice: Lattice) -> str:
    """How many findings there are, and the first of them."""
    named = "; ".join(told(finding, lattice) for finding in found.findings[:_NAMED])
    more = len(found.findings) - _NAMED
    return (
        f"the audit found {found.exact} counts that follow exactly and {found.narrow} that are too "
        f"narrow: {named}{f'; and {more} more' if more > 0 else ''}."
    )


def told(finding: Finding, lattice: Lattice) -> str:
    """One finding: the measure and codes, how much follows, from which sums, and for whom."""
    what = f"{lattice.measure_names[finding.measure]} of {cell_name(finding, lattice)}"
    if finding.kind is Kind.DERIVED:
        what = f"what is hidden in {what} together"
    how = "exactly" if finding.is_exact else "too narrowly"
    sums = ", ".join(_sums(finding, lattice))
    who = f", to {'+'.join(finding.viewer)} with its own figures" if finding.viewer else ""
    where = " (not published)" if finding.kind is Kind.UNPUBLISHED else ""
    return f"{what}{where} follows {how} from the sums over {sums or 'the measures'}{who}"


def cell_name(finding: Finding, lattice: Lattice) -> str:
    """The codes of a finding, axis by axis; a border piece by the codes that it consists of."""
    names = [
        axis.codes[code].code
        if code >= 0
        else f"({'+'.join(axis.codes[leaf].code for leaf in finding.leaves)})"
        for axis, code in zip(lattice.axes, finding.cell, strict=True)
    ]
    return " × ".join(names)


def holders(lattice: Lattice, axis: int, leaves: Sequence[int]) -> Iterator[int]:
    """The codes of an axis that hold all of these leaves and more, in order."""
    wanted = set(leaves)
    for code in range(len(lattice.axes[axis].codes)):
        own = leaves_of(lattice, axis, code)
        if wanted < own:
            yield code


def leaves_of(lattice: Lattice, axis: int, code: int) -> set[int]:
    """The codes without parts that make up a code; itself where it has none."""
    line = next((line for line in lattice.axes[axis].lines if line.parent == code), None)
    if line is None:
        return {code}
    return set[int]().union(*(leaves_of(lattice, axis, child) for child in line.children))


def _sums(finding: Finding, lattice: Lattice) -> Iterator[str]:
    """The published codes right above the cell, along each axis; what a reader begins from."""
    for number, (axis, code) in enumerate(zip(lattice.axes, finding.cell, strict=True)):
        if code < 0:
            above = list(holders(lattice, number, finding.leaves))
        elif finding.kind is Kind.DERIVED:
            above = [code] if any(line.parent == code for line in axis.lines) else []
        else:
            above = [line.parent for line in axis.lines if code in line.children]
        codes = [axis.codes[place].code for place in dict.fromkeys(above)]
        if codes:
            yield f"{axis.name} {'+'.join(codes)}"
