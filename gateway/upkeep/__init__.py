"""Upkeep of pseudonyms: what needs the journal together with releases, keys or the register."""
