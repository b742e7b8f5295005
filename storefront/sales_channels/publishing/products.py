"""Products of a store: create and update changed ones, hide those that are no longer sold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from catalog.products.detail_query import load_product
from storefront.sales_channels.models import RemoteProduct
from storefront.sales_channels.platforms.base import ListedProduct, ProductResult
from storefront.sales_channels.publishing import content, records
from storefront.sales_channels.publishing.listing_states import ListingState, of_products
from storefront.sales_channels.publishing.stock_and_prices import Sender

BATCH = 20  # between batches, changed stock is sent


@dataclass(slots=True, kw_only=True)
class _Job:
    """One product to be written, with the state of its listings at that time."""

    remote: RemoteProduct
    states: Mapping[int, ListingState]
    listed: ListedProduct
    digest: str


def send_products(sender: Sender) -> bool:
    """Send the next changed products; return whether there may be more."""
    connection = sender.connection
    dirty = RemoteProduct.objects.filter(connection=connection, dirty_since__isnull=False)
    rows = list(dirty.select_related("product").order_by("dirty_since", "pk")[:BATCH])
    if not rows:
        return False
    of_product: dict[int, list[ListingState]] = defaultdict(list)
    product_ids = [row.product_id for row in rows]
    for state in of_products(connection, product_ids, now=sender.clock()):
        of_product[state.product_id].append(state)
    jobs: list[_Job] = []
    withdrawn: list[RemoteProduct] = []
    for row in rows:
        states = {state.variant_id: state for state in of_product[row.product_id]}
        _prepare(sender, row, states, jobs, withdrawn)
    _write(sender, jobs)
    _withdraw(sender, withdrawn)
    return len(rows) == BATCH


def _prepare(
    sender: Sender,
    row: RemoteProduct,
    states: Mapping[int, ListingState],
    jobs: list[_Job],
    withdrawn: list[RemoteProduct],
) -> None:
    """Decide what is done with a changed product; an unchanged one is settled here."""
    now, connection = sender.clock(), sender.connection
    view = load_product(channel=connection.channel, slug=row.product.slug, now=now)
    if view is None:
        _settle_new(states)
        if row.external_id and row.is_active:
            withdrawn.append(row)
        else:
            _settle(row)
        return
    problems = content.find_problems(view, requires_gtin=connection.requires_gtin)
    if problems:
        _settle_new(states)
        _refuse(row, "; ".join(problems), now=now)
        return
    listed = content.build(view, states, connection=connection, external_id=row.external_id)
    digest = content.digest(listed)
    is_known = len(listed.external_variants) == len(listed.variants)
    if row.content_digest == digest and row.is_active and is_known:
        _settle_new(states)
        _settle(row)
        return
    shown = {variant.sku for variant in listed.variants}
    of_shown = {key: state for key, state in states.items() if state.sku in shown}
    _settle_new({key: state for key, state in states.items() if key not in of_shown})
    jobs.append(_Job(remote=row, states=of_shown, listed=listed, digest=digest))


def _write(sender: Sender, jobs: Sequence[_Job]) -> None:
    if not jobs:
        return
    by_key = {job.listed.key: job for job in jobs}
    states = [state for job in jobs for state in job.states.values()]
    records.forget(states, "sent_price", "sent_compare_at", "sent_quantity")
    results: list[ProductResult] = []
    try:
        results.extend(sender.platform.write_products([job.listed for job in jobs]))
    finally:
        for result in results:
            _record(sender, by_key[result.key], result)


def _record(sender: Sender, job: _Job, result: ProductResult) -> None:
    now, row = sender.clock(), job.remote
    if result.is_missing:
        records.forget_ids(job.states.values())
        RemoteProduct.objects.filter(pk=row.pk).update(external_id="", is_active=False)
        return  # still changed: the next batch creates it
    if result.problem:
        sender.tally.refused += 1
        _settle_new(job.states)
        _refuse(row, result.problem, now=now)
        return
    sent_prices = {
        variant.sku: (variant.price.amount, variant.compare_at) for variant in job.listed.variants
    }
    written = [state for state in job.states.values() if state.sku in result.variants]
    ids = [result.variants[state.sku] for state in written]
    values: dict[str, list[Any]] = {
        "external_product_id": [each.product_id for each in ids],
        "external_variant_id": [each.variant_id for each in ids],
        "external_inventory_id": [each.inventory_id for each in ids],
        "sent_price": [sent_prices[state.sku][0] for state in written],
        "sent_compare_at": [state.compare_at for state in written],
        "sent_quantity": [state.quantity for state in written],
    }
    records.record(written, values, now=now)
    # The price and the quantity were read a moment ago: ``stock_and_prices`` settles the rows.
    RemoteProduct.objects.filter(pk=row.pk).update(
        external_id=result.external_id,
        content_digest=job.digest,
        is_active=True,
        sent_at=now,
        lag_ms=_lag_ms(row, now),
    )
    sender.tally.products += 1
    _settle(row)


def _lag_ms(row: RemoteProduct, now: datetime) -> int | None:
    # the database wrote ``dirty_since``, by its own clock
    return max(0, (now - row.dirty_since) // timedelta(milliseconds=1)) if row.dirty_since else None


def _withdraw(sender: Sender, rows: Sequence[RemoteProduct]) -> None:
    """Hide products that are no longer sold."""
    if not rows:
        return
    by_id = {row.external_id: row for row in rows}
    for result in sender.platform.unpublish(list(by_id)):
        row = by_id[result.external_id]
        if result.problem:
            sender.tally.refused += 1
            _refuse(row, result.problem, now=sender.clock())
            continue
        RemoteProduct.objects.filter(pk=row.pk).update(
            is_active=False, content_digest="", sent_at=sender.clock()
        )
        sender.tally.products += 1
        _settle(row)


def _settle(row: RemoteProduct) -> None:
    """Mark a product as in step, unless it changed since it was read."""
    unchanged = RemoteProduct.objects.filter(pk=row.pk, version=row.version)
    unchanged.update(dirty_since=None)


def _refuse(row: RemoteProduct, problem: str, *, now: datetime) -> None:
    """Store why a product is not sent; it waits for its next change, unless it changed meanwhile."""
    unchanged = RemoteProduct.objects.filter(pk=row.pk, version=row.version)
    unchanged.update(dirty_since=None, problem=problem[:500], problem_at=now)


def _settle_new(states: Mapping[int, ListingState]) -> None:
    """Settle listings of a product that is not sent: only those that exist need their stock sent."""
    records.settle([state for state in states.values() if not state.external.variant_id])
