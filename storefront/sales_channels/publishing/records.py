"""Sent records: store what a store was sent, mark it unknown before, and settled after.

A write and its record are not one step. So each value is unknown (None) from before the write until
its record: after a crash the next pass sends the current value again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database

from storefront.sales_channels.models import RemoteListing
from storefront.sales_channels.publishing.listing_states import ListingState

# A write by another worker that had taken over the store is newer, or came before this one: only
# sending again makes the store's value known. ``sent_at`` tells.
RECORD = """
UPDATE sales_channels_remotelisting r SET {assignments}, sent_at = %(now)s,
    lag_ms = CASE WHEN r.dirty_since IS NULL THEN r.lag_ms
        ELSE LEAST(GREATEST(EXTRACT(epoch FROM %(now)s - r.dirty_since) * 1000, 0), 2000000000)::int END
FROM unnest(%(ids)s::bigint[], %(sent_ats)s::timestamptz[], {arrays}) AS w(id, sent_at, {names})
WHERE r.id = w.id AND r.sent_at IS NOT DISTINCT FROM w.sent_at
RETURNING r.id
"""
TAKEN_OVER = """
UPDATE sales_channels_remotelisting SET sent_price = NULL, sent_compare_at = NULL,
    sent_quantity = NULL, version = version + 1, dirty_since = COALESCE(dirty_since, %(now)s)
WHERE id = ANY(%(ids)s)
"""
SETTLE = """
UPDATE sales_channels_remotelisting r SET dirty_since = NULL
FROM unnest(%(ids)s::bigint[], %(versions)s::int[]) AS w(id, version)
WHERE r.id = w.id AND r.version = w.version
"""
REFUSE = """
UPDATE sales_channels_remotelisting r SET dirty_since = NULL, problem = w.problem, problem_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(versions)s::int[], %(problems)s::text[]) AS w(id, version, problem)
WHERE r.id = w.id AND r.version = w.version
"""
TYPES = {
    "sent_price": "numeric",
    "sent_compare_at": "numeric",
    "sent_quantity": "int",
    "external_product_id": "text",
    "external_variant_id": "text",
    "external_inventory_id": "text",
}


def forget(rows: Iterable[ListingState], *columns: str) -> None:
    """Mark values as unknown, because they are about to be written."""
    ids = [row.pk for row in rows]
    RemoteListing.objects.filter(pk__in=ids).update(**dict.fromkeys(columns))
    # ``rows`` keep what was known, which decides what is written


def forget_ids(rows: Iterable[ListingState]) -> None:
    """Mark variants as missing in the store."""
    no_ids = dict.fromkeys(
        ("external_product_id", "external_variant_id", "external_inventory_id"), ""
    )
    RemoteListing.objects.filter(pk__in=[row.pk for row in rows]).update(**no_ids)


def record(rows: Sequence[ListingState], values: Mapping[str, list[Any]], *, now: datetime) -> None:
    """Store what was written; ``values`` maps columns to one value for each row.

    Updates ``sent_at`` of the rows, so that they can be recorded again.
    """
    if not rows:
        return
    names = ", ".join(values)
    statement = RECORD.format(
        assignments=", ".join(f"{name} = w.{name}" for name in values),
        arrays=", ".join(f"%({name})s::{TYPES[name]}[]" for name in values),
        names=names,
    )
    ids = [row.pk for row in rows]
    params: dict[str, Any] = {
        "ids": ids,
        "sent_ats": [row.sent_at for row in rows],
        "now": now,
        **values,
    }
    with database.cursor() as cursor:
        cursor.execute(statement, params)
        recorded = {pk for (pk,) in cursor.fetchall()}
        if lost := [pk for pk in ids if pk not in recorded]:
            cursor.execute(TAKEN_OVER, {"ids": lost, "now": now})
    for row in rows:
        row.sent_at = now


def settle(rows: Sequence[ListingState]) -> None:
    """Mark rows as in step with the store, except those that changed since they were read."""
    params: dict[str, Any] = {
        "ids": [row.pk for row in rows],
        "versions": [row.version for row in rows],
    }
    with database.cursor() as cursor:
        cursor.execute(SETTLE, params)


def refuse(problems: Mapping[int, str], rows: Iterable[ListingState], *, now: datetime) -> None:
    """Store why the store refused rows, by id; they wait for the next change or drift check."""
    refused = [row for row in rows if row.pk in problems]
    if not refused:
        return
    params: dict[str, Any] = {
        "now": now,
        "ids": [row.pk for row in refused],
        "versions": [row.version for row in refused],
        "problems": [problems[row.pk][:500] for row in refused],
    }
    with database.cursor() as cursor:
        cursor.execute(REFUSE, params)
