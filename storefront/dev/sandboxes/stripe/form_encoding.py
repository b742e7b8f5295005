"""Form encoding: parse keys such as ``a[b][0][c]``, refuse unknown parameters. Pure."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

MAX_FIELDS = 200
KEY = re.compile(r"(\w+)((?:\[\w*\])*)")
# Allowed parameters are a pattern for a value, a mapping for named fields ("*": any name), or a
# list of one of these for items.
WORD = re.compile(r".{0,5000}", re.DOTALL)
WHOLE = re.compile(r"[0-9]{1,10}")
YES_NO = re.compile(r"true|false")
METADATA: Mapping[str, Any] = {"*": re.compile(r".{0,500}", re.DOTALL)}


class StripeError(Exception):
    """An error answer of the API."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        param: str = "",
        kind: str = "invalid_request_error",
        status: int = HTTPStatus.BAD_REQUEST,
    ) -> None:
        super().__init__(message)
        self.status = status
        fields = {"code": code, "param": param}
        self.body = {"type": kind, "message": message} | {
            name: value for name, value in fields.items() if value
        }


def read(text: str, allowed: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the allowed parameters; numbers stay text.

    Raises: StripeError  an unknown parameter or an invalid value
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise StripeError(f"Invalid form: {error}") from error
    tree: dict[str, Any] = {}
    for key, value in pairs:
        found = KEY.fullmatch(key)
        if found is None:
            raise _unknown(key)
        path = [found[1], *re.findall(r"\[(\w*)\]", found[2])]
        _check(path, value, allowed, key)
        _put(tree, path, value, key)
    return {name: _lists(value, allowed[name]) for name, value in tree.items()}


def _check(path: list[str], value: str, allowed: Any, key: str) -> None:
    for step in path:
        if isinstance(allowed, list):
            if not (step == "" or step.isdigit()):
                raise _unknown(key)
            (allowed,) = allowed
        elif isinstance(allowed, Mapping) and (step in allowed or "*" in allowed):
            allowed = allowed[step] if step in allowed else allowed["*"]
        else:
            raise _unknown(key)
    if not isinstance(allowed, re.Pattern):
        raise StripeError(f"Invalid object: {key}", param=key)
    if allowed.fullmatch(value) is None:
        raise StripeError(f"Invalid {key}", param=key, code="parameter_invalid")


def _put(tree: dict[str, Any], path: list[str], value: str, key: str) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise _unknown(key)
    if path[-1] in tree:
        raise StripeError(f"{key} is given twice", param=key)
    tree[path[-1]] = value


def _lists(value: Any, allowed: Any) -> Any:
    if isinstance(allowed, list):
        places = sorted(value, key=lambda place: int(place or 0))
        return [_lists(value[place], allowed[0]) for place in places]
    if isinstance(value, dict):
        return {
            name: _lists(part, allowed.get(name, allowed.get("*"))) for name, part in value.items()
        }
    return value


def _unknown(key: str) -> StripeError:
    return StripeError(f"Received unknown parameter: {key}", code="parameter_unknown", param=key)
