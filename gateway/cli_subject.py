"""`jakelu subject`: the answer to a person who asks to whom their data was given."""

from __future__ import annotations

from datetime import datetime
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

app = typer.Typer(
    help="""Answer a data subject: which deliveries had their rows, when, to whom and why.

    request → approve → approve → answer: two approvers other than the requester, each with their own
    login and key (policies/approvers.yaml), and a case number. Each step is in the journal before it
    has effect; the person never is. docs/pseudonyms.md explains it.
    """,
    no_args_is_help=True,
)

PersonFile = Annotated[
    Path | None,
    typer.Option(
        "--person-file",
        help="Where the internal id stands (mode 0600); else you are asked for it.",
    ),
]


@app.command("request")
def subject_request(  # noqa: PLR0913 (options of a command)
    *,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="From this day (Finland).")],
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="To the end of this day; today at most.")
    ],
    case: Case,
    purpose: Annotated[str, typer.Option(help="Of policies/purposes.yaml, and allowed for this.")],
    legal_basis: Annotated[str, typer.Option(help="Of policies/purposes.yaml.")],
    person: Person,
    key: KeyFile,
    person_file: PersonFile = None,
) -> None:
    """Ask for the answer to one person, and print the id of the request.

    The internal id of the register, never an identity code. It is asked for at the keyboard without being
    shown, or read from a file, since a command line stays in the shell's history.
    """
    from gateway.batch.subject import request
    from gateway.journal.summary import Period
    from gateway.settings import load_batch_settings
    from gateway.upkeep.subject_request import SubjectRequest

    asked = SubjectRequest(Period(since.date(), until.date()), case, purpose, legal_basis)
    signer = signer_of(person, key)
    settings = load_batch_settings()
    typer.echo(request(settings, asked, secret_of("Internal id", person_file), signer=signer))


@app.command("show")
def subject_show(reference: Request, *, statement_for: StatementFor = None) -> None:
    """Print what was asked, by whom, why, and who has approved; never about whom."""
    from gateway.batch.subject import described, statement
    from gateway.settings import load_batch_settings

    settings = load_batch_settings()
    if statement_for is not None:
        typer.echo(statement(settings, reference, statement_for), nl=False)
        return
    for line in described(settings, reference):
        typer.echo(line)


@app.command("approve")
def subject_approve(
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
    from gateway.batch.subject import approve
    from gateway.settings import load_batch_settings

    signer = approving(person, key=key, signature=signature)
    typer.echo(approve(load_batch_settings(), reference, signer=signer))


@app.command("answer")
def subject_answer(
    reference: Request,
    *,
    person: Person,
    key: KeyFile,
    out: Annotated[Path, typer.Option(help="A new folder; it is made with mode 0700.")],
    person_file: PersonFile = None,
) -> None:
    """Write the answer, once, for the requester: JSON, and a text in Finnish, Swedish and English.

    Who read is not in it, and neither is the person's id or pseudonym. What cannot be answered any more is
    said with its dates. Counts alone are printed, and in the journal.
    """
    from gateway.batch.subject import answer
    from gateway.settings import load_batch_settings

    signer = signer_of(person, key)
    settings = load_batch_settings()
    internal_id = secret_of("Internal id", person_file)
    found = answer(settings, reference, internal_id, out, signer=signer)
    typer.echo(
        f"{out}: {found.deliveries} deliveries, {found.possible} of them possible, "
        f"{found.unanswered} unanswered"
    )
