"""What the parts of the interface are called in the OpenAPI document, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TAGS: Sequence[Mapping[str, str]] = (
    {"name": "caller", "description": "Who you are, what you may have, and why not the rest."},
    {"name": "cubes", "description": "Statistical cubes: their dimensions, and their cells."},
    {"name": "delta-sharing", "description": "Rows for the clients of Delta Sharing."},
    {"name": "journal", "description": "For auditors: who got what, when and on what ground, with proofs."},
    {"name": "keys", "description": "For administrators of access keys, of their own organisation."},
    {"name": "products", "description": "What there is: products, their contracts and their releases."},
    {"name": "public", "description": "What is answered without a token."},
    {"name": "pxweb", "description": "Cubes for the clients of PxWebApi 2."},
    {"name": "rows", "description": "Pseudonymised rows of one employment area, and what changed in them."},
)  # fmt: skip
