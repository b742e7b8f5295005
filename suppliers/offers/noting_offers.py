"""Write offers down as a product's page tells them: what each SKU is, and on which terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.product_import.importer import Intake
from catalog.records import ProductRecord, Terms, VariantRecord
from storefront.lib.db.transactions import needs_transaction
from suppliers.models import SupplierOffer
from suppliers.offers.reading_retail import known_retail
from suppliers.runs.runs import Work

Status = SupplierOffer.Status
BATCH = 500
WRITTEN = (
    "variant_id", "supplier_product", "title", "status", "minimum_quantity", "pack_size",
    "lead_days", "map_amount", "msrp_amount",
)  # fmt: skip


@needs_transaction
def note(  # noqa: PLR0913 - one pass over the records that fills what comes after
    *,
    work: Work,
    records: Sequence[ProductRecord],
    taken: Intake,
    offers: Mapping[str, SupplierOffer],
    touched: set[int],
    now: datetime,
) -> list[SupplierOffer]:
    """Write what the pages say of each SKU; return the new offers, and add to ``touched``.

    Shape:  ``offers`` are the known ones by SKU, locked
    """
    new, changed = [], []
    for record in records:
        for variant in record.variants:
            variant_id = taken.variants.get(variant.sku)
            offer = offers.get(variant.sku)
            if offer is None:
                new.append(_offer(work, record, variant, variant_id, now))
            elif _is_changed(work, offer, record, variant, variant_id):
                offer.seen_at = now
                offer.run = work.run
                changed.append(offer)
    SupplierOffer.objects.bulk_create(new)
    SupplierOffer.objects.bulk_update(changed, [*WRITTEN, "seen_at", "run"], batch_size=BATCH)
    touched.update(offer.variant_id for offer in [*new, *changed] if offer.variant_id is not None)
    return new


def _offer(
    work: Work,
    record: ProductRecord,
    variant: VariantRecord,
    variant_id: int | None,
    now: datetime,
) -> SupplierOffer:
    is_sound = variant_id is not None and variant.cost is not None
    return SupplierOffer(
        supplier=work.supplier,
        supplier_sku=variant.sku,
        supplier_product=record.ref,
        variant_id=variant_id,
        title=variant.title[:200],
        **_terms(work, variant.terms),
        cost_amount=variant.cost.rounded().amount if variant.cost else None,
        currency=work.supplier.currency,
        status=Status.ACTIVE if is_sound else Status.HELD,
        seen_at=now,
        run=work.run,
        cost_as_of=now if variant.cost else None,
    )


def _is_changed(
    work: Work,
    offer: SupplierOffer,
    record: ProductRecord,
    variant: VariantRecord,
    variant_id: int | None,
) -> bool:
    """Bring the offer to what the page says, but for what staff set by hand.

    Its cost is left to the price job.

    An offer that is held for its cost stays held; one that is back becomes what it can be, but
    is held where staff had decided whether it is on sale.
    """
    before = _written(offer)
    was_nothing_of_ours = offer.variant_id is None
    offer.variant_id = offer.variant_id or variant_id
    offer.supplier_product = record.ref
    offer.title = variant.title[:200]
    for name, value in _terms(work, variant.terms).items():
        if name not in offer.locked_fields:
            setattr(offer, name, value)
    is_sound = offer.variant_id is not None and offer.cost_amount is not None
    is_locked = "status" in offer.locked_fields
    if offer.status == Status.GONE:
        offer.status = Status.ACTIVE if is_sound and not is_locked else Status.HELD
    elif was_nothing_of_ours and offer.variant_id is not None and not is_locked:
        offer.status = Status.ACTIVE if is_sound else Status.HELD
    return before != _written(offer)


def _written(offer: SupplierOffer) -> tuple[Any, ...]:
    return tuple(getattr(offer, name) for name in WRITTEN)


def _terms(work: Work, terms: Terms) -> dict[str, Any]:
    currency = work.supplier.currency
    return {
        "minimum_quantity": terms.minimum_quantity or 1,
        "pack_size": terms.pack_size or 1,
        "lead_days": terms.lead_days,
        "map_amount": known_retail(terms.map_price, currency=currency),
        "msrp_amount": known_retail(terms.msrp, currency=currency),
    }
