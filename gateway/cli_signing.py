"""What the commands have in common in which people sign: their options, keys and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.errors import BadParameter

if TYPE_CHECKING:
    from gateway.upkeep.approvals import Signer

Case = Annotated[str, typer.Option(help="The case number, like KEHA/123/2026.")]
Request = Annotated[str, typer.Argument(metavar="ID", help="What `request` printed.")]
Person = Annotated[str, typer.Option("--as", help="Your id in policies/approvers.yaml.")]
KeyFile = Annotated[
    Path, typer.Option("--key", help="Your private key (PEM, mode 0600), or - for standard input.")
]
OwnKey = Annotated[
    Path | None, typer.Option("--key", help="Your private key (PEM, mode 0600), or -.")
]
MadeElsewhere = Annotated[
    str | None,
    typer.Option("--signature", help="Instead of --key: made elsewhere, in base64."),
]
StatementFor = Annotated[
    str | None,
    typer.Option(
        "--statement-for",
        help="Print only what this approver signs, to be signed on another machine.",
    ),
]


def signer_of(person: str, key: Path) -> Signer:
    """Raises KeyFault."""
    from gateway.batch.signing import signing_with
    from gateway.upkeep.approvals import Signer

    def passphrase() -> str:
        return typer.prompt("Passphrase of your key", hide_input=True, err=True)

    return Signer(person, signing_with(key, passphrase))


def approving(person: str, *, key: Path | None, signature: str | None) -> Signer:
    """Raises BadParameter, KeyFault."""
    from gateway.batch.signing import signed_elsewhere
    from gateway.upkeep.approvals import Signer

    if signature is not None and key is None:
        return Signer(person, signed_elsewhere(signature))
    if key is not None and signature is None:
        return signer_of(person, key)
    raise BadParameter("Give your key or a signature, one of the two.", parameter="key")


def secret_of(name: str, path: Path | None) -> str:
    """What a file of mode 0600 holds, else what is typed without being shown. Raises KeyFault."""
    from gateway.adapters.keys_private_file import read_private

    if path is None:
        return typer.prompt(name, hide_input=True, err=True).strip()
    return read_private(path).decode("ascii", "replace").strip()
