"""Offer overrides: override a value of an offer, link it, return it to the supplier's feed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from catalog.models import Variant
from storefront.lib.db.transactions import requires_transaction
from suppliers.compliance import certificates
from suppliers.models import (
    CostChange,
    PendingPublication,
    SupplierOffer,
    SupplierProduct,
    SyncIssue,
)
from suppliers.offers import links

# The fields that staff may override. ``status``: whether it is on sale.
OVERRIDABLE_FIELDS = (
    "cost_amount", "lead_days", "min_order_units", "pack_size", "map_amount", "msrp_amount",
    "status",
)  # fmt: skip


Status = SupplierOffer.Status


class OverrideError(Exception):
    """The value cannot be overridden; the message says why."""


@transaction.atomic(durable=True)
def override(*, offer: SupplierOffer, values: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Override values: no feed changes them until the override is cleared.

    An override of the cost puts an offer on sale that was held for an implausible cost.

    Shape: ``values`` is keyed by ``OVERRIDABLE_FIELDS``
    Locks: the offer
    Raises: OverrideError  unknown field, or the offer is discontinued
    """
    if unknown := set(values) - set(OVERRIDABLE_FIELDS):
        message = gettext("%(fields)s cannot be overridden.")
        raise OverrideError(message % {"fields": ", ".join(sorted(unknown))})
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    if row.status == SupplierOffer.Status.DISCONTINUED:
        raise OverrideError(gettext("The supplier has discontinued it."))
    cost: Decimal | None = row.cost_amount
    if "cost_amount" in values and _is_held_for_cost(row):
        row.status = SupplierOffer.Status.ACTIVE
    for name, value in values.items():
        setattr(row, name, value)
    row.overridden_fields = sorted({*row.overridden_fields, *values})
    if row.cost_amount != cost:
        row.cost_reported_at = now
        CostChange.objects.create(
            offer=row,
            cause=f"staff:{actor}"[:60],
            old_amount=cost,
            new_amount=row.cost_amount,
            at=now,
        )
    row.save(update_fields=[*values, "status", "overridden_fields", "cost_reported_at"])
    _publish(row)


@transaction.atomic(durable=True)
def clear_override(*, offer: SupplierOffer, fields: Collection[str], now: datetime) -> None:
    """Return fields to the feed: they keep their values until the next run of each job.

    An offer held by staff is on sale again, if it can be sold. Without a plausible cost, it is on
    sale as soon as the supplier reports one.

    Locks: the offer, then its product
    """
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    row.overridden_fields = sorted(set(row.overridden_fields) - set(fields))
    is_cost_sure = not row.is_cost_unconfirmed or "cost_amount" in row.overridden_fields
    can_be_sold = row.variant_id is not None and row.cost_amount is not None and is_cost_sure
    if "status" in fields and row.status == SupplierOffer.Status.ON_HOLD and can_be_sold:
        row.status = SupplierOffer.Status.ACTIVE
    row.seen_at = now
    row.save(update_fields=["overridden_fields", "status", "seen_at"])
    _refetch_product(row)
    _publish(row)


def _refetch_product(row: SupplierOffer) -> int:
    products = SupplierProduct.objects.filter(
        supplier=row.supplier_id, external_id=row.product_external_id
    )
    return products.update(list_digest="", detail_digest="", cost_digest="")


# Offers without a link


def is_unlinked(offer: SupplierOffer) -> bool:
    """Return whether staff can link the offer: it is listed and has no variant."""
    return offer.variant_id is None and offer.status != Status.DISCONTINUED


@transaction.atomic(durable=True)
def link(*, offer: SupplierOffer, variant: Variant, now: datetime) -> None:
    """Call ``link_offer`` in its own transaction."""
    link_offer(offer=offer, variant=variant, now=now)


@requires_transaction
def link_offer(*, offer: SupplierOffer, variant: Variant, now: datetime) -> None:
    """Link an offer to a variant. No feed changes the link until the override is cleared.

    Locks: the offer
    Raises: OverrideError  it is linked or discontinued, the supplier offers the variant under
        another SKU, or open orders hold units of it as another variant
    """
    row = _lock_unlinked(offer, becomes=variant.pk)
    same = SupplierOffer.objects.filter(supplier=row.supplier_id, variant=variant)
    if other := same.exclude(status=Status.DISCONTINUED).first():
        message = gettext("The supplier already offers this variant as %(sku)s.")
        raise OverrideError(message % {"sku": other.supplier_sku})
    row.variant = variant
    if "status" not in row.overridden_fields:
        is_sound = row.cost_amount is not None and not row.is_cost_unconfirmed
        row.status = Status.ACTIVE if is_sound else Status.ON_HOLD
    _save_decision(row, locked={*row.overridden_fields, SupplierOffer.LINK}, now=now)
    certificates.apply_holds(supplier_id=row.supplier_id, now=now, offer_ids=[row.pk])
    _publish(row)


@transaction.atomic(durable=True)
def create_product(*, offer: SupplierOffer, now: datetime) -> None:
    """Call ``request_product`` in its own transaction."""
    request_product(offer=offer, now=now)


@requires_transaction
def request_product(*, offer: SupplierOffer, now: datetime) -> None:
    """Let the next product sync create a product from an offer.

    Locks: the offer, then its product
    Raises: OverrideError  it is linked or discontinued, has no product page, or open orders
        hold units of it
    """
    row = _lock_unlinked(offer)
    if not _refetch_product(row):
        raise OverrideError(
            gettext(
                "Only a price list contains this SKU. A product needs a page: map the"
                " supplier's product file first."
            )
        )
    _save_decision(row, locked={*row.overridden_fields, SupplierOffer.LINK} - {"status"}, now=now)


@transaction.atomic(durable=True)
def refuse(*, offer: SupplierOffer, now: datetime) -> None:
    """Keep an offer off sale: no feed links it, or creates a product, until this is cleared.

    Locks: the offer
    Raises: OverrideError  it is linked or discontinued
    """
    row = _lock_unlinked(offer, becomes=offer.disputed_variant_id)
    row.status = Status.ON_HOLD
    _save_decision(row, locked={*row.overridden_fields, SupplierOffer.LINK, "status"}, now=now)


def _lock_unlinked(offer: SupplierOffer, *, becomes: int | None = None) -> SupplierOffer:
    """Return the offer, locked, if staff may decide about it.

    If open orders hold units of it as another variant than ``becomes``, it is refused: they would
    be filled with the wrong variant.

    Raises: OverrideError
    """
    row = SupplierOffer.objects.select_for_update(of=["self"], no_key=True).get(pk=offer.pk)
    if not is_unlinked(row):
        raise OverrideError(
            gettext("The offer is already linked, or the supplier has discontinued it.")
        )
    held = row.levels.filter(Q(reserved__gt=0) | Q(allocated_outstanding__gt=0))
    if row.disputed_variant_id not in {None, becomes} and held.exists():
        message = gettext(
            "Open orders hold units of this SKU as %(variant)s. Reroute or cancel them first."
        )
        raise OverrideError(message % {"variant": row.disputed_variant})
    return row


def _save_decision(row: SupplierOffer, *, locked: Collection[str], now: datetime) -> None:
    row.disputed_variant = None
    row.overridden_fields = sorted(locked)
    row.seen_at = now
    row.save(
        update_fields=["variant", "disputed_variant", "status", "overridden_fields", "seen_at"]
    )
    issues = SyncIssue.objects.filter(supplier=row.supplier_id, row=row.supplier_sku)
    issues.filter(code__in=links.CODES, resolved_at=None).update(resolved_at=now)


def _is_held_for_cost(offer: SupplierOffer) -> bool:
    is_held = (
        offer.status == SupplierOffer.Status.ON_HOLD and "status" not in offer.overridden_fields
    )
    return is_held and offer.variant_id is not None


def _publish(offer: SupplierOffer) -> None:
    if offer.variant_id is not None:
        PendingPublication.objects.create(variant_id=offer.variant_id)
