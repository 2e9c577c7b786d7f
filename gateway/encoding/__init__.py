"""What was read → the bytes of a format. Encoders are functions in a dict; see `formats`."""
