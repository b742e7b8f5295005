"""Connector context: hold what a connector needs to reach its supplier, open its HTTP client.

A connector opens no other connection by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from storefront.lib.http.client import Api
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret that staff enter and nobody ever reads again. ``is_text`` has several lines."""

    name: str
    label: str
    is_required: bool = True
    is_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many points in each window of time, over all workers and restarts.

    Shape:  ``kept_for_orders`` of them are refused to anything that is not about an order.
            A window begins with its first call, or ``is_by_the_clock``: a day at 00:00 UTC.
            One that ``is_spread`` is not used up at its start: after a sync the next ones
            rest until their share of the window is due
    """

    name: str
    points: int
    window_s: int
    kept_for_orders: int = 0
    is_by_the_clock: bool = False
    is_spread: bool = False


class Budget(Protocol):
    """Counts what we may still ask, over all workers; survives a restart."""

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        """Take points, or refuse before anything is sent.

        Raises: BudgetSpentError
        """
        ...

    def told(self, quota: Quota, *, left: int, total: int | None, until: datetime | None) -> None:
        """Believe what the supplier says is left."""
        ...

    def left(self, quota: Quota) -> int: ...


class TokenStore(Protocol):
    """Where the token pair that a supplier lent us is kept between calls and workers."""

    def load(self) -> dict[str, Any]: ...

    def renewed(self, renew: TokenRenewal, *, refused: Mapping[str, Any]) -> dict[str, Any]:
        """Renew under a lock over all workers.

        The second in line finds a pair other than the ``refused`` one, and gets that.
        """
        ...


class TokenRenewal(Protocol):
    """Ask the supplier for a new pair, given the present one (perhaps empty)."""

    def __call__(self, present: dict[str, Any]) -> dict[str, Any]: ...


class Memory(Protocol):
    """What a connector remembers between runs, such as a file's ETag; JSON primitives only."""

    def load(self) -> dict[str, Any]: ...

    def keep(self, news: Mapping[str, Any]) -> None:
        """Remember this too, as ``joined`` says: what is not named stays as it is."""


def joined(remembered: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """Put news over what is remembered, by name; in a dict of both, again by name."""
    together = {**remembered, **news}
    for name in remembered.keys() & news.keys():
        if isinstance(remembered[name], dict) and isinstance(news[name], dict):
            together[name] = {**remembered[name], **news[name]}
    return together


class Post(Protocol):
    """A durable way to write to a person at the supplier: what was handed over goes out once."""

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None: ...

    def ask(self, *, wanted: str, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Ask something about what he has, as ``wanted`` names it; the same key is asked once."""
        ...

    def has_sent(self, *, key: str) -> bool: ...

    def note(self, *, key: str) -> None:
        """Write down that what bears this key is handed over in the next moment."""
        ...

    def has_noted(self, *, key: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One supplier's address, secrets and settings, and what watches over the calls to him.

    Shape:  ``folder`` is where fetched files may be kept between runs; ``currency`` and
            ``language`` are his. A list that was asked for after ``list_since`` need not be
            asked for again
    """

    base_url: str
    currency: str
    language: str
    secrets: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any]
    gate: Gate
    budget: Budget
    tokens: TokenStore
    memory: Memory
    post: Post
    folder: Path
    list_since: datetime | None = None

    def api(self, **limits: Any) -> Api:
        """Open the door to him; see ``storefront.lib.http.client.Api`` for the limits."""
        return Api(self.base_url, gate=self.gate, hidden=self.secrets.values(), **limits)

    def settings[T](self, kind: type[T]) -> T:
        """Read the options as what the connector says they are.

        Raises: PermanentError  staff have to mend them
        """
        try:
            return msgspec.convert(dict(self.options), kind)
        except msgspec.ValidationError as error:
            raise PermanentError(
                f"the connection's options: {error}", code="bad_options"
            ) from error
