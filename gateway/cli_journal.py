"""The commands `jakelu journal …`: a few lines each; the work is in `gateway.batch.journal_view`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.errors import BadParameter, RepeatedParameter

app = typer.Typer(
    help="""The journal on this machine: searched, verified, exported, and the key that signs it.

    Auditors read and verify it over HTTP, or from an export with tools/verify_journal.py, which needs
    nothing of this machine (docs/audit.md).
    """,
    no_args_is_help=True,
)


Only = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE, like organisation=KU837 or since=2026-01-01; once for each filter."
    ),
]


@app.command("search")
def search(
    *,
    only: Only = None,
    form: Annotated[
        Literal["auto", "table", "json"],
        typer.Option("--format", help="auto: a table on a terminal, JSON lines in a pipe."),
    ] = "auto",
) -> None:
    """Print the entries that filters find, as auditors find them over HTTP (docs/journal.md).

    The filters, `after` and `limit` are those of /v1/journal/entries. The search is journaled, with your
    login, before anything is read. Where there are more entries, how to go on stands on standard error.

    jakelu journal search --only organisation=KU837 --only refusal=area_out_of_scope
    """
    from gateway.batch.journal_search import found_lines, search_journal
    from gateway.settings import load_shared_settings

    found = search_journal(load_shared_settings(), _named(only))
    for line in found_lines(found, form=form):
        typer.echo(line)
    if found.following is not None:
        typer.echo(f"there are more: --only after={found.following}", err=True)


@app.command("verify")
def verify() -> None:
    """Recompute every leaf and the tree, and check that no entry is missing and every checkpoint holds.

    Where journal_key_path is set, the checkpoints' signatures are checked too. Exit code 1: a problem.
    """
    from gateway.batch.journal_key import verifier_keys
    from gateway.batch.journal_view import verify_journal
    from gateway.settings import load_journal_settings

    settings = load_journal_settings()
    problems, count = verify_journal(settings, verifier_keys(settings))
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(f"{count} entries, {len(problems)} problems")
    sys.exit(1 if problems else 0)


@app.command("key")
def key() -> None:
    """Make the key that signs the journal, unless there is one, and print what auditors verify it with.

    The file is journal_key_path, the log's name journal_origin. Give the printed verifier key to every
    auditor and witness by a way of its own: whoever trusts a false one trusts a false journal.
    """
    from gateway.batch.journal_key import make_journal_key
    from gateway.settings import load_journal_settings

    found, is_new = make_journal_key(load_journal_settings())
    typer.echo("a new key" if is_new else "the key that there was", err=True)
    typer.echo(str(found))


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    *,
    after_checkpoint: Annotated[
        Path | None,
        typer.Option(help="A checkpoint that was kept: export what came after it."),
    ] = None,
    only: Only = None,
) -> None:
    """Write entries, the checkpoint and the proofs to a folder, for tools/verify_journal.py.

    Without filters every entry up to the newest checkpoint, which proves that none is missing. With
    filters each entry has a proof of its own. The export is journaled, with your login.

    jakelu journal export year-2026 --after-checkpoint kept-2025.txt
    jakelu journal export tampere --only organisation=KU837 --only since=2026-01-01
    """
    from gateway.batch.journal_view import export_journal
    from gateway.settings import load_journal_settings

    settings = load_journal_settings()
    exported = export_journal(settings, folder, kept=after_checkpoint, parameters=_named(only))
    typer.echo(f"{exported.entries} entries under the checkpoint of {exported.checkpoint.size}")


def _named(only: list[str] | None) -> dict[str, str]:
    """Raises BadParameter, RepeatedParameter."""
    parameters = dict[str, str]()
    for each in only or ():
        name, sign, value = each.partition("=")
        if not sign:
            raise BadParameter("Give filters as --only NAME=VALUE.", parameter="only")
        if name in parameters:
            raise RepeatedParameter(f"Give --only {name}=… once.", parameter=name)
        parameters[name] = value
    return parameters
