"""The commands `jakelu key …`: a few lines each; the work is in `gateway.batch.keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    help="""Access keys of organisations, on this machine.

    An organisation's own administrator does the same over HTTP (docs/api.md). Each change is in the
    journal, with the login that ran the command, before it has effect.
    """,
    no_args_is_help=True,
)

Organisation = Annotated[str, typer.Option(help="Registry code, like KU837.")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id; `list` prints it.")]


@app.command("create")
def create(
    *,
    organisation: Organisation,
    account: Annotated[str, typer.Option(help="The program, like bi-reports; never a person.")],
    product: Annotated[list[str], typer.Option(help="A product id; once for each product.")],
    role: Annotated[
        list[str] | None, typer.Option(help="Like heti:tilastokuutiot; once for each role.")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="CIDR; once for each. Left out: from everywhere.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long it lives.")] = 90,
    delta_profile: Annotated[
        Path | None,
        typer.Option(
            help="Write a Delta Sharing profile with the secret here; nothing is printed."
        ),
    ] = None,
) -> None:
    """Make a key. Its secret alone goes to standard output, once; what it opens to standard error.

    jakelu key create --organisation KU837 --account bi-reports --product job-seekers
    --role heti:tilastokuutiot --network 192.0.2.0/24 > key.txt
    """
    from gateway.batch.delta_profile import write_into
    from gateway.batch.keys import create as make
    from gateway.identity.key_grants import Grant
    from gateway.model.access_key import ANYWHERE
    from gateway.settings import load_shared_settings

    grant = Grant(
        service_account=account,
        products=tuple(product),
        roles=tuple(role or ()),
        networks=ANYWHERE if network is None else tuple(network),
        lifetime_days=days,
    )
    settings = load_shared_settings()
    if delta_profile is None:
        made = make(settings, organisation, grant)
    else:
        with write_into(delta_profile) as profile:
            made = make(settings, organisation, grant)
            profile.write(made, public_url=str(settings.public_url))
    typer.echo(f"key {made.key.id}, expires {made.key.expires_at:%Y-%m-%dT%H:%M:%SZ}", err=True)
    if delta_profile is None:
        typer.echo(made.secret)


@app.command("list")
def list_keys(
    *,
    organisation: Organisation,
    form: Annotated[
        Literal["auto", "table", "json"],
        typer.Option("--format", help="auto: a table on a terminal, JSON lines in a pipe."),
    ] = "auto",
) -> None:
    """List the keys of an organisation, newest first; never a secret."""
    from gateway.batch.keys import key_lines
    from gateway.settings import load_shared_settings

    for line in key_lines(load_shared_settings(), organisation, form=form):
        typer.echo(line)


@app.command("rotate")
def rotate(
    key: KeyId,
    *,
    overlap_days: Annotated[
        int, typer.Option(min=0, max=14, help="How long the old key works on.")
    ] = 7,
) -> None:
    """Make a key in the place of one, which works on for the overlap. Prints the new secret, once."""
    from gateway.batch.keys import rotate as renew
    from gateway.settings import load_shared_settings

    made = renew(load_shared_settings(), key, overlap_days=overlap_days)
    typer.echo(f"key {made.key.id}, expires {made.key.expires_at:%Y-%m-%dT%H:%M:%SZ}", err=True)
    if made.before is not None:
        typer.echo(f"{key} works until {made.before.expires_at:%Y-%m-%dT%H:%M:%SZ}", err=True)
    typer.echo(made.secret)


@app.command("revoke")
def revoke(key: KeyId) -> None:
    """End a key for good; every serving process refuses it within two seconds."""
    from gateway.batch.keys import revoke as end
    from gateway.settings import load_shared_settings

    end(load_shared_settings(), key)
    typer.echo(f"key {key} is revoked")
