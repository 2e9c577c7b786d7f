"""Where the demo keeps what: a private half for the publish road, a public half for the serve road."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.demo_issuer import DEMO_ISSUER, JWKS_FILE

# Every month is protected and attacked for itself, which takes its time; and a small country hides more
# than the contracts allow the whole one.
JOURNAL_ORIGIN = "demo.jakelu.example/v1/journal"
TRIAL = {"newest_months": 1, "keep_limits": False}


@dataclass(frozen=True, slots=True)
class DemoLayout:
    """The folders and settings files under one demo folder."""

    root: Path

    @property
    def private(self) -> Path:
        return self.root / "private"

    @property
    def warehouse(self) -> Path:
        return self.private / "warehouse.duckdb"

    @property
    def keys(self) -> Path:
        return self.private / "keys"

    @property
    def issuer(self) -> Path:
        """The demo issuer's key: not the gateway's, so it is in neither half."""
        return self.root / "issuer"

    @property
    def jwks(self) -> Path:
        return self.issuer / JWKS_FILE

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def journal(self) -> Path:
        return self.root / "journal" / "journal.sqlite"

    @property
    def journal_key(self) -> Path:
        """Of the serve road, which signs the journal."""
        return self.journal.with_name("signing-key.pem")

    @property
    def public_key(self) -> Path:
        return self.root / "release-signing.pub"

    @property
    def publish_settings(self) -> Path:
        return self.root / "publish.toml"

    @property
    def serve_settings(self) -> Path:
        return self.root / "serve.toml"

    def write_settings(self) -> None:
        """One settings file per side; the serve side's names nothing of the private half."""
        self.publish_settings.write_text(
            _toml(
                self._shared() | {"warehouse_path": self.warehouse, "keys_dir": self.keys} | TRIAL
            ),
            encoding="utf-8",
        )
        self.serve_settings.write_text(
            _toml(
                self._shared()
                | {"journal_key_path": self.journal_key, "journal_origin": JOURNAL_ORIGIN}
            )
            + "\n[[issuers]]\n"
            + _toml({"issuer": DEMO_ISSUER, "jwks": self.jwks}),
            encoding="utf-8",
        )

    def _shared(self) -> dict[str, object]:
        return {
            "releases_dir": self.releases,
            "journal_path": self.journal,
            "release_public_key_path": self.public_key,
        }


def _toml(values: dict[str, object]) -> str:
    """Absolute paths, so that a settings file works from any folder."""
    texts = {n: str(v.resolve()) if isinstance(v, Path) else str(v) for n, v in values.items()}
    return "".join(f"{name} = '{text}'\n" for name, text in texts.items())
