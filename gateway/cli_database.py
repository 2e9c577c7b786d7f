"""The commands `jakelu database …`: a few lines each; the work is in `gateway.batch.database`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

app = typer.Typer(
    help="""The state's database: its tables, made and brought up to date, and looked at.

    A SQLite file (state_path) needs none of this. A PostgreSQL (state_url) is prepared once with
    deploy/postgresql/roles.sql; docs/operations.md tells how.
    """,
    no_args_is_help=True,
)


@app.command("migrate")
def migrate(
    *,
    user: Annotated[
        str, typer.Option(help="The role that owns the tables, in the place of state_url's.")
    ] = "jakelu_owner",
) -> None:
    """Make the tables, or bring them up to date; all or nothing, and harmless to repeat.

    The gateway itself never changes a table: it refuses to start until this has been run.
    """
    from gateway.batch.database import migrate as bring_up_to_date
    from gateway.settings import load_shared_settings

    typer.echo(bring_up_to_date(load_shared_settings(), user=user))


@app.command("check")
def check() -> None:
    """Look at the database as the gateway would: reachable, durable, up to date, and no rights too many.

    The command ends with exit code 1 when something is wrong.
    """
    from gateway.batch.database import faults
    from gateway.settings import load_shared_settings

    settings = load_shared_settings()
    found = faults(settings)
    for fault in found:
        typer.echo(fault, err=True)
    typer.echo(f"state: {settings.state}: {'not fit to serve with' if found else 'ready'}")
    sys.exit(1 if found else 0)
