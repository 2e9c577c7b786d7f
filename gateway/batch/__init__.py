"""Composition root of the publish road, the checks and the demo: settings → adapters → work."""
