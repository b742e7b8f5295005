"""Write to a supplier who has no API: durable, and once per order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from notifications import outbox
from notifications.models import Event

MAILED = "purchase_order.mailed"
FILED = "purchase_order.filed"


class DurablePost:
    """A supplier's letter box: what is in it goes out, whatever happens to us."""

    def __init__(self, *, supplier_id: int) -> None:
        self._subject = f"supplier:{supplier_id}"

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Put a letter in; the same key is sent once."""
        self._tell(MAILED, key, {**payload, "email": to})

    def ask(self, *, wanted: str, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Put a question about an order in; the same key is asked once."""
        self._tell(f"purchase_order.{wanted}", key, {**payload, "email": to})

    def has_sent(self, *, key: str) -> bool:
        return _is_told(MAILED, key)

    def note(self, *, key: str) -> None:
        self._tell(FILED, key, {"key": key})

    def has_noted(self, *, key: str) -> bool:
        return _is_told(FILED, key)

    def _tell(self, fact: str, key: str, payload: dict[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (now,) = cursor.fetchone()
        with transaction.atomic(durable=True):
            outbox.tell(
                name=fact, key=f"{fact}:{key}", subject=self._subject, payload=payload, at=now
            )


def _is_told(fact: str, key: str) -> bool:
    return Event.objects.filter(key=f"{fact}:{key}").exists()
