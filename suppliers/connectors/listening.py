"""Hear a supplier's news unasked, and say which news we want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from suppliers.connectors.records import SupplierNews


@runtime_checkable
class Webhooks(Protocol):
    """Tells news unasked. The two static methods need no line."""

    @staticmethod
    def genuine_id(
        *,
        headers: Mapping[str, str],
        body: bytes,
        account: str,
        secrets: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> str:
        """Return the id of a genuine message: told twice, it has the same one.

        Empty for a call that tells nothing: he only tries whether we are there.

        Raises: storefront.lib.security.webhook_signing.BadHeadersError, storefront.lib.security.webhook_signing.ForgedError
        """
        ...

    @staticmethod
    def read_news(body: bytes, *, received_at: datetime) -> tuple[SupplierNews, ...]:
        """Understand a message.

        Raises: PermanentError  it cannot be understood
        """
        ...

    def listen(self, *, url: str) -> None:
        """Have messages sent to ``url``, if they are not."""
        ...

    def most_subscribed(self) -> int:
        """Return of how many products he tells news at most."""
        ...

    def subscribed(self) -> frozenset[str]:
        """Return the products that he tells news of."""
        ...

    def subscribe(self, *, refs: Sequence[str]) -> Sequence[str]:
        """Ask for news of these products; return those he agreed to, fewer at his limit."""
        ...

    def unsubscribe(self, *, refs: Sequence[str]) -> None:
        """Ask for no more news of these products."""
        ...
