"""How much one client may ask: requests, extracts at once, bytes of a day, failed logins.

Equal for everybody of a class, and no class is a matter of size or payment. Policy says *what* somebody may
have; this says how fast. Nothing here lets anybody in.
"""
