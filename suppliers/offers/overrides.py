"""Offer overrides: set a value of an offer by hand, return it to the supplier's feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from suppliers.models import CostChange, SupplierOffer, SupplierProduct, UnpublishedSupply

# What may be set by hand. The status says whether it is on sale.
BY_HAND = (
    "cost_amount", "lead_days", "minimum_quantity", "pack_size", "map_amount", "msrp_amount",
    "status",
)  # fmt: skip


class NotByHandError(Exception):
    """It cannot be set by hand; the message says why."""


@transaction.atomic(durable=True)
def set_by_hand(
    *, offer: SupplierOffer, values: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Set values that no feed changes any more, until they are given back.

    An offer that was held because nobody believed its cost is on sale with one set by hand.

    Shape:  ``values`` is keyed by ``BY_HAND``
    Locks:  the offer
    Raises: NotByHandError  the field is not among them, or the offer is gone
    """
    if strange := set(values) - set(BY_HAND):
        raise NotByHandError(f"{', '.join(sorted(strange))} cannot be set by hand.")
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    if row.status == SupplierOffer.Status.GONE:
        raise NotByHandError("The supplier no longer sells it.")
    cost: Decimal | None = row.cost_amount
    if "cost_amount" in values and _is_held_for_cost(row):
        row.status = SupplierOffer.Status.ACTIVE
    for name, value in values.items():
        setattr(row, name, value)
    row.locked_fields = sorted({*row.locked_fields, *values})
    if row.cost_amount != cost:
        row.cost_as_of = now
        CostChange.objects.create(
            offer=row,
            cause=f"staff:{actor}"[:60],
            old_amount=cost,
            new_amount=row.cost_amount,
            at=now,
        )
    row.save(update_fields=[*values, "status", "locked_fields", "cost_as_of"])
    _publish(row)


@transaction.atomic(durable=True)
def let_the_feed_decide(*, offer: SupplierOffer, fields: Collection[str], now: datetime) -> None:
    """Give fields back: they stay as they are until the next run of each job reads them anew.

    What was held by hand is on sale again, if it can be sold. Where his last answer told no cost
    that could be believed, and none was set by hand, it is on sale with the next one that can.

    Locks:  the offer, then its product
    """
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    row.locked_fields = sorted(set(row.locked_fields) - set(fields))
    is_cost_sure = not row.is_cost_silent or "cost_amount" in row.locked_fields
    can_be_sold = row.variant_id is not None and row.cost_amount is not None and is_cost_sure
    if "status" in fields and row.status == SupplierOffer.Status.HELD and can_be_sold:
        row.status = SupplierOffer.Status.ACTIVE
    row.seen_at = now
    row.save(update_fields=["locked_fields", "status", "seen_at"])
    SupplierProduct.objects.filter(supplier=row.supplier_id, ref=row.supplier_product).update(
        list_digest="", detail_digest="", cost_digest=""
    )
    _publish(row)


def _is_held_for_cost(offer: SupplierOffer) -> bool:
    is_held = offer.status == SupplierOffer.Status.HELD and "status" not in offer.locked_fields
    return is_held and offer.variant_id is not None


def _publish(offer: SupplierOffer) -> None:
    if offer.variant_id is not None:
        UnpublishedSupply.objects.create(variant_id=offer.variant_id)
