"""Stock and prices: send what changed. Lower quantities first, higher ones after the prices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from storefront.lib.clock import Clock
from storefront.lib.money import Money
from storefront.sales_channels import pending_changes
from storefront.sales_channels.models import Connection, PendingChange
from storefront.sales_channels.platforms.base import (
    Platform,
    PriceWrite,
    StockWrite,
    WriteResult,
)
from storefront.sales_channels.publishing import records
from storefront.sales_channels.publishing.listing_states import ListingState, changed, decreased

BATCH = 1000


@dataclass(slots=True)
class Tally:
    """What a run wrote."""

    products: int = 0
    prices: int = 0
    quantities: int = 0
    refused: int = 0

    @property
    def writes(self) -> int:
        return self.products + self.prices + self.quantities + self.refused


@dataclass(slots=True, kw_only=True)
class Sender:
    """What a run needs to write to one store."""

    connection: Connection
    platform: Platform
    clock: Clock
    is_over: Callable[[], bool]
    tally: Tally = field(default_factory=Tally)


def send_decreases(sender: Sender) -> None:
    """Send all lower quantities, and those whose value in the store is unknown."""
    after = 0
    while not sender.is_over():
        rows = decreased(sender.connection, limit=BATCH, after=after, now=sender.clock())
        _write_stock(sender, rows)
        if len(rows) < BATCH:
            return
        after = rows[-1].pk


def send_changes(sender: Sender) -> None:
    """Send all other changes of prices and quantities.

    A quantity does not rise while the store refuses the price: it may be too low.
    """
    after = 0
    while not sender.is_over():
        rows = changed(sender.connection, limit=BATCH, after=after, now=sender.clock())
        refused = _write_prices(sender, [row for row in rows if row.has_other_price])
        priced = [row for row in rows if row.pk not in refused]
        refused |= _write_stock(sender, [row for row in priced if row.has_other_quantity])
        records.settle([row for row in rows if row.pk not in refused])
        if len(rows) < BATCH:
            return
        after = rows[-1].pk


def _write_stock(sender: Sender, rows: Sequence[ListingState]) -> set[int]:
    """Write quantities; return the ids of rows that the store refused."""
    if not rows:
        return set()
    records.forget(rows, "sent_quantity")
    writes = [
        StockWrite(
            variant=row.external,
            quantity=row.quantity,
            key=f"{row.pk}-{row.version}-{row.quantity}",
        )
        for row in rows
    ]
    results: list[WriteResult] = []
    try:
        results.extend(sender.platform.write_stock(writes))
    finally:
        written, refused = _sort(sender, rows, results)
        quantities = [row.quantity for row in written]
        records.record(written, {"sent_quantity": quantities}, now=sender.clock())
        for row in written:
            row.sent_quantity = row.quantity
        sender.tally.quantities += len(written)
    return refused


def _write_prices(sender: Sender, rows: Sequence[ListingState]) -> set[int]:
    """Write prices; return the ids of rows that the store refused."""
    if not rows:
        return set()
    records.forget(rows, "sent_price", "sent_compare_at")
    currency = sender.connection.channel.currency
    writes = [
        PriceWrite(
            variant=row.external,
            price=Money(row.price, currency),
            compare_at=Money(row.compare_at, currency) if row.compare_at else None,
        )
        for row in rows
        if row.price is not None
    ]
    results: list[WriteResult] = []
    try:
        results.extend(sender.platform.write_prices(writes))
    finally:
        written, refused = _sort(sender, rows, results)
        values: dict[str, list[Any]] = {
            "sent_price": [row.price for row in written],
            "sent_compare_at": [row.compare_at for row in written],
        }
        records.record(written, values, now=sender.clock())
        sender.tally.prices += len(written)
    return refused


def _sort(
    sender: Sender, rows: Sequence[ListingState], results: Sequence[WriteResult]
) -> tuple[list[ListingState], set[int]]:
    """Store refusals; return the written rows, and the ids of all others."""
    by_variant = {row.external.variant_id: row for row in rows}
    written: list[ListingState] = []
    problems: dict[int, str] = {}
    missing: list[ListingState] = []
    for result in results:
        row = by_variant[result.variant.variant_id]
        if result.is_missing:
            missing.append(row)
        elif result.problem:
            problems[row.pk] = result.problem
        else:
            written.append(row)
    records.refuse(problems, rows, now=sender.clock())
    _recreate(sender, missing)
    sender.tally.refused += len(problems)
    return written, {row.pk for row in rows} - {row.pk for row in written}


def _recreate(sender: Sender, missing: Sequence[ListingState]) -> None:
    """Forget the ids of variants that the store no longer has; queue their products."""
    if not missing:
        return
    records.forget_ids(missing)
    pending_changes.queue(
        sender.connection,
        effect=PendingChange.Effect.RESEND,
        now=sender.clock(),
        product_ids={row.product_id for row in missing},
    )
