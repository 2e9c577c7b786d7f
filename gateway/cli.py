"""The command `jakelu`: a few lines per command; the work is in the two composition roots.

Commands import late, so that `jakelu serve` never loads the publish road.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli_database import app as database_app
from gateway.cli_journal import app as journal_app
from gateway.cli_key import app as key_app
from gateway.cli_policy import app as policy_app
from gateway.cli_pseudonym import app as pseudonym_app
from gateway.cli_pull import pull
from gateway.cli_subject import app as subject_app
from gateway.errors import BadParameter, GatewayError

app = typer.Typer(
    name="jakelu",
    help="A secure data-distribution gateway for the Finnish employment services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
release_app = typer.Typer(help="Look at published releases.", no_args_is_help=True)
app.add_typer(release_app, name="release")
app.add_typer(journal_app, name="journal")
app.add_typer(policy_app, name="policy")
app.add_typer(pseudonym_app, name="pseudonym")
app.add_typer(subject_app, name="subject")
app.add_typer(key_app, name="key")
app.add_typer(database_app, name="database")
app.command("pull")(pull)

Day = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day that the release tells of."),
]
ReleaseName = Annotated[str, typer.Argument(help="A release id, or `latest`.")]
Newest = Annotated[
    int, typer.Option(min=0, help="Only so many of the newest months, for a quick look; 0 for all.")
]
Format = Annotated[
    Literal["auto", "table", "json"],
    typer.Option("--format", help="auto: tables on a terminal, JSON lines in a pipe."),
]
Width = Annotated[
    int | None,
    typer.Option(min=0, help="In persons; the contract's, or threshold - 1 where it states none."),
]
DemoDir = Annotated[Path, typer.Option("--dir", help="The folder of the demo.")]


def main() -> None:
    """Run a command; a GatewayError is one clear line on stderr and exit code 1."""
    try:
        app()
    except GatewayError as fault:
        typer.echo(f"jakelu: {fault.title}. {fault.detail}".rstrip(), err=True)
        sys.exit(1)


@app.command()
def demo(
    *,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 8080,
    scale: Annotated[float, typer.Option(min=0.001, max=1.0, help="1.0 = all of Finland.")] = 0.05,
    directory: DemoDir = Path(".demo"),
    serve_only: Annotated[
        bool, typer.Option("--serve-only", help="Serve what an earlier demo published.")
    ] = False,
    publish_only: Annotated[
        bool, typer.Option("--publish-only", help="Build and publish, then stop.")
    ] = False,
) -> None:
    """Build a synthetic warehouse, publish every product, and serve it on this machine.

    What is already built is kept: the second start takes seconds.
    """
    from gateway.batch.demo import build_demo
    from gateway.batch.demo_server import serve_demo

    if not serve_only:
        build_demo(directory, scale=scale)
    if not publish_only:
        sys.exit(serve_demo(directory, port=port))


@app.command()
def publish(
    products: Annotated[
        list[str] | None, typer.Argument(help="Product ids; all of them when none is named.")
    ] = None,
    *,
    as_of: Day = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; print what cubes would hide.")
    ] = False,
    newest: Newest = 0,
    form: Format = "auto",
) -> None:
    """Make releases: extract, protect, write, sign.

    Publishing the same inputs twice makes one release. A product that fails leaves its last release
    in place, and the command ends with exit code 1.

    With --dry-run, the way to design the contract of a cube: it is protected and attacked, and nothing
    is written or journaled. Printed are the cells hidden by level and table, the limits of the contract
    (exit code 1 when one is broken), and what coarser detail would win.
    """
    from gateway.batch.publish import publish_products
    from gateway.batch.rehearse import rehearse_products
    from gateway.settings import load_batch_settings

    day, ids = as_of.date() if as_of else None, products or []
    if newest and not dry_run:
        raise BadParameter(
            "A release has every slice: --newest is for --dry-run.", parameter="newest"
        )
    if dry_run:
        done = rehearse_products(load_batch_settings(), ids, as_of=day, newest=newest, form=form)
    else:
        done = publish_products(load_batch_settings(), ids, as_of=day)
    if not done:
        sys.exit(1)


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes.")] = None,
) -> None:
    """Serve releases over HTTP. Refuses to start where the warehouse or the keys are within reach."""
    from gateway.serving import run
    from gateway.settings import load_serve_settings

    run(load_serve_settings(host=host, port=port, workers=workers))


@app.command()
def check(
    *,
    products_dir: Annotated[Path, typer.Option(help="The contracts.")] = Path("products"),
    policies_dir: Annotated[Path, typer.Option(help="The policies.")] = Path("policies"),
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], help="Warn as of this day; today when left out."
        ),
    ] = None,
) -> None:
    """Check every contract and policy; each fault comes with its file, its line and the remedy.

    Subscriptions and data permits that end within 30 days are warned of; a warning is no fault.
    """
    from gateway.batch.checks import check_all, warnings

    for warning in warnings(policies_dir, on=on.date() if on else None):
        typer.echo(f"warning: {warning}", err=True)
    faults = check_all(products_dir, policies_dir)
    for fault in faults:
        typer.echo(fault, err=True)
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    typer.echo(count if faults else "contracts and policies hold")
    sys.exit(1 if faults else 0)


@app.command()
def token(
    persona: Annotated[str, typer.Argument(help="municipality-bi, ely-analyst, auditor, …")],
    *,
    directory: DemoDir = Path(".demo"),
    minutes: Annotated[int, typer.Option(min=1, max=60, help="How long it is valid.")] = 60,
) -> None:
    """Print an access token of the demo's issuer."""
    from gateway.batch.demo import demo_token

    typer.echo(demo_token(persona, directory, minutes=minutes))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from gateway.serving import openapi_text

    typer.echo(openapi_text(), nl=False)


@release_app.command("list")
def release_list(
    product: Annotated[str | None, typer.Argument(help="One product; all when omitted.")] = None,
) -> None:
    """List releases, newest first: product, release, as-of day, files, bytes."""
    from gateway.batch.release_view import release_lines
    from gateway.settings import load_batch_settings

    for line in release_lines(load_batch_settings(), product):
        typer.echo(line)


@release_app.command("show")
def release_show(product: str, release: ReleaseName = "latest") -> None:
    """Print a release's manifest, with its protection report, as JSON."""
    from gateway.batch.release_view import release_manifest
    from gateway.settings import load_batch_settings

    typer.echo(release_manifest(load_batch_settings(), product, release))


@release_app.command("verify")
def release_verify(product: str, release: ReleaseName = "latest") -> None:
    """Check the signature, every file's size and every file's hash."""
    from gateway.batch.release_view import verify_release
    from gateway.settings import load_batch_settings

    typer.echo(verify_release(load_batch_settings(), product, release))


@release_app.command("audit")
def release_audit(
    product: str,
    release: ReleaseName = "latest",
    *,
    outsider_width: Width = None,
    insider_width: Width = None,
    newest: Newest = 0,
    budget: Annotated[
        float | None, typer.Option(min=1, help="Seconds of attack; audit_seconds when left out.")
    ] = None,
    form: Format = "auto",
) -> None:
    """Attack a published cube: count it again, compare, and look for what its readers can find out.

    Runs on the publish road, for the truth is in the warehouse. Each finding is named by what it follows
    from, never by its count. The command ends with exit code 1 when there is one, or when a published
    number is not what is counted.
    """
    from gateway.batch.release_audit import audit
    from gateway.publishing.release_audit import Strength
    from gateway.settings import load_batch_settings

    settings = load_batch_settings()
    strength = Strength(budget or settings.audit_seconds, outsider_width, insider_width, newest)
    if not audit(settings, product, release, strength=strength, form=form):
        sys.exit(1)
