"""The commands `jakelu policy …`: a few lines each; the work is in `gateway.batch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="Review the policies: who gets what, and why. docs/identity.md explains both.",
    no_args_is_help=True,
)

ProductsDir = Annotated[Path, typer.Option(help="The contracts.")]
PoliciesDir = Annotated[Path, typer.Option(help="The policies.")]


@app.command("matrix")
def matrix(
    *,
    language: Annotated[
        Literal["fi", "sv"], typer.Option("--lang", help="The language of Markdown.")
    ] = "fi",
    form: Annotated[
        Literal["markdown", "csv"],
        typer.Option("--format", help="CSV has codes and both languages."),
    ] = "markdown",
    write: Annotated[
        bool, typer.Option("--write", help="Write matrix.fi.md, matrix.sv.md and matrix.csv.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit code 1 when the files have drifted.")
    ] = False,
    products_dir: ProductsDir = Path("products"),
    policies_dir: PoliciesDir = Path("policies"),
) -> None:
    """Print who gets what: role × product × area, with the deciding policies and their ground in law.

    Every answer is the policy engine's own. The files beside the policies are what a privacy officer
    reviews; they are no policy themselves.
    """
    from gateway.batch.policy_matrix_files import check_matrix, matrix_text, write_matrix

    if write and check:
        raise typer.BadParameter("Give one of --write and --check.")
    if write:
        for path in write_matrix(products_dir, policies_dir):
            typer.echo(path)
    elif check:
        check_matrix(products_dir, policies_dir)
        typer.echo("the matrix holds")
    else:
        which = "csv" if form == "csv" else language
        typer.echo(matrix_text(products_dir, policies_dir, which), nl=False)
