"""Who is at the keyboard: the login that the operating system knows, whatever was run since."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

_AUDIT_LOGIN = Path("/proc/self/loginuid")
_NOBODY = 2**32 - 1  # what Linux says where nobody has logged in: a service, a container


def operating_login() -> str:
    """The name of the user who logged in; where that is not recorded, of who started the process.

    Linux keeps the login's user through `su` and `sudo`, and lets nobody but its administrator change
    it, so that commands run as the publish road's user still tell whose hands are on the keys.
    """
    user = _login_user()
    if user is None:
        user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid-{user}"


def _login_user() -> int | None:
    try:
        user = int(_AUDIT_LOGIN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if user == _NOBODY else user
