"""Webhook storage: store a payload before it is parsed, drop duplicates, set its priority."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection

from storefront.lib.http.errors import PermanentError
from storefront.webhooks import sources
from storefront.webhooks.models import InboundCall
from suppliers.connectors.records import NewsKind

log = logging.getLogger(__name__)

OF_GOODS = frozenset({NewsKind.STOCK, NewsKind.PRODUCT})


def keep(*, source: str, external_id: str, body: bytes, now: datetime) -> tuple[InboundCall, bool]:
    """Store a webhook once; return the row and whether it is new."""
    return InboundCall.objects.get_or_create(
        source=source,
        external_id=external_id,
        defaults={
            "body": body,
            "received_at": now,
            "status": InboundCall.Status.RECEIVED,
            "status_since": now,
            "turn": turn_of(source, body, now),
            "due_at": now,
        },
    )


def turn_of(source: str, body: bytes, now: datetime) -> InboundCall.Turn:
    """Return the priority of a webhook; high if it cannot be parsed. It is stored in any case."""
    found = sources.find(source)
    if found is None or found.speaks is None:
        return InboundCall.Turn.ORDERS
    try:
        news = found.speaks.read_news(body, received_at=now)
    except PermanentError:
        return InboundCall.Turn.ORDERS
    except Exception:
        log.exception("a call from %s cannot be read", source)
        return InboundCall.Turn.ORDERS
    is_of_goods = all(each.kind in OF_GOODS for each in news)
    return InboundCall.Turn.GOODS if is_of_goods else InboundCall.Turn.ORDERS


def database_time() -> datetime:
    """Return the database time, which all machines share: signatures are checked against it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)  # noqa: S101 - psycopg reads timestamptz so
    return now
