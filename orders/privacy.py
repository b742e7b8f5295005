"""Privacy: erase the customer from ended orders; keep numbers, items, amounts, the country."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from notifications import privacy as messages
from orders.addresses import verification
from orders.links import new_key
from orders.models import (
    AddressChangeRequest,
    Cart,
    ErasureRequest,
    Order,
    PurchaseMessage,
    PurchaseOrder,
    Redemption,
    ReturnAuthorization,
    ReturnLine,
    SupplierClaim,
    SupplierReturn,
)
from orders.returns import photos
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.anonymization import anonymize, blank_address, identifying_words
from storefront.lib.state_machine import StatusChange

Status = Order.Status
ERASED = "@erased.invalid"
ENDED = (Status.COMPLETED, Status.EXPIRED, Status.CANCELED)
# A canceled order without an amount is an exchange or replacement: another order paid for it.
UNPAID = Q(status=Status.EXPIRED) | (
    Q(status=Status.CANCELED, total_amount__gt=0) & ~Q(payments__authorized_amount__gt=0)
)


class OpenOrderError(Exception):
    """An order has not ended: its delivery needs the address."""


@requires_transaction
def erase_customer(
    *, addresses: list[str], owner_id: int, now: datetime
) -> tuple[set[str], set[str]]:
    """Erase a person from ended orders, and delete carts that were not ordered.

    Returns the texts that identified the person, and the order numbers, so that copies can be
    erased.

    Shape:  verified addresses, in lower case
    Locks:  the account's carts in id order, then the orders, the newest first: a payment of a
            replacement locks the replacement before the order it replaces
    Raises: OpenOrderError  nothing is written
    """
    # Carts first: a cart in checkout is an order by then, or never will be.
    list(Cart.objects.filter(owner=owner_id).select_for_update(of=["self"]).order_by("pk"))
    theirs = Order.objects.of(owner_id, addresses).values_list("pk", flat=True)
    rows = list(
        Order.objects.filter(pk__in=list(theirs)).select_for_update(of=["self"]).order_by("-pk")
    )
    coming_back = ReturnAuthorization.objects.filter(order__in=rows)
    if (
        any(row.status not in ENDED for row in rows)
        or coming_back.exclude(status__in=ReturnAuthorization.ENDED).exists()
    ):
        raise OpenOrderError
    carts = Cart.objects.filter(owner=owner_id) | Cart.objects.filter(order__in=rows)
    words = _identifying_texts(rows, carts)
    for row in rows:
        _erase_order(row, words)
    _request_erasure(rows, now)
    Cart.objects.filter(owner=owner_id, order__isnull=True).delete()
    _empty_carts(rows)
    return words, {row.number for row in rows}


def guest_orders(*, placed_before: datetime, is_unpaid: bool = False) -> QuerySet[Order]:
    """Return ended orders without an account that still contain personal data."""
    coming_back = ReturnAuthorization.objects.exclude(status__in=ReturnAuthorization.ENDED)
    ended = (
        Order.objects.filter(cart__owner=None, status__in=ENDED, placed_at__lt=placed_before)
        .exclude(email__endswith=ERASED)
        .exclude(returns__in=coming_back)
    )
    return ended.filter(UNPAID) if is_unpaid else ended


@requires_transaction
def erase_guests(orders: QuerySet[Order]) -> int:
    """Erase the customers of these orders; return the number of orders.

    Locks:  the orders, in id order
    """
    rows = list(orders.select_for_update(of=["self"], skip_locked=True))
    for row in rows:
        _erase_order(row, _identifying_texts([row], Cart.objects.filter(order=row)))
    _empty_carts(rows)
    return len(rows)


def _identifying_texts(rows: list[Order], carts: QuerySet[Cart]) -> set[str]:
    """Return the texts that identify the customers of these orders and carts."""
    words = {cart.email for cart in carts if cart.email}
    for cart in carts:
        words |= identifying_words(cart.ship_to) | identifying_words(
            cart.address_verification.get("other", {})
        )
    for row in rows:
        words |= {row.email, *identifying_words(row.ship_to)}
        words |= identifying_words(row.address_verification.get("other", {}))
        for sent in PurchaseOrder.objects.filter(order=row).exclude(ship_to={}):
            words |= identifying_words(sent.ship_to)
        for change_request in AddressChangeRequest.objects.filter(purchase_order__order=row):
            words |= identifying_words(change_request.ship_to)
        for each in row.address_verification.get("staff", []):
            words |= identifying_words(each.get("was", {}))
    return words


@requires_transaction
def _empty_carts(rows: list[Order]) -> None:
    Cart.objects.filter(order__in=rows).update(
        email="", ship_to={}, address_verification={}, owner=None, is_current=False, browser_key=""
    )


@requires_transaction
def _erase_order(order: Order, words: set[str]) -> None:
    erased_email = f"{order.number.lower()}{ERASED}"
    order.email, order.ship_to = erased_email, blank_address(order.ship_to)
    order.address_verification = verification.anonymized(order.address_verification)
    order.access_key, order.network = new_key(), ""
    order.save(update_fields=["email", "ship_to", "address_verification", "access_key", "network"])
    Redemption.objects.filter(order=order).update(email=erased_email)
    for one in PurchaseOrder.objects.filter(order=order):
        PurchaseOrder.objects.filter(pk=one.pk).update(
            ship_to=blank_address(one.ship_to) if one.ship_to else {},
            problem=anonymize(one.problem, words),
            cancel_reason=anonymize(one.cancel_reason, words),
        )
    for backorder in order.backorders.all():
        order.backorders.filter(pk=backorder.pk).update(
            reason=anonymize(backorder.reason, words),
            problem=anonymize(backorder.problem, words),
            chosen_by=anonymize(backorder.chosen_by, words),
        )
    _erase_status_reasons(order, words)
    for change_request in AddressChangeRequest.objects.filter(purchase_order__order=order):
        where = blank_address(change_request.ship_to)
        AddressChangeRequest.objects.filter(pk=change_request.pk).update(ship_to=where, reason="")
    # Free texts may name anyone; a tracking number identifies the customer at the carrier.
    order.returns.update(words="", answer="", label="", tracking_number="")
    photos.delete_of_order(order)
    kept = ReturnLine.objects.filter(authorization__order=order)
    kept.exclude(deduction_reason="").update(deduction_reason="erased")
    # Only this status change has a reason in the words of staff.
    StatusChange.objects.filter(
        subject="orders.ReturnAuthorization",
        subject_id__in=order.returns.values("pk"),
        to_status=ReturnAuthorization.Status.LOST_IN_TRANSIT,
    ).update(reason="")
    facts = {"subject": f"order:{order.number}", "facts": "return."}
    messages.clear_fields(parts=("words", "answer", "label"), **facts)
    for said in PurchaseMessage.objects.filter(purchase_order__order=order):
        body = anonymize(said.body, words)
        if body != said.body:
            PurchaseMessage.objects.filter(pk=said.pk).update(body=body)


@requires_transaction
def _erase_status_reasons(order: Order, words: set[str]) -> None:
    """Erase the person from status reasons: they quote suppliers and staff."""
    sent = order.purchase_orders.all()
    moved: dict[str, QuerySet[Any]] = {
        "orders.Order": Order.objects.filter(pk=order.pk),
        "orders.PurchaseOrder": sent,
        "orders.Backorder": order.backorders.all(),
        "orders.AddressChangeRequest": AddressChangeRequest.objects.filter(purchase_order__in=sent),
        "orders.Payment": order.payments.all(),
        "orders.ReturnAuthorization": order.returns.all(),
        "orders.SupplierClaim": SupplierClaim.objects.filter(purchase_order__in=sent),
        "orders.SupplierReturn": SupplierReturn.objects.filter(purchase_order__in=sent),
    }
    for subject, rows in moved.items():
        ids = rows.values("pk")
        for each in StatusChange.objects.filter(subject=subject, subject_id__in=ids):
            reason, actor = anonymize(each.reason, words), anonymize(each.actor, words)
            if (reason, actor) != (each.reason, each.actor):
                StatusChange.objects.filter(pk=each.pk).update(reason=reason, actor=actor)


@requires_transaction
def _request_erasure(orders: list[Order], now: datetime) -> None:
    """Create an erasure request per supplier that has the address: no supplier API erases it."""
    told = PurchaseOrder.objects.filter(order__in=orders).exclude(
        submission_status=PurchaseOrder.Submission.UNSUBMITTED
    )
    ErasureRequest.objects.bulk_create(
        [ErasureRequest(purchase_order=each, since=now) for each in told], ignore_conflicts=True
    )


def record_asked(*, row: ErasureRequest, actor: str, now: datetime) -> None:
    """Record that the supplier was asked to erase the address. The first record is kept."""
    ErasureRequest.objects.filter(pk=row.pk, asked_at=None).update(asked_at=now, asked_by=actor)
