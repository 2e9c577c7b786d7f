"""The commands `jakelu journal …`: a few lines each; the work is in `gateway.batch.journal_view`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.errors import BadParameter, RepeatedParameter

app = typer.Typer(
    help="""The journal on this machine: searched, verified, exported, pruned, held, and the key that signs it.

    Auditors read and verify it over HTTP, or from an export with tools/verify_journal.py, which needs
    nothing of this machine (docs/audit.md).
    """,
    no_args_is_help=True,
)


hold_app = typer.Typer(
    help="""Keep entries although they have expired: an investigation, a request, a court.

    What matches is kept, also what comes later, with the client addresses that are still there.
    """,
    no_args_is_help=True,
)
app.add_typer(hold_app, name="hold")

Only = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE, like organisation=KU837 or since=2026-01-01; once for each filter."
    ),
]


User = Annotated[
    str,
    typer.Option(help="The role in a PostgreSQL that may let expire and hold; for a file, nobody."),
]
_KEEPER = "jakelu_retention"


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
    problems, count, expired = verify_journal(settings, verifier_keys(settings))
    for problem in problems:
        typer.echo(problem, err=True)
    typer.echo(f"{count} entries, {expired} expired, {len(problems)} problems")
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


@app.command("prune")
def prune(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; print what would go.")
    ] = False,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="As of this day; today in Finland when left out."
        ),
    ] = None,
    user: User = _KEEPER,
) -> None:
    """Take bodies and client addresses that have expired, by the settings and the contracts.

    An entry's place, kind, time and hash stay, so that the tree holds. Entries under a hold stay whole. What
    goes is journaled in the same transaction, with your login. Run it every night; a run that is killed
    has taken whole batches, and the next one goes on.
    """
    from gateway.batch.journal_retention import prune_journal, rehearse_pruning
    from gateway.settings import load_journal_settings

    settings = load_journal_settings()
    day = on.date() if on else None
    run = rehearse_pruning if dry_run else prune_journal
    done = run(settings, day=day, user=user)
    for kind, count in sorted(done.kinds.items()):
        typer.echo(f"{kind}\t{count}")
    would = "would go" if dry_run else "gone"
    typer.echo(f"{done.kinds.total()} bodies and {done.addresses} addresses {would}")


@hold_app.command("add")
def hold_add(
    *,
    reason: Annotated[str, typer.Option(help="A code of policies/holds.yaml.")],
    case: Annotated[str, typer.Option(help="The case number, like KEHA/123/2026.")],
    only: Only = None,
    user: User = _KEEPER,
) -> None:
    """Hold what the filters find, all of them together. The hold's number goes to standard output.

    jakelu journal hold add --reason court --case KEHA/123/2026 --only client=tampere-bi
    """
    from gateway.batch.journal_holds import make_hold
    from gateway.settings import load_shared_settings

    settings = load_shared_settings()
    named = _named(only)
    number = make_hold(settings, reason=reason, case_ref=case, parameters=named, user=user)
    typer.echo(number)


@hold_app.command("list")
def hold_list() -> None:
    """The holds that stand: number, time, login, reason, case, filters."""
    from gateway.batch.journal_holds import hold_lines
    from gateway.settings import load_shared_settings

    for line in hold_lines(load_shared_settings()):
        typer.echo(line)


@hold_app.command("lift")
def hold_lift(
    number: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=2**53 - 1, help="What `add` and `list` print.")
    ],
    *,
    user: User = _KEEPER,
) -> None:
    """End a hold: what has expired goes with the next pruning."""
    from gateway.batch.journal_holds import lift_hold
    from gateway.settings import load_shared_settings

    lift_hold(load_shared_settings(), number, user=user)


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
