"""The command `jakelu pull`: a few lines; the work is in `gateway.pull`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

CONFIG_NAME = "jakelu-pull.toml"


def pull(
    *,
    config: Annotated[Path, typer.Option(help="The config file.")] = Path(CONFIG_NAME),
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but what failed, for cron.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each download, for machines.")
    ] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Print an example of a config file, and stop.")
    ] = False,
    jwks: Annotated[
        bool,
        typer.Option("--jwks", help="Print the public half of your key to register, and stop."),
    ] = False,
) -> None:
    """Fetch published files from a gateway; what has not changed is not transferred again.

    Made for a scheduled job: interrupted downloads go on where they stopped, each file is checked by its
    SHA-256 and put in place in one step, and a file that was damaged here is fetched anew.
    docs/pull.md explains the config file.

    Exit codes: 0 all fetched or unchanged; 1 something is refused or failed, and somebody must act;
    2 the options or the config file are wrong; 3 not now (an outage, a limit, another run): try later.
    """
    from gateway.pull.config import load_config
    from gateway.pull.example import EXAMPLE
    from gateway.pull.faults import PullFault
    from gateway.pull.run import public_keys
    from gateway.pull.run import pull as fetch_all

    if init:
        typer.echo(EXAMPLE, nl=False)
        return
    form = "json" if as_json else "quiet" if quiet else "lines"
    try:
        settings = load_config(config)
        if jwks:
            typer.echo(json.dumps(public_keys(settings), indent=2))
            return
        sys.exit(fetch_all(settings, form=form))
    except PullFault as fault:
        typer.echo(f"jakelu pull: {fault}", err=True)
        sys.exit(fault.exit_code)
