"""Write to a supplier who has no API: durable, and once per order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from notifications import outbox
from notifications.models import Event

FACT = "purchase_order.mailed"


class DurablePost:
    """A supplier's letter box: what is in it goes out, whatever happens to us."""

    def __init__(self, *, supplier_id: int) -> None:
        self._subject = f"supplier:{supplier_id}"

    def send(self, *, key: str, to: str, payload: Mapping[str, Any]) -> None:
        """Put a letter in; the same key is sent once."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            (now,) = cursor.fetchone()
        with transaction.atomic(durable=True):
            outbox.tell(
                name=FACT,
                key=f"{FACT}:{key}",
                subject=self._subject,
                payload={**payload, "email": to},
                at=now,
            )

    def has_sent(self, *, key: str) -> bool:
        return Event.objects.filter(key=f"{FACT}:{key}").exists()
