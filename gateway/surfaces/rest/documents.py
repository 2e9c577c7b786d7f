"""What the REST interface tells about products, releases and callers, as strict models.

Never used for rows or cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.contracts import Catalog
from gateway.model.codes import Code
from gateway.model.cube import Axis, Cube
from gateway.model.label import Label
from gateway.model.product import Column, Measure, Product
from gateway.model.release import Manifest
from gateway.surfaces.guides import guides_for
from gateway.surfaces.rest.protection import CubeTold, RowsTold, told_of


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelDocument(Document):
    """A text in Finnish, Swedish and English."""

    fi: str
    sv: str
    en: str

    @staticmethod
    def of(label: Label) -> LabelDocument:
        return LabelDocument(fi=label.fi, sv=label.sv, en=label.en)


class ReleaseDocument(Document):
    """One release. It is listed only when it is whole and signed, so `ready` is always true."""

    release: str = Field(examples=["2026-06-30.1"])
    as_of: date
    created: str = Field(description="When it was made, RFC 3339, UTC.")
    ready: bool
    contract_version: str
    definition_version: str = Field(
        description="Releases with equal definition versions may be compared with each other."
    )
    files: int
    rows: int
    bytes: int
    areas: list[str] = Field(description="The employment areas that have rows; empty for a cube.")
    protection: RowsTold | CubeTold = Field(
        description="What was hidden, altered or left out, by which rules; per area, only your own."
    )
    changes: dict[str, Any] | None = Field(
        description="What a reader of the release before must change; null for the first release."
    )

    @staticmethod
    def of(
        manifest: Manifest, changes: dict[str, Any] | None, *, own: frozenset[str]
    ) -> ReleaseDocument:
        """own: the caller's areas."""
        return ReleaseDocument(
            release=str(manifest.release),
            as_of=manifest.release.as_of,
            created=manifest.created_utc,
            ready=True,
            contract_version=manifest.contract_version,
            definition_version=manifest.definition_version,
            files=len(manifest.files),
            rows=sum(file.rows for file in manifest.files),
            bytes=sum(file.bytes for file in manifest.files),
            areas=sorted(file.area for file in manifest.files if file.area is not None),
            protection=told_of(manifest, own=own),
            changes=changes,
        )


class ReleasesDocument(Document):
    product: str
    newest_as_of: date | None = Field(
        description="Wait for this to reach the day that you need; null before the first release."
    )
    releases: list[ReleaseDocument] = Field(description="Newest first.")


class GuideDocument(Document):
    """A how-to page for a program that people have."""

    title: str = Field(examples=["Power BI"])
    href: str = Field(examples=["/docs/clients/power-bi"])


class ProductDocument(Document):
    """One product in a list."""

    id: str
    kind: str = Field(description="`rows` or `cube`.")
    title: LabelDocument
    description: LabelDocument
    classification: str
    version: str
    definition_version: str
    cadence: str
    newest_release: str | None
    guides: list[GuideDocument] = Field(description="How to read it with the programs there are.")

    @staticmethod
    def fields(product: Product, newest: str | None) -> dict[str, Any]:
        return {
            "id": product.id,
            "kind": product.kind.value,
            "title": LabelDocument.of(product.title),
            "description": LabelDocument.of(product.description),
            "classification": product.classification.value,
            "version": product.version,
            "definition_version": product.definition_version,
            "cadence": product.cadence,
            "newest_release": newest,
            "guides": [
                GuideDocument(title=each.title, href=each.path) for each in guides_for(product.kind)
            ],
        }


class CodeDocument(Document):
    code: str
    label: LabelDocument
    level: str
    parents: list[str]

    @staticmethod
    def of(code: Code) -> CodeDocument:
        return CodeDocument(
            code=code.code,
            label=LabelDocument.of(code.label),
            level=code.level,
            parents=list(code.parents),
        )


class ColumnDocument(Document):
    name: str
    type: str
    title: LabelDocument
    description: LabelDocument
    classification: str
    codes: list[CodeDocument] = Field(
        description="What may stand in the column, with labels: all of it, also what a release has not. "
        "Empty where the column has no list of codes."
    )

    @staticmethod
    def of(column: Column, codes: Sequence[Code]) -> ColumnDocument:
        return ColumnDocument(
            name=column.name,
            type=column.type.value,
            title=LabelDocument.of(column.label),
            description=LabelDocument.of(column.description),
            classification=column.classification.value,
            codes=[CodeDocument.of(code) for code in codes],
        )


class ProductDetail(ProductDocument):
    """One product with its terms."""

    sources: list[str]
    audience: list[str]
    personal_data: bool
    purposes: list[str]
    legal_bases: list[str]
    required_permission: str | None
    retention_days: int
    contract_sha256: str
    columns: list[ColumnDocument] = Field(description="The delivered columns of a rows product.")
    dimensions: list[str] = Field(description="The dimensions of a cube; see /v1/cubes/{id}.")
    measures: list[str] = Field(description="The measures of a cube.")

    @staticmethod
    def of(product: Product, newest: str | None, catalog: Catalog) -> ProductDetail:
        rows, cube = product.rows, product.cube

        def codes(column: Column) -> Sequence[Code]:
            return catalog.code_list(column.code_list).codes if column.code_list else ()

        return ProductDetail(
            **ProductDocument.fields(product, newest),
            sources=list(product.sources),
            audience=sorted(kind.value for kind in product.audience),
            personal_data=product.personal_data,
            purposes=list(product.purposes),
            legal_bases=list(product.legal_bases),
            required_permission=product.required_permission,
            retention_days=product.retention_days,
            contract_sha256=product.contract_sha256,
            columns=[ColumnDocument.of(c, codes(c)) for c in rows.columns if c.is_delivered]
            if rows
            else [],
            dimensions=[each.name for each in cube.dimensions] if cube else [],
            measures=[each.name for each in cube.measures] if cube else [],
        )


class ProductsDocument(Document):
    products: list[ProductDocument]


class DimensionDocument(Document):
    name: str
    label: LabelDocument
    role: str = Field(description="`geo`, `time` or `classification`.")
    omitted: list[str] = Field(
        description="Where the dimension stands when a request does not name it; `*` for all codes."
    )
    codes: list[CodeDocument]

    @staticmethod
    def of(axis: Axis, omitted: list[str]) -> DimensionDocument:
        return DimensionDocument(
            name=axis.name,
            label=LabelDocument.of(axis.label),
            role=axis.role.value,
            omitted=omitted,
            codes=[CodeDocument.of(code) for code in axis.codes],
        )


class MeasureDocument(Document):
    name: str
    label: LabelDocument
    unit: LabelDocument
    kind: str
    decimals: int

    @staticmethod
    def of(measure: Measure) -> MeasureDocument:
        return MeasureDocument(
            name=measure.name,
            label=LabelDocument.of(measure.label),
            unit=LabelDocument.of(measure.unit),
            kind=measure.kind.value,
            decimals=measure.decimals,
        )


class CombinationDocument(Document):
    levels: dict[str, list[str]] = Field(
        description="Levels by dimension that are published together."
    )
    measures: list[str] = Field(
        description="The measures that are published of them. A place with too few persons may be left out."
    )


class CubeDocument(Document):
    """A cube's dimensions and measures in one release."""

    product: str
    release: str
    as_of: date
    title: LabelDocument
    dimensions: list[DimensionDocument]
    measures: list[MeasureDocument]
    combinations: list[CombinationDocument]

    @staticmethod
    def of(
        product: Product, manifest: Manifest, cube: Cube, omitted: list[list[str]]
    ) -> CubeDocument:
        combinations = product.cube.combinations if product.cube else ()
        return CubeDocument(
            product=product.id,
            release=str(manifest.release),
            as_of=manifest.release.as_of,
            title=LabelDocument.of(manifest.title),
            dimensions=[
                DimensionDocument.of(axis, codes)
                for axis, codes in zip(cube.axes, omitted, strict=True)
            ],
            measures=[MeasureDocument.of(measure) for measure in cube.measures],
            combinations=[
                CombinationDocument(
                    levels={name: list(levels) for name, levels in each.levels.items()},
                    measures=sorted(each.measures),
                )
                for each in combinations
            ],
        )
