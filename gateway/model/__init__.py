"""Frozen values without I/O: the words of the domain as types."""
