"""Address corrections: staff confirm or correct an address before it is submitted to a supplier.

Author, time, reason and the previous address are stored on the order (``address_check``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext

from orders import events
from orders.addresses import pending_changes, validation, verification
from orders.backorders import backorders
from orders.models import AddressWish, Order, PurchaseOrder
from orders.purchasing.holds import holds
from orders.tax import rates
from storefront.lib.address import Address
from storefront.lib.db.transactions import needs_transaction

Request = PurchaseOrder.Request
Status = PurchaseOrder.Status
OVER = frozenset({Order.Status.COMPLETED, Order.Status.EXPIRED, Order.Status.CANCELED})
ADDRESS = "address"  # code of the hold reason


class SettledError(Exception):
    """The address cannot be changed any more; the message gives the reason. Nothing is written."""


class OverError(SettledError):
    """The order has ended."""


class SentError(SettledError):
    """A supplier may have the address."""


class SameError(SettledError):
    """The order has this address already."""


class StillWrongError(Exception):
    """The new address is invalid: ``fields`` has the errors. Nothing is written."""

    def __init__(self, fields: Mapping[str, Promise | str]) -> None:
        super().__init__(" ".join(str(words) for words in fields.values()))
        self.fields = fields


def open_doubts(order: Order) -> dict[str, Promise]:
    """Return the unconfirmed warnings of an order's address."""
    if not order.ship_to:
        return {}
    return verification.open_doubts(Address(**order.ship_to), order.address_check)


def can_confirm(order: Order) -> bool:
    return order.status not in OVER and bool(open_doubts(order))


def can_correct(order: Order) -> bool:
    return order.status not in OVER and not _sent(order).exists()


@transaction.atomic(durable=True)
def confirm(*, order: Order, reason: str, actor: str, now: datetime) -> None:
    """Confirm an address despite its warnings; purchase orders held for it are released.

    Locks:  the order, then its purchase orders in id order
    Raises: SettledError
    """
    order = locked(order)
    doubts = open_doubts(order)
    if not doubts:
        raise SettledError(gettext("This address has no open warnings."))
    ship_to = Address(**order.ship_to)
    kept = order.address_check
    settled = sorted({*verification.doubts(ship_to)})
    order.address_check = {
        "reason": "",
        "other": {},
        **kept,
        "of": verification.digest_of(ship_to),
        "verdict": str(verification.Verdict.UNVERIFIED),
        "doubts": settled,
        "staff": [
            *kept.get("staff", []),
            _entry("confirmed", reason, actor, now, doubts=sorted(doubts)),
        ],
    }
    order.save(update_fields=["address_check"])
    _let_go(order, actor=actor, now=now)


def correct(  # noqa: PLR0913 - the parts of one record
    *,
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None = None,
) -> None:
    """Change the address of an order within its country, if no supplier was given it.

    The customer is notified. Warnings of the new address are confirmed by ``reason``, or by
    ``noted``, the owner's own record from ``verification.note``. The country stays, as prices
    and routes depend on it, and so does the region if tax was added for it: the total stays. May
    call a tax service.

    Locks:  the order, then its purchase orders in id order
    Raises: SettledError, StillWrongError
    """
    insist_on_tax(order, ship_to)  # before anything is locked
    _correct(order, ship_to, reason, actor, now, noted)


@transaction.atomic(durable=True)
def _correct(  # noqa: PLR0913, PLR0917 - the parts of one record
    order: Order,
    ship_to: Address,
    reason: str,
    actor: str,
    now: datetime,
    noted: Mapping[str, Any] | None,
) -> None:
    order = locked(order)
    if _sent(order).exists():
        raise SentError(
            gettext("A supplier already has this address. Contact the supplier to change it.")
        )
    was = Address(**order.ship_to)
    refuse(order, was, ship_to)
    # Parts with their own address, from earlier requests, get the new one too.
    unsent = list(going_out(order))
    apart = [each.ship_to for each in unsent if each.ship_to]
    if was == ship_to:
        elsewhere = [each for each in (*apart, *_wished(unsent)) if each != asdict(ship_to)]
        if not elsewhere:
            raise SameError(gettext("The order already has this address."))
        was = Address(**elsewhere[0])
    for each in unsent:
        pending_changes.drop(each, reason=pending_changes.ANOTHER, is_told=False, now=now)
    order.purchase_orders.filter(pk__in=[each.pk for each in unsent]).update(ship_to={})
    kept = order.address_check.get("staff", [])
    entry = _entry("corrected", reason, actor, now, was=asdict(was))
    order.ship_to = asdict(ship_to)
    is_own = noted is not None
    noted = noted or {**verification.note(ship_to, reason=reason), "reason": ""}
    order.address_check = {**noted, "staff": [*kept, entry]}
    order.save(update_fields=["ship_to", "address_check"])
    events.address_corrected(order, was=was, place=len(kept) + 1, is_own=is_own, at=now)
    _let_go(order, actor=actor, now=now)


def insist_on_tax(order: Order, ship_to: Address) -> None:
    """Require the same tax rates as those of the order lines.

    Raises: StillWrongError
    """
    was = Address(**order.ship_to)
    changed = [part for part in ("region", "postcode") if _of(was, part) != _of(ship_to, part)]
    if not settings.TAX_SERVICE:
        changed = [part for part in changed if part == "region"]  # our table has no postcodes
    if not changed or ship_to.country != was.country:
        return
    there = rates.treatment(
        channel=order.channel,
        country=ship_to.country,
        region=ship_to.region,
        postcode=ship_to.postcode,
        on=order.placed_at.date(),
    )
    if order.lines.exclude(tax_rate=there.rate).exists():
        words = gettext(
            "The tax here differs from what was paid. Cancel this order and place a new one."
        )
        raise StillWrongError(dict.fromkeys(changed, words))


def _of(address: Address, part: str) -> str:
    return str(getattr(address, part)).strip()


def refuse(order: Order, was: Address, ship_to: Address) -> None:
    """Require a valid address in the same country and tax region.

    Raises: StillWrongError
    """
    wrong: dict[str, Promise | str] = dict(validation.problems(address=ship_to))
    if ship_to.country != was.country:
        wrong["country"] = gettext(
            "Prices differ by country. Cancel this order and place a new one."
        )
    is_taxed_there = order.added_tax_amount or order.channel.adds_tax
    if is_taxed_there and ship_to.region != was.region:
        wrong["region"] = gettext(
            "The tax was calculated for this region. Cancel this order and place a new one."
        )
    if wrong:
        raise StillWrongError(wrong)


@needs_transaction
def locked(order: Order) -> Order:
    """Lock an order that has not ended, then its purchase orders in id order.

    Raises: SettledError
    """
    row = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if row.status in OVER:
        raise OverError(
            gettext("This order is completed or canceled, so its address cannot change.")
        )
    list(row.purchase_orders.select_for_update(of=["self"]).order_by("pk"))
    return row


def going_out(order: Order) -> QuerySet[PurchaseOrder]:
    """Return active purchase orders, and rejected ones that are being rerouted."""
    is_waiting = Q(setbacks__in=backorders.waiting(order), setbacks__kind="refused")
    living = order.purchase_orders.filter(~Q(status=Status.CANCELED) | is_waiting)
    return living.distinct().order_by("pk")


def _wished(purchase_orders: list[PurchaseOrder]) -> list[dict[str, Any]]:
    """Return the requested addresses that apply on resubmission (``pending_changes.take``)."""
    wishes = AddressWish.objects.filter(
        purchase_order__in=purchase_orders, status=AddressWish.Status.REQUESTED
    )
    return list(wishes.order_by("pk").values_list("ship_to", flat=True))


def _sent(order: Order) -> Any:
    """Return what a supplier may have: everything from the start of its submission."""
    living = order.purchase_orders.exclude(status=Status.CANCELED)
    return living.exclude(request_status__in=PurchaseOrder.NEVER_SENT)


@needs_transaction
def _let_go(order: Order, *, actor: str, now: datetime) -> None:
    """Release address holds if the order's address is valid and confirmed."""
    if validation.problems(address=Address(**order.ship_to)) or open_doubts(order):
        return
    let_go(order.purchase_orders.all(), actor=actor, now=now)


@needs_transaction
def let_go(settled: QuerySet[PurchaseOrder], *, actor: str, now: datetime) -> None:
    """Remove the address reason from held purchase orders; other reasons stay."""
    held = settled.filter(status=Status.ON_HOLD, hold_reasons__contains=[{"code": ADDRESS}])
    for purchase_order in held.order_by("pk"):
        holds.take_off(
            purchase_order,
            lambda reason: reason["code"] == ADDRESS,
            reason="address change completed",
            now=now,
            actor=actor,
        )


def _entry(what: str, reason: str, actor: str, now: datetime, **more: Any) -> dict[str, Any]:
    return {"what": what, "by": actor[:100], "at": now.isoformat(), "reason": reason[:200], **more}
