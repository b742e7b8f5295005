"""Connector context: hold what a connector needs to reach its supplier, open its HTTP client."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import CallObserver


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret that staff enter and cannot read back."""

    name: str
    label: str
    is_required: bool = True
    is_multiline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A number of points per time window, shared by all workers and kept over restarts.

    Shape:  ``reserved_for_orders`` of them are reserved for calls about orders.
            A window begins with its first call. With ``is_calendar_aligned`` it begins at a full
            window of the clock: a day at 00:00 UTC. With ``is_spread``, syncs are spaced over the
            window, so that they do not use up the quota at its start
    """

    name: str
    points: int
    window_s: int
    reserved_for_orders: int = 0
    is_calendar_aligned: bool = False
    is_spread: bool = False


class QuotaCounter(Protocol):
    """Counts the remaining points of each quota, over all workers and restarts."""

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        """Take points, before the request is sent. Raises QuotaExceededError."""
        ...

    def set_remaining(
        self, quota: Quota, *, remaining: int, total: int | None, until: datetime | None
    ) -> None:
        """Store the remaining points of a quota, as the supplier reports them."""
        ...

    def remaining(self, quota: Quota) -> int: ...


# Requests a new pair, given the present one (perhaps empty).
TokenRenewal = Callable[[dict[str, Any]], dict[str, Any]]


class TokenStore(Protocol):
    """Stores the supplier's token pair for all calls and workers."""

    def load(self) -> dict[str, Any]: ...

    def renew(self, renew: TokenRenewal, *, refused: Mapping[str, Any]) -> dict[str, Any]:
        """Renew the pair under a lock over all workers.

        If another worker has already replaced the ``refused`` pair, return the stored one.
        """
        ...


class StateStore(Protocol):
    """State that a connector keeps between runs, such as a file's ETag; JSON primitives only."""

    def load(self) -> dict[str, Any]: ...

    def save(self, changes: Mapping[str, Any]) -> None:
        """Merge ``changes`` into the state as ``merge_state`` does; other names keep their values."""


def merge_state(connector_state: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state updated by name; where both values are dicts, these are merged by name."""
    merged = {**connector_state, **changes}
    for name in connector_state.keys() & changes.keys():
        if isinstance(connector_state[name], dict) and isinstance(changes[name], dict):
            merged[name] = {**connector_state[name], **changes[name]}
    return merged


class Mailer(Protocol):
    """Sends mail to a person at the supplier, durably: each message goes out once."""

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None: ...

    def request(self, *, kind: str, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Send a request of this kind about an order, once per key."""
        ...

    def has_sent(self, *, key: str) -> bool: ...

    def mark_sending(self, *, key: str) -> None:
        """Record that the message with this key is about to be sent."""
        ...

    def is_marked(self, *, key: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorContext:
    """A supplier's address, secrets and settings, and the guards of calls to the supplier.

    Shape:  ``folder`` keeps fetched files between runs; ``currency`` and ``language`` are the
            supplier's. A list that was fetched after ``list_since`` need not be fetched again
    """

    base_url: str
    currency: str
    language: str
    secrets: Mapping[str, str] = field(repr=False)
    options: Mapping[str, Any]
    gate: CallObserver
    quotas: QuotaCounter
    tokens: TokenStore
    state: StateStore
    mailer: Mailer
    folder: Path
    list_since: datetime | None = None

    def api(self, **limits: Any) -> ApiClient:
        """Open an HTTP client; see ``storefront.lib.http.client.ApiClient`` for the limits."""
        return ApiClient(self.base_url, gate=self.gate, secrets=self.secrets.values(), **limits)

    def settings[T](self, kind: type[T]) -> T:
        """Return the options converted to the type that the connector declares.

        Raises: PermanentError  they are invalid: staff have to correct them
        """
        try:
            return msgspec.convert(dict(self.options), kind)
        except msgspec.ValidationError as error:
            raise PermanentError(
                f"the connection's options: {error}", code="bad_options"
            ) from error
