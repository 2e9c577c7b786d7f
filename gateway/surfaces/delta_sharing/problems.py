"""Errors as Delta Sharing clients read them: our code, and one text that says what is wrong and what to do."""

from __future__ import annotations

from typing import Any

from gateway.errors import GatewayError
from gateway.surfaces.problems import Shape, problem


def _error(error: GatewayError, instance: str | None) -> dict[str, Any]:
    told = problem(error, instance=instance)
    detail = told["detail"] or ""
    message = f"{told['title']}. {detail}".rstrip()
    named = f" (parameter {told['parameter']})" if told["parameter"] else ""
    return {"errorCode": told["code"], "message": message + named}


DELTA_ERROR = Shape("application/json; charset=utf-8", _error)
