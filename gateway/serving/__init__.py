"""Composition root of the serve road: settings → adapters → ASGI application → Granian.

Knows only this side's adapters: no warehouse, no pseudonym key, no signing key.
"""

from gateway.serving.application import create_app
from gateway.serving.server import run
from gateway.surfaces.openapi import openapi_document, openapi_text

__all__ = ["create_app", "openapi_document", "openapi_text", "run"]
