"""The serve road: decide → plan → journal → open, in that order; read `deliver` first."""
