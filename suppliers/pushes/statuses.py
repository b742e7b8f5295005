"""Product status pushes: discontinue single SKUs of a supplier, or sell them again."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.errors import PermanentError
from suppliers.inventory import levels, publication
from suppliers.models import PendingPublication, Supplier, SupplierOffer, SupplierProduct
from suppliers.pushes.rows import (
    LOCKED,
    OLDER,
    UNKNOWN_SKU,
    OfferStatus,
    RefusedRow,
    StatusRow,
)
from suppliers.quarantine import guards, thresholds
from suppliers.runs.staging import staging_table
from suppliers.sync.webhooks import EVENT_CAUSE

Status = SupplierOffer.Status
# Offers discontinued over this time count as if one call had discontinued them.
COUNT_WINDOW = timedelta(days=1)


class TooManyDiscontinuedError(PermanentError):
    """The push would discontinue too many SKUs; nothing of it was applied."""


def apply_statuses(
    *,
    supplier: Supplier,
    rows: Sequence[StatusRow],
    external_id: str,
    as_of: datetime,
    now: datetime,
) -> list[RefusedRow]:
    """Store the reported statuses; return the rows that were refused.

    Idempotent. A row that is older than the last product list with the SKU is refused. An offer
    that is sold again needs a cost and stock that were reported after its end.

    Raises: TooManyDiscontinuedError
    """
    refused = _store(supplier, rows, f"{EVENT_CAUSE}{external_id}", as_of, now)
    publication.publish_pending(now=now)
    return refused


@transaction.atomic(durable=True)
def _store(
    supplier: Supplier, rows: Sequence[StatusRow], cause: str, as_of: datetime, now: datetime
) -> list[RefusedRow]:
    """Write the statuses; return the refused rows.

    Locks: the locations, the offers, then the stock rows, each in id order
    """
    levels.lock_locations(supplier=supplier)
    offers = {
        offer.supplier_sku: offer
        for offer in SupplierOffer.objects.filter(
            supplier=supplier, supplier_sku__in=[row.sku for row in rows]
        )
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
    }
    refused, discontinued, resumed, confirmed = [], [], [], []
    for row in rows:
        offer = offers.get(row.sku)
        if offer is None:
            refused.append(RefusedRow(row.sku, UNKNOWN_SKU))
        elif "status" in offer.overridden_fields:
            refused.append(RefusedRow(row.sku, LOCKED))
        elif offer.seen_at > as_of:
            refused.append(RefusedRow(row.sku, OLDER.format(offer.seen_at)))
        elif row.status is OfferStatus.DISCONTINUED and offer.status != Status.DISCONTINUED:
            discontinued.append(offer)
        elif row.status is OfferStatus.ACTIVE and offer.status == Status.DISCONTINUED:
            resumed.append(offer)
        elif row.status is OfferStatus.ACTIVE:
            confirmed.append(offer.pk)
    _check_count(supplier, len(discontinued), now)
    _discontinue(supplier, discontinued, cause=cause, as_of=as_of, now=now)
    _resume(supplier, resumed, as_of=as_of)
    SupplierOffer.objects.filter(pk__in=confirmed).update(seen_at=as_of)
    PendingPublication.queue(
        sorted(
            {
                offer.variant_id
                for offer in [*discontinued, *resumed]
                if offer.variant_id is not None
            }
        )
    )
    return refused


def _check_count(supplier: Supplier, count: int, now: datetime) -> None:
    """Check the push together with what was discontinued before it, as a list is checked."""
    if not count:
        return
    offers = SupplierOffer.objects.filter(supplier=supplier)
    recent = offers.filter(status=Status.DISCONTINUED, seen_at__gte=now - COUNT_WINDOW).count()
    live = offers.exclude(status=Status.DISCONTINUED).count()
    reason = guards.missing_rows_violation(
        good=1,
        bad=0,
        known=live + recent,
        still_there=live - count,
        limits=thresholds.thresholds_of(supplier),
    )
    if reason:
        raise TooManyDiscontinuedError(
            f"{count} SKUs would be discontinued, after {recent} within a day, of {live + recent}."
            " To allow it, raise the quarantine threshold “Missing rows” of this supplier and"
            " replay this call.",
            code="too_many_discontinued",
        )


@requires_transaction
def _resume(supplier: Supplier, offers: Sequence[SupplierOffer], *, as_of: datetime) -> None:
    """Sell the offers again whose cost was reported since their end; put the others on hold."""
    for offer in offers:
        cost_at = offer.cost_reported_at
        is_sound = offer.variant_id is not None and cost_at is not None and cost_at > offer.seen_at
        offer.status = Status.ACTIVE if is_sound else Status.ON_HOLD
        offer.seen_at = as_of
    SupplierOffer.objects.bulk_update(offers, ["status", "seen_at"])
    # else a price run skips the costs that its list repeats
    SupplierProduct.objects.filter(
        supplier=supplier, external_id__in={offer.product_external_id for offer in offers}
    ).update(cost_digest="")


@requires_transaction
def _discontinue(
    supplier: Supplier,
    offers: Iterable[SupplierOffer],
    *,
    cause: str,
    as_of: datetime,
    now: datetime,
) -> None:
    """Discontinue the offers and set their stock to zero."""
    ids = [offer.pk for offer in offers]
    if not ids:
        return
    SupplierOffer.objects.filter(pk__in=ids).update(status=Status.DISCONTINUED, seen_at=as_of)
    with staging_table(levels.STAGE, levels.COLUMNS) as stage:
        stage.analyze()
        levels.set_affected_offers(ids)
        levels.merge(supplier=supplier, cause=cause, as_of=now, received_at=now)
