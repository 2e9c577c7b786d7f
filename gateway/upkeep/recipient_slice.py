"""One recipient's slice of one release: whose pseudonyms, and who may ask about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from gateway.errors import BadParameter, SliceNotFound, UnknownArea, UpkeepRefused, WrongKind
from gateway.model.product import Product, RowsSpec, Transformation
from gateway.model.release import Manifest, ReleaseId, StoredFile
from gateway.model.subscription import Subscription
from gateway.organisations import Registry
from gateway.policy import Policy
from gateway.ports import PseudonymDomain, ReleaseStore
from gateway.releases.slices import Narrowing, Slice
from gateway.upkeep.desk import Register


@dataclass(frozen=True, slots=True)
class RecipientSlice:
    """domain: the one recipient's; column: where the slice keeps its pseudonyms."""

    product: Product
    domain: PseudonymDomain
    manifest: Manifest
    file: StoredFile
    column: str


def find_slice(product_id: str, release: str, *, area: str, register: Register) -> RecipientSlice:
    """Raises ProductNotFound, WrongKind, UnknownArea, ReleaseNotFound, ReleaseDamaged, SliceNotFound."""
    product = register.catalog.find(product_id)
    if product.rows is None:
        raise WrongKind("Only rows have pseudonyms; name a rows product.", parameter="release")
    if area not in register.registry.areas:
        raise UnknownArea("Give the two digits of an employment area.", parameter="area")
    manifest = register.releases.find(product.id, ReleaseId.parse(release))
    file = next((each for each in manifest.files if each.area == area), None)
    if file is None:
        raise SliceNotFound("The release has no slice of the area.", parameter="area")
    domain = PseudonymDomain(area, product.rows.family, register.pseudonym_purpose(product))
    return RecipientSlice(product, domain, manifest, file, _pseudonym_column(product.rows))


def held_pseudonyms(found: RecipientSlice, releases: ReleaseStore) -> pa.Array:
    """The distinct pseudonyms that the recipient has in this slice. Raises ReleaseDamaged."""
    file = releases.open(found.manifest, found.file)
    try:
        batches = Slice(file).batches(Narrowing((found.column,)))
        texts = [batch.column(0).unique() for batch in batches]
    finally:
        file.close()
    return pa.chunked_array(texts, type=pa.string()).combine_chunks().unique()


def check_recipient(
    found: RecipientSlice, organisation: str, *, registry: Registry, policy: Policy, today: date
) -> Subscription:
    """The subscription on whose ground an organisation may have what its own slice leads to.

    Raises BadParameter for an unknown organisation; UpkeepRefused unless it is the slice's recipient,
    is in the product's audience, and could be delivered the slice today.
    """
    asked = registry.find(organisation)
    if asked is None:
        raise BadParameter("There is no such organisation.", parameter="requested-by")
    is_recipient = found.domain.area in registry.scope(organisation, today).areas
    if not is_recipient or asked.kind not in found.product.audience:
        raise UpkeepRefused(
            "not_the_recipient", "The organisation is not a recipient of this area's rows."
        )
    if policy.missing_permits(found.product.sources, today):
        raise UpkeepRefused("data_permit_missing", "A source's data permit is missing today.")
    subscribers = (organisation, f"TA{found.domain.area}")
    for each in policy.subscriptions:
        if (
            each.organisation in subscribers
            and each.product == found.product.id
            and each.purpose in found.product.purposes
            and each.valid_from <= today <= each.valid_to
        ):
            return each
    raise UpkeepRefused("subscription_missing", "The organisation has no valid subscription.")


def _pseudonym_column(spec: RowsSpec) -> str:
    for column in spec.columns:
        if column.transformation is Transformation.PSEUDONYM and column.source == spec.person:
            return column.name
    raise WrongKind("The product delivers no pseudonym of its persons.", parameter="release")
