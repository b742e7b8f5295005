"""Offer overrides: override a value of an offer, link it, return it to the supplier's feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from catalog.models import Variant
from suppliers.compliance import certificates
from suppliers.models import (
    CostChange,
    FeedIssue,
    SupplierOffer,
    SupplierProduct,
    UnpublishedSupply,
)
from suppliers.offers import links

# The fields that staff may override. ``status``: whether it is on sale.
BY_HAND = (
    "cost_amount", "lead_days", "minimum_quantity", "pack_size", "map_amount", "msrp_amount",
    "status",
)  # fmt: skip


Status = SupplierOffer.Status


class NotByHandError(Exception):
    """The value cannot be overridden; the message says why."""


@transaction.atomic(durable=True)
def set_by_hand(
    *, offer: SupplierOffer, values: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Override values: no feed changes them until they are returned.

    An override of the cost puts an offer on sale that was held for an implausible cost.

    Shape: ``values`` is keyed by ``BY_HAND``
    Locks: the offer
    Raises: NotByHandError  unknown field, or the offer is discontinued
    """
    if strange := set(values) - set(BY_HAND):
        raise NotByHandError(f"{', '.join(sorted(strange))} cannot be overridden.")
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    if row.status == SupplierOffer.Status.GONE:
        raise NotByHandError("The supplier has discontinued it.")
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
    """Return fields to the feed: they keep their values until the next run of each job.

    An offer held by staff is on sale again, if it can be sold. Without a plausible cost it is
    on sale with the next plausible one.

    Locks: the offer, then its product
    """
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    row.locked_fields = sorted(set(row.locked_fields) - set(fields))
    is_cost_sure = not row.is_cost_silent or "cost_amount" in row.locked_fields
    can_be_sold = row.variant_id is not None and row.cost_amount is not None and is_cost_sure
    if "status" in fields and row.status == SupplierOffer.Status.HELD and can_be_sold:
        row.status = SupplierOffer.Status.ACTIVE
    row.seen_at = now
    row.save(update_fields=["locked_fields", "status", "seen_at"])
    _read_again(row)
    _publish(row)


def _read_again(row: SupplierOffer) -> int:
    products = SupplierProduct.objects.filter(supplier=row.supplier_id, ref=row.supplier_product)
    return products.update(list_digest="", detail_digest="", cost_digest="")


# Offers without a link


def is_unlinked(offer: SupplierOffer) -> bool:
    """Return whether staff can link the offer: it is listed and has no variant."""
    return offer.variant_id is None and offer.status != Status.GONE


@transaction.atomic(durable=True)
def link(*, offer: SupplierOffer, variant: Variant, now: datetime) -> None:
    """Link an offer to a variant. No feed changes the link until it is returned.

    Locks: the offer
    Raises: NotByHandError  it is linked or discontinued, the supplier offers the variant under
        another SKU, or open orders hold units of it as another variant
    """
    row = _unlinked(offer, becomes=variant.pk)
    same = SupplierOffer.objects.filter(supplier=row.supplier_id, variant=variant)
    if other := same.exclude(status=Status.GONE).first():
        raise NotByHandError(f"The supplier already offers this variant as {other.supplier_sku}.")
    row.variant = variant
    if "status" not in row.locked_fields:
        is_sound = row.cost_amount is not None and not row.is_cost_silent
        row.status = Status.ACTIVE if is_sound else Status.HELD
    _decided(row, locked={*row.locked_fields, SupplierOffer.LINK}, now=now)
    certificates.weigh(supplier_id=row.supplier_id, now=now, offer_ids=[row.pk])
    _publish(row)


@transaction.atomic(durable=True)
def make_product(*, offer: SupplierOffer, now: datetime) -> None:
    """Let the next product sync create a product from an offer.

    Locks: the offer, then its product
    Raises: NotByHandError  it is linked or discontinued, has no product page, or open orders
        hold units of it
    """
    row = _unlinked(offer)
    if not _read_again(row):
        raise NotByHandError(
            "Only a price list contains this SKU. A product needs a page: map the"
            " supplier's product file first."
        )
    _decided(row, locked={*row.locked_fields, SupplierOffer.LINK} - {"status"}, now=now)


@transaction.atomic(durable=True)
def refuse(*, offer: SupplierOffer, now: datetime) -> None:
    """Keep an offer off sale: no feed links it or creates a product from it until it is returned.

    Locks: the offer
    Raises: NotByHandError  it is linked or discontinued
    """
    row = _unlinked(offer, becomes=offer.disputed_variant_id)
    row.status = Status.HELD
    _decided(row, locked={*row.locked_fields, SupplierOffer.LINK, "status"}, now=now)


def _unlinked(offer: SupplierOffer, *, becomes: int | None = None) -> SupplierOffer:
    """Return the offer, locked, if staff may decide about it.

    Open orders of its former variant would otherwise be filled with another one.

    Raises: NotByHandError
    """
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    if not is_unlinked(row):
        raise NotByHandError("The offer is already linked, or the supplier has discontinued it.")
    held = row.levels.filter(Q(reserved__gt=0) | Q(allocated_unseen__gt=0))
    if row.disputed_variant_id not in {None, becomes} and held.exists():
        raise NotByHandError(
            f"Open orders hold units of this SKU as {row.disputed_variant}. Reroute or cancel them"
            " first."
        )
    return row


def _decided(row: SupplierOffer, *, locked: Collection[str], now: datetime) -> None:
    row.disputed_variant = None
    row.locked_fields = sorted(locked)
    row.seen_at = now
    row.save(update_fields=["variant", "disputed_variant", "status", "locked_fields", "seen_at"])
    issues = FeedIssue.objects.filter(supplier=row.supplier_id, row=row.supplier_sku)
    issues.filter(code__in=links.CODES, resolved_at=None).update(resolved_at=now)


def _is_held_for_cost(offer: SupplierOffer) -> bool:
    is_held = offer.status == SupplierOffer.Status.HELD and "status" not in offer.locked_fields
    return is_held and offer.variant_id is not None


def _publish(offer: SupplierOffer) -> None:
    if offer.variant_id is not None:
        UnpublishedSupply.objects.create(variant_id=offer.variant_id)
