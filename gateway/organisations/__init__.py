"""Organisations: the dated registry of who there is and which areas follow from it."""

from gateway.organisations.geography import geography
from gateway.organisations.registry import Registry, load_registry

__all__ = ["Registry", "geography", "load_registry"]
