"""One call of the dialect: what was asked, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from storefront.dev.sandboxes.cj.protocol import RefusedError
from storefront.dev.sandboxes.cj.state import World

BAD_PARAM = 1600300


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    world: World
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    now_s: float
    fault: str = ""

    def text(self, name: str, *, default: str | None = None, most: int = 200) -> str:
        """Read a parameter from the body or the query.

        Raises: RefusedError  it is missing and has no default, or is too long
        """
        value = self.body.get(name)
        if value is None:
            value = next(iter(self.query.get(name, [])), None)
        if value is None or value == "":
            if default is None:
                raise RefusedError(BAD_PARAM, f"{name} must not be empty")
            return default
        if isinstance(value, dict | list | bool) or len(str(value)) > most:
            raise RefusedError(BAD_PARAM, f"{name} must be a text of up to {most} characters")
        return str(value)

    def whole(self, name: str, *, default: int, least: int, most: int) -> int:
        text = self.text(name, default=str(default))
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise RefusedError(BAD_PARAM, f"{name} must be a number from {least} to {most}")
        return int(text)

    def features(self) -> set[str]:
        return {word for value in self.query.get("features", []) for word in value.split(",")}

    def texts(self, name: str) -> list[str]:
        """Read a list of texts from the body."""
        value = self.body.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(x, str) for x in value):
            raise RefusedError(BAD_PARAM, f"{name} must be a list of texts")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a handler listens.

    Units:  ``points`` is what a call costs of the day's quota; ``most_per_s`` calls a second
            whatever the account's level
    """

    method: str
    path: str
    handler: Callable[[Call], Any]
    points: int = 0
    most_per_s: int = 0
    needs_token: bool = True
