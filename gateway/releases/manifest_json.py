"""The JSON of a manifest, as strict models: unknown, missing and mistyped keys are refused."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.model.label import Label
from gateway.model.product import Classification, ProductKind
from gateway.model.release import DeliveredColumn, Manifest, ReleaseId, StoredFile
from gateway.releases.layout import find_release_id, is_file_path, is_product_name


def _checked_product(name: str) -> str:
    if not is_product_name(name):
        raise ValueError("not a product name")
    return name


def _checked_path(path: str) -> str:
    if not is_file_path(path):
        raise ValueError("not a path of a release")
    return path


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Area = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LabelJson(_Strict):
    fi: str
    sv: str
    en: str

    def label(self) -> Label:
        return Label(self.fi, self.sv, self.en)


class ColumnJson(_Strict):
    name: str
    type: str
    label: LabelJson


class FileJson(_Strict):
    path: Annotated[str, AfterValidator(_checked_path)]
    rows: Count
    bytes: Count
    sha256: Sha256
    area: Area | None


class ManifestJson(_Strict):
    """One key per field of `Manifest`; the release stands as its id text."""

    product: Annotated[str, AfterValidator(_checked_product)]
    kind: ProductKind
    release: str
    created_utc: str
    title: LabelJson
    contract_version: str
    contract_sha256: Sha256
    definition_version: str
    classification: Classification
    personal_data: bool
    sources: tuple[str, ...]
    columns: tuple[ColumnJson, ...]
    files: tuple[FileJson, ...]
    protection: dict[str, Any]
    policy_set_sha256: str
    inputs_sha256: Sha256
    build: str

    def manifest(self) -> Manifest:
        """The frozen value. Raises ValueError on a release id or file list that contradicts itself."""
        return Manifest(
            product=self.product,
            kind=self.kind,
            release=_checked_release(self.release),
            created_utc=self.created_utc,
            title=self.title.label(),
            contract_version=self.contract_version,
            contract_sha256=self.contract_sha256,
            definition_version=self.definition_version,
            classification=self.classification,
            personal_data=self.personal_data,
            sources=self.sources,
            columns=tuple(
                DeliveredColumn(column.name, column.type, column.label.label())
                for column in self.columns
            ),
            files=_checked_files(self.files),
            protection=self.protection,
            policy_set_sha256=self.policy_set_sha256,
            inputs_sha256=self.inputs_sha256,
            build=self.build,
        )


class SignatureJson(_Strict):
    key_id: Sha256
    value: Annotated[str, Field(max_length=200)]


class EnvelopeJson(_Strict):
    manifest: ManifestJson
    signature: SignatureJson


def _checked_release(text: str) -> ReleaseId:
    release = find_release_id(text)
    if release is None:
        raise ValueError("not a release id")
    return release


def _checked_files(files: tuple[FileJson, ...]) -> tuple[StoredFile, ...]:
    if len({file.path for file in files}) != len(files):
        raise ValueError("two files with one path")
    areas = [file.area for file in files if file.area is not None]
    if len(set(areas)) != len(areas):
        raise ValueError("two slices of one area")
    return tuple(
        StoredFile(file.path, file.rows, file.bytes, file.sha256, file.area) for file in files
    )
