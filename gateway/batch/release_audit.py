"""`jakelu release audit`: a stored cube against the warehouse and against its readers."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console

from gateway.batch.progress import progress_bars
from gateway.batch.rehearse import reading_services
from gateway.batch.release_view import find_release
from gateway.batch.report_format import Format, is_json
from gateway.errors import BadParameter
from gateway.model.cube import Cube
from gateway.model.release import Manifest
from gateway.ports import ReleaseStore
from gateway.publishing.cube_findings import told
from gateway.publishing.release_audit import ReleaseAudited, Strength, Untrue, audit_release
from gateway.publishing.stored_cube import stored_cube
from gateway.releases.layout import CUBE_ARROW
from gateway.settings import BatchSettings

_SHOWN = 40  # findings in a list for people; JSON has them all


def audit(
    settings: BatchSettings, product: str, release: str, *, strength: Strength, form: Format
) -> bool:
    """Print what the attack on a release finds; whether it finds nothing.

    Raises ProductNotFound, ReleaseNotFound, ReleaseDamaged, ContractFault, BadParameter,
    WarehouseUnavailable.
    """
    with reading_services(settings) as services, progress_bars() as bar:
        manifest = find_release(services.releases, product, release)
        done = audit_release(
            services.catalog.find(product),
            manifest,
            _cube(services.releases, manifest),
            strength=strength,
            services=services,
            progress=bar(f"{product} {manifest.release}"),
        )
    if is_json(form, sys.stdout):
        typer.echo(json.dumps(_document(done), ensure_ascii=False))
    else:
        _print(done, Console(soft_wrap=True, highlight=False))
    return done.holds


def _cube(releases: ReleaseStore, manifest: Manifest) -> Cube:
    if manifest.file_at(CUBE_ARROW) is None:
        raise BadParameter(
            f"{manifest.product} delivers rows: only cubes are attacked.", parameter="product"
        )
    return stored_cube(manifest, releases)


def _document(done: ReleaseAudited) -> dict[str, Any]:
    """No count of persons stands in it: a finding is named by what it follows from."""
    return {
        "product": done.manifest.product,
        "release": str(done.manifest.release),
        "same_contract": done.same_contract,
        "slices": list(done.slices),
        "holds": done.holds,
        "untrue": [_untrue(one) for one in done.untrue],
        "findings": [
            {
                "measure": done.lattice.measure_names[finding.measure],
                "codes": {
                    axis.name: axis.codes[code].code
                    if code >= 0
                    else [axis.codes[leaf].code for leaf in finding.leaves]
                    for axis, code in zip(done.lattice.axes, finding.cell, strict=True)
                },
                "kind": finding.kind.value,
                "exact": finding.is_exact,
                "by": list(finding.viewer) or None,
                "told": told(finding, done.lattice),
            }
            for finding in done.findings
        ],
        "revised_beyond_the_earlier": list(done.revised_beyond),
        "stopped": done.stopped or None,
        "audit": _audit(done),
    }


def _audit(done: ReleaseAudited) -> dict[str, Any]:
    """slices: attacked to the end; fewer than there are when the time was used up."""
    reports = [one.report for one in done.attacks]
    summed = {
        name: sum(report[name] for report in reports)
        for name in ("slices", "targets", "programmes", "exact", "narrow")
    }
    widths = {"outsider": done.rules.outsider_width, "insider": done.rules.insider_width}
    viewers = max((one.viewers for one in done.attacks), default=0)
    return {**summed, "viewers": viewers, "widths": widths, "coalition": done.rules.coalition}


def _print(done: ReleaseAudited, console: Console) -> None:
    manifest, findings = done.manifest, done.findings
    widths = f"{done.rules.outsider_width} and {done.rules.insider_width}"
    console.print(f"[bold]{manifest.product}[/] {manifest.release}, widths {widths}")
    if not done.same_contract:
        console.print("The contract has changed since; the truth is counted by today's.")
    for name in done.revised_beyond:
        console.print(
            f"[yellow]revised[/] {name} hides what the release before tells, and is still so."
        )
    for one in done.untrue:
        console.print(f"[red]untrue[/]  {one.measure} {one.why}: {one.cells:,} cells, {one.first}")
    for finding in findings[:_SHOWN]:
        console.print(f"[red]found[/]   {told(finding, done.lattice)}")
    if len(findings) > _SHOWN:
        console.print(f"… and {len(findings) - _SHOWN:,} more; --format json has them all.")
    if done.stopped:
        console.print(f"[red]stopped[/] {done.stopped}")
    console.print(_verdict(done))


def _verdict(done: ReleaseAudited) -> str:
    audit = _audit(done)
    return (
        f"{audit['targets']:,} small counts of {audit['slices']} slices attacked by {audit['viewers']} "
        f"readers: {audit['exact']:,} follow exactly, {audit['narrow']:,} are too narrow. "
        + ("[bold green]Holds[/]" if done.holds else "[bold red]Does not hold[/]")
    )


def _untrue(one: Untrue) -> dict[str, Any]:
    return {"measure": one.measure, "why": one.why, "cells": one.cells, "first": one.first}
