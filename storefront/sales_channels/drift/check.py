"""Drift check: read a store, store what differs from ours, queue it to be sent again.

Rows that changed or were sent since the check began are left to the next check: what was read of
them may be older than what was sent.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from storefront.lib.clock import running_clock
from storefront.lib.http.errors import ExternalServiceError
from storefront.sales_channels import pending_changes
from storefront.sales_channels.connections.factory import open_platform
from storefront.sales_channels.connections.gate import StoreGate
from storefront.sales_channels.connections.status import record_failure
from storefront.sales_channels.drift.comparison import (
    Difference,
    differences,
    unknown_variants,
)
from storefront.sales_channels.models import (
    ChannelRun,
    Connection,
    Drift,
    PendingChange,
    RemoteListing,
    RemoteProduct,
)
from storefront.sales_channels.platforms.base import VariantState
from storefront.sales_channels.publishing.listing_states import ListingState, existing
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

PAGE = 5000
CHECK_AFTER = timedelta(hours=1)
RETENTION = timedelta(days=30)
Field = Drift.Field
Effect = PendingChange.Effect
# What the price and quantity writes correct; the rest needs the product written whole.
OF_LISTING = frozenset({Field.PRICE, Field.COMPARE_AT, Field.QUANTITY})


def due_connections(*, now: datetime) -> list[int]:
    """Return the ids of connections whose store was not compared for an hour."""
    is_due = Q(drift_checked_at=None) | Q(drift_checked_at__lte=now - CHECK_AFTER)
    found = Connection.objects.publishing().filter(is_due).order_by("pk")
    return list(found.values_list("pk", flat=True))


def delete_old_runs(*, now: datetime) -> None:
    ChannelRun.objects.filter(started_at__lt=now - RETENTION).delete()


def check_drift(connection_id: int, *, now: datetime) -> None:
    """Compare a store with our listings, and queue what differs.

    A failure of the store is stored on the connection.
    """
    with suppress(LockedElsewhereError), exclusive_lock(f"store drift {connection_id}"):
        found = Connection.objects.select_related("channel").publishing()
        connection = found.filter(pk=connection_id).first()
        if connection is not None:
            _check(connection, now=now)


def _check(connection: Connection, *, now: datetime) -> None:
    clock = running_clock(now)
    gate = StoreGate(connection, is_for_order=False)
    run = ChannelRun(connection=connection, kind=ChannelRun.Kind.DRIFT, started_at=now)
    try:
        with open_platform(connection, gate=gate) as platform:
            theirs = list(platform.read_variants())
    except ExternalServiceError as error:
        record_failure(connection, error, now=clock())
        run.error = str(error)[:500]
    else:
        _compare(connection, theirs, run, started_at=now, now=clock())
        Connection.objects.filter(pk=connection.pk).update(drift_checked_at=now)
    run.calls, run.ended_at = gate.calls, clock()
    run.save()


def _compare(
    connection: Connection,
    theirs: list[VariantState],
    run: ChannelRun,
    *,
    started_at: datetime,
    now: datetime,
) -> None:
    ours = _our_listings(connection, now=now)
    pending = PendingChange.objects.filter(connection=connection)
    is_moving = (
        Q(dirty_since__isnull=False)
        | Q(sent_at__gte=started_at)
        | Q(variant__in=pending.exclude(variant=None).values("variant"))
        | Q(variant__product__in=pending.exclude(product=None).values("product"))
    )
    moving = set(
        RemoteListing.objects.filter(is_moving, connection=connection).values_list("pk", flat=True)
    )
    active = set(
        RemoteProduct.objects.filter(connection=connection, is_active=True).values_list(
            "external_id", flat=True
        )
    )
    found: list[Difference] = []
    seen: set[str] = set()
    for each in theirs:
        seen.add(each.variant.variant_id)
        state = ours.get(each.variant.variant_id)
        if state is not None and state.pk not in moving:
            found += differences(state, each, is_shown=state.external.product_id in active)
    found += [
        Difference(sku=state.sku, field=Field.MISSING, state=state)
        for variant_id, state in ours.items()
        if variant_id not in seen and state.pk not in moving
    ]
    foreign = unknown_variants(theirs, ours)
    _store(
        connection,
        [*found, *foreign],
        run,
        moving={ours_of.sku for ours_of in ours.values() if ours_of.pk in moving},
        now=now,
    )
    run.found, run.unknown = len(found), len(foreign)


def _our_listings(connection: Connection, *, now: datetime) -> dict[str, ListingState]:
    ours: dict[str, ListingState] = {}
    after = 0
    while rows := existing(connection, limit=PAGE, after=after, now=now):
        ours |= {row.external.variant_id: row for row in rows}
        after = rows[-1].pk
    return ours


@transaction.atomic(durable=True)
def _store(
    connection: Connection,
    found: list[Difference],
    run: ChannelRun,
    *,
    moving: set[str],
    now: datetime,
) -> None:
    """Open new rows, close those that no longer differ, queue what is to be sent again."""
    open_rows = {
        (row.sku, row.field): row
        for row in Drift.objects.filter(connection=connection, corrected_at__isnull=True)
    }
    current = {(each.sku[:100], each.field.value): each for each in found}
    corrected = [
        row.pk for key, row in open_rows.items() if key not in current and row.sku not in moving
    ]
    run.corrected = Drift.objects.filter(pk__in=corrected).update(corrected_at=now)
    Drift.objects.filter(connection=connection, corrected_at__lt=now - RETENTION).delete()
    Drift.objects.bulk_create(
        Drift(
            connection=connection,
            variant_id=each.state.variant_id if each.state else None,
            sku=sku,
            field=each.field,
            ours=each.ours,
            theirs=each.theirs,
            found_at=now,
        )
        for (sku, _), each in current.items()
        if (sku, each.field.value) not in open_rows
    )
    _queue(connection, [each for each in found if _is_to_correct(each, open_rows)], now=now)


def _is_to_correct(each: Difference, open_rows: dict[tuple[str, str], Drift]) -> bool:
    """Return whether a difference is sent again now.

    A lower quantity in the store may be an order that is not imported yet: to raise it would sell
    these units twice. It is corrected only if the next check finds it still.
    """
    if each.state is None:
        return False
    is_lower = each.field is Field.QUANTITY and (each.theirs or 0) < (each.ours or 0)
    return not is_lower or (each.sku[:100], each.field.value) in open_rows


def _queue(connection: Connection, found: list[Difference], *, now: datetime) -> None:
    gone: set[int] = set()
    other: set[int] = set()
    products: set[int] = set()
    for each in found:
        if each.state is None:
            continue
        if each.field not in OF_LISTING:
            products.add(each.state.product_id)
        (gone if each.field is Field.MISSING else other).add(each.state.variant_id)
    pending_changes.queue(connection, effect=Effect.RECREATE, now=now, variant_ids=gone)
    pending_changes.queue(
        connection, effect=Effect.RESEND, now=now, variant_ids=other, product_ids=products
    )
