"""The publish road: extract, protect, write, sign."""
