"""The commands `jakelu pseudonym …`: a few lines each; the work is in `gateway.batch.pseudonyms`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli_signing import (
    Case,
    KeyFile,
    MadeElsewhere,
    OwnKey,
    Person,
    Request,
    StatementFor,
    approving,
    secret_of,
    signer_of,
)
from gateway.errors import BadParameter

app = typer.Typer(
    help="Keep pseudonyms: epochs, crosswalks, re-identification. docs/pseudonyms.md explains each.",
    no_args_is_help=True,
)
reidentify_app = typer.Typer(
    help="""Trace one pseudonym back to the internal id of one person.

    request → approve → approve → answer: two approvers other than the requester, each with their own
    login and key (policies/approvers.yaml), and a case number. Each step is in the journal before it
    has effect; the pseudonym never is.
    """,
    no_args_is_help=True,
)
app.add_typer(reidentify_app, name="reidentify")

EpochName = Annotated[str, typer.Argument(help="A name that was never used, like 2027.")]
Area = Annotated[str, typer.Option(help="The recipient: an employment area, two digits.")]
Release = Annotated[str, typer.Option(help="PRODUCT/RELEASE, like job-seeker-spells/2026-06-30.1.")]
PseudonymFile = Annotated[
    Path | None,
    typer.Option(
        "--pseudonym-file", help="Where it stands (mode 0600); else you are asked for it."
    ),
]


@app.command("init")
def init(epoch: EpochName) -> None:
    """Make the key ring of a new installation and begin its first epoch; what exists is kept.

    With keys_dir the key files are made. With vault_address the keys are there already, made by Vault's
    administrator. Either way the public half goes into the file release_public_key_path.
    """
    from gateway.batch.pseudonyms import init_keys
    from gateway.settings import load_batch_settings

    keys, is_first = init_keys(load_batch_settings(), epoch)
    said = "begins" if is_first else "goes on: the key ring was there, and nothing is changed"
    typer.echo(f"epoch {keys.epoch()} {said}")


@app.command("rotate")
def rotate(
    epoch: EpochName,
    *,
    compromised: Annotated[
        bool, typer.Option("--compromised", help="The root may be known: make a new one.")
    ] = False,
) -> None:
    """Begin a new epoch: every recipient gets new pseudonyms in the releases made from now on.

    Nothing that is published or delivered changes, and nobody can go from an old pseudonym to a new one
    without a crosswalk. The journal's entry comes first; a command that is killed has begun the epoch
    or has not, and can be run again.
    """
    from gateway.batch.pseudonyms import rotate_epoch
    from gateway.settings import load_batch_settings

    before = rotate_epoch(load_batch_settings(), epoch, compromised=compromised)
    typer.echo(f"epoch {epoch} begins, after {before}")
    typer.echo("Rows released from now on have new pseudonyms, for every area, family and purpose.")
    typer.echo("Releases made before keep theirs, byte by byte; so do the files already delivered.")
    if compromised:
        typer.echo(
            f"Its root is new. The root of {before} is kept for crosswalks: destroy it after."
        )


@app.command("crosswalk")
def crosswalk(  # noqa: PLR0913 (options of a command)
    *,
    area: Area,
    family: Annotated[str, typer.Option(help="The product family, as the contract names it.")],
    purpose: Annotated[str, typer.Option(help="The first purpose of the family's contracts.")],
    epoch_before: Annotated[str, typer.Option("--from", help="The epoch of the release.")],
    epoch: Annotated[str, typer.Option("--to", help="The epoch of the new pseudonyms.")],
    release: Release,
    case: Case,
    requested_by: Annotated[str, typer.Option(help="The recipient's code, like KU837 or TA39.")],
    out: Annotated[Path, typer.Option(help="A new file; it is written with mode 0600.")],
) -> None:
    """Write old → new pseudonyms of one recipient, for the persons in its slice of a release.

    For that recipient only: area, family and purpose are the same on both sides, and there is no way to
    name two. The request is in the journal before the table is written; pseudonyms never are.

    jakelu pseudonym crosswalk --area 39 --family employment --purpose employment-service-management
    --from 2026 --to 2027 --release job-seeker-spells/2026-06-30.1 --case KEHA/123/2026
    --requested-by KU837 --out crosswalk-39.parquet
    """
    from gateway.batch.pseudonyms import crosswalk as make
    from gateway.settings import load_batch_settings
    from gateway.upkeep.crosswalk import CrosswalkRequest

    product, release_id = _release(release)
    asked = CrosswalkRequest(
        area=area,
        family=family,
        purpose=purpose,
        epoch_before=epoch_before,
        epoch=epoch,
        product=product,
        release=release_id,
        case_ref=case,
        organisation=requested_by,
    )
    made = make(load_batch_settings(), asked, out)
    gone = made.persons - made.mapped
    typer.echo(
        f"{out}: {made.mapped} of {made.persons} pseudonyms, {gone} no longer in the register"
    )
    typer.echo(f"sha256 {made.content_sha256}")


@reidentify_app.command("request")
def reidentify_request(  # noqa: PLR0913 (options of a command)
    *,
    area: Area,
    release: Release,
    epoch: Annotated[str, typer.Option(help="The epoch of the pseudonym.")],
    case: Case,
    purpose: Annotated[str, typer.Option(help="Of policies/purposes.yaml, and allowed for this.")],
    legal_basis: Annotated[str, typer.Option(help="Of policies/purposes.yaml.")],
    person: Person,
    key: KeyFile,
    pseudonym_file: PseudonymFile = None,
) -> None:
    """Ask for a re-identification, and print the id of the request.

    One pseudonym a request. It is asked for at the keyboard without being shown, or read from a file,
    since a command line stays in the shell's history.
    """
    from gateway.batch.pseudonyms_reidentify import request
    from gateway.settings import load_batch_settings
    from gateway.upkeep.reidentification import ReidentificationRequest

    product, release_id = _release(release)
    asked = ReidentificationRequest(area, product, release_id, epoch, case, purpose, legal_basis)
    signer = signer_of(person, key)
    settings = load_batch_settings()
    typer.echo(request(settings, asked, secret_of("Pseudonym", pseudonym_file), signer=signer))


@reidentify_app.command("show")
def reidentify_show(
    reference: Request,
    *,
    statement_for: StatementFor = None,
) -> None:
    """Print what was asked, by whom, why, and who has approved; never the pseudonym."""
    from gateway.batch.pseudonyms_reidentify import described, statement
    from gateway.settings import load_batch_settings

    settings = load_batch_settings()
    if statement_for is not None:
        typer.echo(statement(settings, reference, statement_for), nl=False)
        return
    for line in described(settings, reference):
        typer.echo(line)


@reidentify_app.command("approve")
def reidentify_approve(
    reference: Request,
    *,
    person: Person,
    key: OwnKey = None,
    signature: MadeElsewhere = None,
) -> None:
    """Approve a request with your own key; read it with `show` first.

    To keep your key on a machine of your own, sign there what `show --statement-for` prints:

    openssl pkeyutl -sign -rawin -inkey own.pem -in statement.json | base64 -w0
    """
    from gateway.batch.pseudonyms_reidentify import approve
    from gateway.settings import load_batch_settings

    signer = approving(person, key=key, signature=signature)
    typer.echo(approve(load_batch_settings(), reference, signer=signer))


@reidentify_app.command("answer")
def reidentify_answer(
    reference: Request, *, person: Person, key: KeyFile, pseudonym_file: PseudonymFile = None
) -> None:
    """Print the internal person id, once, to the requester; never an identity code or a name."""
    from gateway.batch.pseudonyms_reidentify import answer
    from gateway.settings import load_batch_settings

    signer = signer_of(person, key)
    settings = load_batch_settings()
    found = answer(settings, reference, secret_of("Pseudonym", pseudonym_file), signer=signer)
    typer.echo("the register has this person no more" if found is None else found)


def _release(text: str) -> tuple[str, str]:
    product, slash, release = text.partition("/")
    if not slash:
        raise BadParameter("Give PRODUCT/RELEASE, like job-seeker-spells/2026-06-30.1.")
    return product, release
