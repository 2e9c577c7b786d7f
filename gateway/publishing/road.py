"""The publish road, on one screen: contract → extract → protect → write → sign → release."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from gateway.errors import ContractFault, ReleaseRefused, WarehouseUnavailable
from gateway.model.product import Product
from gateway.model.release import Manifest, ReleaseId
from gateway.ports import StagedRelease
from gateway.publishing.cube_links import leader_of
from gateway.publishing.cubes import write_cube_release
from gateway.publishing.dirt import dirt_report
from gateway.publishing.family import earlier_kin
from gateway.publishing.inputs import find_ready, inputs_sha256
from gateway.publishing.lineage import check_lineage, check_sources
from gateway.publishing.rows import write_rows
from gateway.publishing.services import Progress, PublishServices, silent
from gateway.publishing.written import Written
from gateway.releases.manifest import canonical_bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A release that is there now. reused: it was there before, made of the same inputs."""

    manifest: Manifest
    reused: bool

    @property
    def release(self) -> ReleaseId:
        return self.manifest.release


def publish(
    product: Product,
    *,
    as_of: date,
    services: PublishServices,
    created_utc: str,
    progress: Progress = silent,
) -> Published:
    """Make one release, or find that it is made. Killed at any moment, it leaves none or a whole one.

    created_utc: RFC 3339 text. Raises IncomeRegisterRowsRefused, WarehouseUnavailable, KeyFault,
    ContractFault, ReleaseRefused, JournalUnavailable; the releases there are stay as they are.
    """
    check_sources(product)
    check_day(product, as_of, services)
    for read in (product, *earlier_kin(product, services.catalog)):  # kin are extracted as well
        check_lineage(read, as_of=as_of, services=services)
    _check_leader(product, as_of, services)
    with services.releases.stage(product.id, as_of) as staged:  # one writer; leftovers are gone
        inputs_of = partial(inputs_sha256, product, services=services)
        ready = find_ready(product.id, as_of=as_of, inputs_of=inputs_of, releases=services.releases)
        if ready is not None:
            return Published(ready, reused=True)
        inputs = inputs_of(staged.release)
        written = _write(product, as_of=as_of, staged=staged, services=services, progress=progress)
        manifest = _manifest(
            product, staged.release, written, services=services, inputs=inputs, created=created_utc
        )
        signature = services.keys.sign(canonical_bytes(manifest))
        # The entry comes first: a release without an entry would be a delivery that no audit can
        # explain, while an entry without a release (killed between the two) only says that one was
        # made ready, and publishing again with the same inputs makes it.
        services.journal_published(manifest)
        staged.commit(manifest, signature)
    progress("committed", 1.0)
    return Published(manifest, reused=False)


def check_day(product: Product, as_of: date, services: PublishServices) -> None:
    """A release never tells of a day that the warehouse does not hold in full."""
    newest = services.warehouse.latest_snapshot()
    if as_of > newest:
        raise WarehouseUnavailable(
            f"{product.id}: the warehouse holds whole days up to {newest.isoformat()} only."
        )


def _check_leader(product: Product, as_of: date, services: PublishServices) -> None:
    """A linked cube follows its leader's release of the day, made of the same inputs as itself.

    Beside an older one, which has another mask, it could tell what that one hides.
    Raises ReleaseRefused, ContractFault.
    """
    leader = leader_of(product, services.catalog)
    if leader is None:
        return
    inputs_of = partial(inputs_sha256, leader, services=services)
    if not find_ready(leader.id, as_of=as_of, inputs_of=inputs_of, releases=services.releases):
        raise ReleaseRefused(
            f"{product.id} is linked to {leader.id}, which has no release of {as_of.isoformat()} that "
            f"was made together with it. Publish both: `jakelu publish {leader.id} {product.id}`."
        )


def _write(
    product: Product,
    *,
    as_of: date,
    staged: StagedRelease,
    services: PublishServices,
    progress: Progress,
) -> Written:
    if product.rows is not None:
        return write_rows(
            product, product.rows, as_of=as_of, staged=staged, services=services, progress=progress
        )
    if product.cube is not None:
        return write_cube_release(
            product, product.cube, as_of=as_of, staged=staged, services=services, progress=progress
        )
    raise ContractFault(f"{product.id} is neither rows nor a cube.")


def _manifest(
    product: Product,
    release: ReleaseId,
    written: Written,
    *,
    services: PublishServices,
    inputs: str,
    created: str,
) -> Manifest:
    dirt = dirt_report(product, as_of=release.as_of, warehouse=services.warehouse)
    return Manifest(
        product=product.id,
        kind=product.kind,
        release=release,
        created_utc=created,
        title=product.title,
        contract_version=product.version,
        contract_sha256=product.contract_sha256,
        definition_version=product.definition_version,
        classification=product.classification,
        personal_data=product.personal_data,
        sources=product.sources,
        columns=written.columns,
        files=written.files,
        protection={**written.protection, "source_faults": dirt},
        policy_set_sha256=services.policy_set_sha256,
        inputs_sha256=inputs,
        build=services.build,
    )
