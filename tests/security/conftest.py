"""The attacks go through the same small real house as the HTTP tests, which live beside it."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

Key = ECKey | OctKey | OKPKey | RSAKey
NOTHING: Mapping[str, object] = MappingProxyType({})

_SURFACES = Path(__file__).parents[1] / "unit" / "surfaces"


def _loaded(name: str, path: Path) -> ModuleType:
    """A module of the tests by its path: there are no packages of tests to import from."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_HTTP = _loaded("attacked_house", _SURFACES / "conftest.py")
_SERVER = _loaded("attacked_server", _SURFACES / "test_server.py")

model_house = _HTTP.model_house
house = _HTTP.house
fresh_house = _HTTP.fresh_house


@pytest.fixture(scope="session")
def loaded_module() -> Callable[[str, Path], ModuleType]:
    return _loaded


@pytest.fixture(scope="session")
def security_http() -> ModuleType:
    """The module of the small house."""
    return _HTTP


@pytest.fixture(scope="module")
def limited_server(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Granian with few places for downloads, and slices that take a while to send."""
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("limited") / "house")
    house.publish_rows(as_of=_HTTP.date(2026, 7, 1), noise_bytes=_HTTP.BIG_BYTES)
    person = {"burst": 10_000, "concurrent_extracts": 2}
    limits = {"extract_places": 3, "extract_wait_seconds": 2.0, "person": person}
    server = _SERVER.Server(house, limits=limits).wait_until_ready()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def attacked_server(model_house, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Granian in a process of its own, with a slice that takes a while to send."""
    house = _HTTP.copied(model_house, tmp_path_factory.mktemp("attacked") / "house")
    house.publish_rows(as_of=_HTTP.date(2026, 7, 1), areas=("39",), noise_bytes=_HTTP.BIG_BYTES)
    server = _SERVER.Server(house, header_timeout_seconds=1.0).wait_until_ready()
    yield server
    server.stop()


class Holder:
    """Somebody with a key of their own, for whom tokens are bound and who proves it, honestly or not."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.key = (
            ECKey.generate_key("P-256") if algorithm == "ES256" else OKPKey.generate_key("Ed25519")
        )

    @property
    def thumbprint(self) -> str:
        return self.key.thumbprint()

    def proof(
        self,
        token: str,
        url: str,
        *,
        key: Key | None = None,
        header: Mapping[str, object] = NOTHING,
        without: Sequence[str] = (),
        **claims: object,
    ) -> str:
        """A proof; key: that signs it, when it is not this holder's. without: claims left out of it."""
        told = {
            "jti": secrets.token_hex(16),
            "htm": "GET",
            "htu": url,
            "iat": int(_HTTP.NOW.timestamp()),
            "ath": b64(hashlib.sha256(token.encode()).digest()),
            **claims,
        }
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False)}
        kept = {name: value for name, value in told.items() if name not in without}
        return signed({**head, **header}, kept, key or self.key)


def signed(header: Mapping[str, object], claims: Mapping[str, object], key: Key) -> str:
    """A JWS with exactly this header and payload, whatever they are."""
    text = ".".join(b64(json.dumps(part).encode()) for part in (header, claims))
    algorithm = str(header["alg"])
    if algorithm not in JWSRegistry.algorithms or algorithm == "none":
        return f"{text}.AAAA"
    signature = JWSRegistry.algorithms[algorithm].sign(text.encode(), key)
    return f"{text}.{b64(signature)}"


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.fixture
def holder() -> Holder:
    return Holder()


@pytest.fixture
def new_holder() -> type[Holder]:
    return Holder


@pytest.fixture(scope="module")
def new_house(model_house, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Any]:
    """A function that copies the model house, for a module that opens it in its own way."""
    return lambda: _HTTP.copied(model_house, tmp_path_factory.mktemp("own") / "house")


class Refusals:
    """What an attack came to: the answer, and the reason that was counted for it and for nothing else."""

    def __init__(self, client) -> None:
        self.client = client
        self.before = self.counts()

    def counts(self) -> Counter[str]:
        text = _HTTP.read_metrics(self.client.app)
        return Counter(
            {
                reason: int(float(count))
                for reason, count in re.findall(
                    r'jakelu_authentication_failures_total\{reason="(\w+)"\} (\S+)', text
                )
            }
        )

    def check(self, answer, *, code: str, scheme: str, reason: str) -> None:
        told = answer.json()
        assert (answer.status_code, told["code"]) == (401, code), answer.text
        assert reason not in answer.text
        challenges = answer.headers["www-authenticate"]
        bearer, dpop = challenges.split(", DPoP ")
        assert 'algs="ES256 EdDSA Ed25519"' in dpop
        assert bearer.startswith("Bearer ")
        in_error, in_peace = (bearer, dpop) if scheme == "Bearer" else (dpop, bearer)
        assert f'error="{code}"' in in_error
        assert "error=" not in in_peace
        assert self.counts() - self.before == Counter({reason: 1})
        self.before = self.counts()


@pytest.fixture
def refusals() -> type[Refusals]:
    return Refusals


@pytest.fixture(scope="module")
def new_server() -> Callable[..., Any]:
    """A function that starts Granian over a house, in a process of its own."""
    return lambda house, **changes: _SERVER.Server(house, **changes).wait_until_ready()
