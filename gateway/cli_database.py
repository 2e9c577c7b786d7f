"""The commands `jakelu database …`: a few lines each; the work is in `gateway.batch.database`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    help="""The databases of the state and the journal: their tables, made and brought up to date, and looked at.

    SQLite files (state_path, journal_path) need none of this. A PostgreSQL (state_url, journal_url) is
    prepared once with deploy/postgresql/roles.sql; docs/operations.md tells how.
    """,
    no_args_is_help=True,
)


@app.command("migrate")
def migrate(
    *,
    user: Annotated[
        str, typer.Option(help="The role that owns the tables, in the place of the address's.")
    ] = "jakelu_owner",
) -> None:
    """Make the tables, or bring them up to date; all or nothing, and harmless to repeat.

    The gateway itself never changes a table: it refuses to start until this has been run.
    """
    from gateway.batch.database import migrate as bring_up_to_date
    from gateway.settings import load_shared_settings

    for line in bring_up_to_date(load_shared_settings(), user=user):
        typer.echo(line)


@app.command("check")
def check() -> None:
    """Look at the databases as the gateway would: reachable, durable, up to date, and no rights too many.

    The command ends with exit code 1 when something is wrong.
    """
    from gateway.batch.database import faults
    from gateway.settings import load_shared_settings

    found = faults(load_shared_settings())
    for name, told in found.items():
        for fault in told:
            typer.echo(fault, err=True)
        typer.echo(f"{name}: {'not fit to serve with' if told else 'ready'}")
    sys.exit(1 if any(found.values()) else 0)
