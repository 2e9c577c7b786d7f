"""What the serve road writes into the journal: intents, refusals, and ends without an answer."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.delivery.plan import Plan, RowsPlan
from gateway.delivery.requests import CubeRequest, RowsRequest
from gateway.delivery.services import Services
from gateway.errors import GatewayError
from gateway.journal.append import Journal
from gateway.journal.body import Asked, Origin, access_body
from gateway.model.caller import Caller
from gateway.model.entry import Completion, Draft, EntryKind, Outcome, Receipt
from gateway.model.product import Product
from gateway.model.ruling import Action, Denial, Permit

Request = RowsRequest | CubeRequest


def action_of(request: Request) -> Action:
    return Action.READ_ROWS if isinstance(request, RowsRequest) else Action.READ_CUBE


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that has its permit."""

    caller: Caller
    request: Request
    product: Product
    permit: Permit


def announce(admitted: Admitted, plan: Plan | None, services: Services) -> Receipt:
    """Write the intent; it is durable when this returns.

    plan: None when the release is too damaged to plan with. Raises JournalUnavailable.
    """
    body = access_body(
        admitted.caller,
        asked(admitted.request, admitted.product, plan),
        ruling=admitted.permit,
        origin=admitted.request.origin,
        manifest=None if plan is None else plan.manifest,
    )
    return services.journal.append(Draft(EntryKind.INTENT, body))


def refuse(
    caller: Caller,
    what: Asked,
    denial: Denial,
    *,
    origin: Origin,
    services: Services,
    told: GatewayError | None = None,
) -> GatewayError:
    """The error to raise, once the refusal is durable. told: when it is not the denial's own.

    Raises JournalUnavailable.
    """
    error = told or denial.error()
    body = access_body(caller, what, ruling=denial, origin=origin, refusal=type(error))
    services.journal.append(Draft(EntryKind.DENIED, body))
    return error


@contextmanager
def closing_on_failure(receipt: Receipt, journal: Journal) -> Generator[None]:
    """Close the intent when what it announced cannot be opened or encoded: nothing is sent then."""
    try:
        yield
    except BaseException as error:
        close_without_answer(receipt, error, journal)
        raise


def close_without_answer(receipt: Receipt, error: BaseException, journal: Journal) -> None:
    """Nothing of what was announced left the house."""
    status = error.status if isinstance(error, GatewayError) else 500
    completion = Completion(
        outcome=Outcome.SERVER_ERROR,
        http_status=status,
        rows=None,
        bytes=0,
        content_sha256=None,
        duration_ms=0.0,
    )
    journal.complete(receipt, completion)


def asked(request: Request, product: Product | None, plan: Plan | None = None) -> Asked:
    """What the journal says of a request.

    product: None when there is none, for what the caller typed is no declared code. Before planning
    there is no selection: its codes are not known to be declared ones yet.
    """
    return Asked(
        action=action_of(request),
        product=None if product is None else product.id,
        areas=(request.area,) if isinstance(request, RowsRequest) and request.area else (),
        selection={} if plan is None else plan.selection,
        columns=plan.columns if isinstance(plan, RowsPlan) else None,
        format=request.format.name,
    )
