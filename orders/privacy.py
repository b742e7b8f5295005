"""Privacy: erase the customer from ended orders; keep numbers, items, amounts, the country."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from notifications import privacy as messages
from orders import events
from orders.accounting import supplier_documents
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
from orders.models.order import OrderQuerySet
from orders.order_notes import customer_notes
from orders.returns import photos
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.anonymization import anonymize, blank_address, identifying_words
from storefront.lib.state_machine import StatusChange

Status = Order.Status
ERASED = "@erased.invalid"
FINAL = (Status.COMPLETED, Status.EXPIRED, Status.CANCELED)
# A canceled order without an amount is an exchange or replacement: another order paid for it.
UNPAID = Q(status=Status.EXPIRED) | (
    Q(status=Status.CANCELED, total_amount__gt=0) & ~Q(payments__authorized_amount__gt=0)
)


class OpenOrderError(Exception):
    """An order has not ended: its delivery needs the address."""


@requires_transaction
def erase_customer(
    *, addresses: list[str], owner_id: int | None, now: datetime
) -> tuple[set[str], set[str]]:
    """Erase a person from ended orders, and delete notes, and carts that were not ordered.

    Returns the texts that identified the person, and the order numbers, so that copies can be
    erased.

    Shape:  ``addresses``: verified e-mail addresses of an account, or the one address of a guest
            (``owner_id`` is None), in lower case
    Locks:  the account's carts in id order, then the orders, the newest first: a payment of a
            replacement locks the replacement before the order it replaces
    Raises: OpenOrderError  nothing is written
    """
    # Carts first: once they are locked, no checkout can turn one into an order.
    if owner_id is None:
        own_carts = Cart.objects.filter(owner=None, email__iexact=addresses[0])
        orders = orders_of_guest(addresses[0])
    else:
        own_carts = Cart.objects.filter(owner=owner_id)
        orders = Order.objects.of(owner_id, addresses)
    list(own_carts.select_for_update(of=["self"]).order_by("pk"))
    order_ids = orders.values_list("pk", flat=True)
    rows = list(
        Order.objects.filter(pk__in=list(order_ids)).select_for_update(of=["self"]).order_by("-pk")
    )
    open_returns = ReturnAuthorization.objects.filter(order__in=rows)
    if (
        any(row.status not in FINAL for row in rows)
        or open_returns.exclude(status__in=ReturnAuthorization.FINAL).exists()
    ):
        raise OpenOrderError
    carts = Cart.objects.filter(pk__in=own_carts.values("pk")) | Cart.objects.filter(order__in=rows)
    texts = _identifying_texts(rows, carts)
    customer_notes.delete({*addresses, *(row.email.lower() for row in rows)})
    for row in rows:
        _erase_order(row, texts)
    _request_erasure(rows, now)
    own_carts.filter(order__isnull=True).delete()
    _empty_carts(rows)
    return texts, {row.number for row in rows}


def orders_of_guest(email: str) -> OrderQuerySet:
    """Return the orders without an account of an e-mail address (lower case), newest first."""
    rows = Order.objects.alias(lower=Lower("email")).filter(lower=email, cart__owner=None)
    return rows.order_by("-placed_at", "-pk")


def guest_orders(*, placed_before: datetime, is_unpaid: bool = False) -> QuerySet[Order]:
    """Return ended orders without an account that still contain personal data."""
    open_returns = ReturnAuthorization.objects.exclude(status__in=ReturnAuthorization.FINAL)
    ended = (
        Order.objects.filter(cart__owner=None, status__in=FINAL, placed_at__lt=placed_before)
        .exclude(email__endswith=ERASED)
        .exclude(returns__in=open_returns)
    )
    return ended.filter(UNPAID) if is_unpaid else ended


@requires_transaction
def erase_guests(orders: QuerySet[Order]) -> int:
    """Erase the customers of these orders; return how many. Locks the orders; skips locked ones."""
    rows = list(orders.select_for_update(of=["self"], skip_locked=True))
    emails = {row.email.lower() for row in rows}
    for row in rows:
        _erase_order(row, _identifying_texts([row], Cart.objects.filter(order=row)))
    _empty_carts(rows)
    customer_notes.delete_unused(emails)
    return len(rows)


def _identifying_texts(rows: list[Order], carts: QuerySet[Cart]) -> set[str]:
    """Return the texts that identify the customers of these orders and carts."""
    texts = {text for cart in carts for text in (cart.email, cart.sms_number) if text}
    for cart in carts:
        texts |= identifying_words(cart.ship_to) | identifying_words(
            cart.address_verification.get("other", {})
        )
    for row in rows:
        texts |= {row.email, *identifying_words(row.ship_to)}
        texts |= {row.sms_number} - {""}
        texts |= identifying_words(row.address_verification.get("other", {}))
        for purchase_order in PurchaseOrder.objects.filter(order=row).exclude(ship_to={}):
            texts |= identifying_words(purchase_order.ship_to)
        for change_request in AddressChangeRequest.objects.filter(purchase_order__order=row):
            texts |= identifying_words(change_request.ship_to)
        for decision in row.address_verification.get("staff", []):
            texts |= identifying_words(decision.get("was", {}))
    return texts


@requires_transaction
def _empty_carts(rows: list[Order]) -> None:
    Cart.objects.filter(order__in=rows).update(
        email="",
        sms_number="",
        ship_to={},
        address_verification={},
        owner=None,
        is_current=False,
        browser_key="",
    )


@requires_transaction
def _erase_order(order: Order, texts: set[str]) -> None:
    erased_email = f"{order.number.lower()}{ERASED}"
    order.email, order.ship_to = erased_email, blank_address(order.ship_to)
    order.address_verification = verification.anonymized(order.address_verification)
    order.access_key, order.network, order.sms_number = new_key(), "", ""
    blanked = ("email", "ship_to", "address_verification", "access_key", "network", "sms_number")
    order.save(update_fields=blanked)
    Redemption.objects.filter(order=order).update(email=erased_email)
    for purchase_order in PurchaseOrder.objects.filter(order=order):
        PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
            ship_to=blank_address(purchase_order.ship_to) if purchase_order.ship_to else {},
            problem=anonymize(purchase_order.problem, texts),
            cancel_reason=anonymize(purchase_order.cancel_reason, texts),
        )
    for backorder in order.backorders.all():
        order.backorders.filter(pk=backorder.pk).update(
            reason=anonymize(backorder.reason, texts),
            problem=anonymize(backorder.problem, texts),
            chosen_by=anonymize(backorder.chosen_by, texts),
        )
    _erase_status_reasons(order, texts)
    for change_request in AddressChangeRequest.objects.filter(purchase_order__order=order):
        erased_address = blank_address(change_request.ship_to)
        AddressChangeRequest.objects.filter(pk=change_request.pk).update(
            ship_to=erased_address, reason=""
        )
    # Free texts may name anyone; a tracking number identifies the customer at the carrier.
    order.returns.update(customer_message="", answer="", label="", tracking_number="")
    photos.delete_of_order(order)
    supplier_documents.delete_packing_lists(order)
    return_lines = ReturnLine.objects.filter(authorization__order=order)
    return_lines.exclude(deduction_reason="").update(deduction_reason="erased")
    # Staff write a reason for this status change only.
    StatusChange.objects.filter(
        subject="orders.ReturnAuthorization",
        subject_id__in=order.returns.values("pk"),
        to_status=ReturnAuthorization.Status.LOST_IN_TRANSIT,
    ).update(reason="")
    selection = {"subject": f"order:{order.number}", "name_prefix": "return."}
    messages.clear_fields(fields=("customer_message", "answer", "label"), **selection)
    order.messages.all().delete()
    order.notes.all().delete()
    order.tags.all().delete()
    for request in order.refund_requests.all():
        order.refund_requests.filter(pk=request.pk).update(reason=anonymize(request.reason, texts))
    messages.clear_fields(
        fields=("text",), subject=f"order:{order.number}", name_prefix=events.MESSAGE_ANSWERED
    )
    for message in PurchaseMessage.objects.filter(purchase_order__order=order):
        body = anonymize(message.body, texts)
        if body != message.body:
            PurchaseMessage.objects.filter(pk=message.pk).update(body=body)


@requires_transaction
def _erase_status_reasons(order: Order, texts: set[str]) -> None:
    """Erase the person from status reasons: they quote suppliers and staff."""
    purchase_orders = order.purchase_orders.all()
    rows_by_subject: dict[str, QuerySet[Any]] = {
        "orders.Order": Order.objects.filter(pk=order.pk),
        "orders.PurchaseOrder": purchase_orders,
        "orders.Backorder": order.backorders.all(),
        "orders.AddressChangeRequest": AddressChangeRequest.objects.filter(
            purchase_order__in=purchase_orders
        ),
        "orders.Payment": order.payments.all(),
        "orders.RefundRequest": order.refund_requests.all(),
        "orders.ReturnAuthorization": order.returns.all(),
        "orders.SupplierClaim": SupplierClaim.objects.filter(purchase_order__in=purchase_orders),
        "orders.SupplierReturn": SupplierReturn.objects.filter(purchase_order__in=purchase_orders),
    }
    for subject, rows in rows_by_subject.items():
        ids = rows.values("pk")
        for change in StatusChange.objects.filter(subject=subject, subject_id__in=ids):
            reason, actor = anonymize(change.reason, texts), anonymize(change.actor, texts)
            if (reason, actor) != (change.reason, change.actor):
                StatusChange.objects.filter(pk=change.pk).update(reason=reason, actor=actor)


@requires_transaction
def _request_erasure(orders: list[Order], now: datetime) -> None:
    """Request erasure of each address that a supplier has: no supplier API erases it."""
    submitted = PurchaseOrder.objects.filter(order__in=orders).exclude(
        submission_status=PurchaseOrder.Submission.UNSUBMITTED
    )
    ErasureRequest.objects.bulk_create(
        [ErasureRequest(purchase_order=purchase_order, since=now) for purchase_order in submitted],
        ignore_conflicts=True,
    )


def record_sent(*, row: ErasureRequest, actor: str, now: datetime) -> None:
    """Record that the supplier was asked to erase the address. The first record is kept."""
    ErasureRequest.objects.filter(pk=row.pk, sent_at=None).update(sent_at=now, sent_by=actor)
