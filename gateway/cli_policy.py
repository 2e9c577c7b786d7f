"""The commands `jakelu policy …`: a few lines each; the work is in `gateway.batch`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.errors import GatewayError

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
    from gateway.batch.review.matrix_files import check_matrix, matrix_text, write_matrix

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


@app.command("explain")
def explain(  # noqa: PLR0913 (options of a command)
    *,
    product: Annotated[str, typer.Option(help="The product's id.")],
    organisation: Annotated[
        str | None, typer.Option(help="The caller's organisation: KU837, TA39, EVK04, TEM, KEHA.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(help="A role of the caller, like atmt:raportointi; repeatable."),
    ] = None,
    area: Annotated[
        str | None, typer.Option(help="For rows; the caller's only area when left out.")
    ] = None,
    purpose: Annotated[str | None, typer.Option(help="As the request would state it.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="The day in Helsinki; today when left out."
        ),
    ] = None,
    is_bound: Annotated[
        bool,
        typer.Option("--bound/--not-bound", help="The token is bound to a key or certificate."),
    ] = False,
    expert_tag: Annotated[str | None, typer.Option(help="The caller's own expert tag.")] = None,
    token: Annotated[
        Path | None,
        typer.Option(
            allow_dash=True, help="Take the caller from a token, which is read and not verified."
        ),
    ] = None,
    form: Annotated[
        Literal["auto", "table", "json"],
        typer.Option("--format", help="auto: a table on a terminal, JSON in a pipe."),
    ] = "auto",
    language: Annotated[Literal["fi", "sv", "en"], typer.Option("--lang")] = "fi",
    products_dir: ProductsDir = Path("products"),
    policies_dir: PoliciesDir = Path("policies"),
) -> None:
    """May this caller have this product: permit or denial, by which policies, and what is missing.

    Asks the policies as the service does, without a server, a warehouse or a journal. Exit code 0 for a
    permit, 1 for a denial, 2 when the question cannot be answered.

    jakelu policy explain --organisation KU837 --role atmt:raportointi --product job-seeker-spells
    """
    from gateway.batch.review.explain import CallerAsked
    from gateway.batch.review.explain_command import explain_ruling

    if (organisation is None) is (token is None):
        raise typer.BadParameter("Give the caller as --organisation or as --token, one of them.")
    if token is not None and (role or expert_tag or is_bound):
        raise typer.BadParameter("A token says roles, expert tag and binding itself.")
    who = token or CallerAsked(organisation or "", tuple(role or ()), is_bound, expert_tag)
    try:
        is_permitted = explain_ruling(
            who,
            product=product,
            area=area,
            purpose=purpose,
            on=on.date() if on else None,
            folders=(products_dir, policies_dir),
            printed=(form, language),
        )
    except GatewayError as fault:
        where = f"--{fault.parameter.replace('_', '-')}: " if fault.parameter else ""
        typer.echo(f"jakelu: {where}{fault.title}. {fault.detail}".rstrip(), err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if is_permitted else 1)
