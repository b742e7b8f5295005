"""Order page: show status, parcels and payments by secret link, cancel, look up an order."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from orders import links, order_lines
from orders.cancellation import cancellation as cancellations
from orders.cancellation import status as cancellation_status
from orders.cancellation import tasks
from orders.cancellation.status import CancellationStatus
from orders.draft_orders import draft_orders
from orders.models import Cart, Order, Payment, PaymentEvent
from orders.order_messages import order_messages
from orders.returns import eligibility, refund_amounts
from storefront.accounts import profile
from storefront.identity.current import may_sell
from storefront.lib.money import Money
from storefront.lib.tasks import enqueue
from storefront.web.cart import reorder
from storefront.web.core.guarantees import sold_guarantees
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import (
    cart_token,
    customer_id,
    delete_cart_cookie,
    delete_unpaid_cookie,
    set_unpaid_cookie,
)
from storefront.web.orders import (
    actions,
    address_change,
    backorder_choice,
    messages,
    parcel_choice,
)
from storefront.web.orders.invoices import invoices_of
from storefront.web.orders.parcel_facts import substitutes
from storefront.web.orders.parcel_progress import MAX_UNFOLDED
from storefront.web.orders.revision import order_etag
from storefront.web.orders.tracking import (
    canceled_lines,
    parcel_views,
    purchases_of,
)
from storefront.web.problems import status as problem_status
from storefront.web.problems import views as problem_views
from storefront.web.returns import status, views

Status = Order.Status
Kind = PaymentEvent.Kind
ENDED_ATTEMPTS = frozenset(
    {Payment.Status.DECLINED, Payment.Status.FAILED, Payment.Status.EXPIRED, Payment.Status.VOIDED}
)
# Events that move money, or end an attempt to; requests and disputes are left out.
MOVES = {
    Kind.AUTHORIZED: gettext_lazy("Authorized"),
    Kind.CAPTURED: gettext_lazy("Charged"),
    Kind.VOIDED: gettext_lazy("Released, not charged"),
    Kind.REFUNDED: gettext_lazy("Refunded"),
    Kind.REFUND_FAILED: gettext_lazy("Refund failed: your bank returned the money"),
    Kind.DECLINED: gettext_lazy("Declined, not charged"),
    Kind.EXPIRED: gettext_lazy("Authorization expired: the rest was not charged"),
}
# Seconds between polls of an open page: while a payment is pending, and later.
POLL_PAYMENT_S, POLL_PARCELS_S = 8, 30
# Message after an action; its code is in the URL.
MESSAGES: dict[str, tuple[str, Promise]] = {
    "unavailable": (
        "bad",
        gettext_lazy(
            "The payment page is not available right now. Your items stay reserved. Try again."
        ),
    ),
    "pending": (
        "",
        gettext_lazy("We do not have the result of your payment yet. This page will show it soon."),
    ),
    "given-up": ("good", gettext_lazy("The order is canceled. Nothing was charged.")),
    "stopped": (
        "good",
        gettext_lazy("The order is canceled. Your payment is refunded the way you paid."),
    ),
    "asked": (
        "",
        gettext_lazy(
            "We received your cancellation request, and ask the supplier to stop the parcel. If it"
            " is already packed, it is still sent, and you can return it. We send you the answer"
            " by e-mail."
        ),
    ),
    "late": ("bad", gettext_lazy("It could not be canceled. You can return it after delivery.")),
    "items": ("good", gettext_lazy("The items are canceled. You do not pay for them.")),
    "in-part": (
        "",
        gettext_lazy(
            "Not all of it could be canceled at once. This page shows what is canceled. We e-mail"
            " you about each item."
        ),
    ),
    "together": (
        "bad",
        gettext_lazy(
            "Single items can no longer be canceled, only all items of a parcel together. You can"
            " return what you do not want after delivery."
        ),
    ),
}
CANCELLATION_MESSAGES = {CancellationStatus.ASKED: "asked", CancellationStatus.REFUSED: "late"}


@never_cache
@require_safe
def order(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Show an order. A poll of the open page gets 304 until something on it changes."""
    now = timezone.now()
    etag = order_etag(number, now)
    if (known := links.find_with_payments(number=number, key=key)) is None:
        raise Http404
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers={"ETag": etag})
    order, payments = known
    payment = payments[-1] if payments else None
    # A line that was split from another comes below it.
    lines = sorted(
        order_lines.read_order_lines(order),
        key=lambda line: (line.split_from_id or line.pk, line.pk),
    )
    purchases = purchases_of(order)
    parcels = parcel_views(order, now, lines=lines, purchases=purchases)
    questions = backorder_choice.open_questions(order) if purchases else []
    address_changes = address_change.address_changes_of(order) if purchases else []
    destinations = address_change.destinations(order, purchases, address_changes)
    can_pay = order.status == Status.PENDING_PAYMENT and order.payment_due_at > now
    change_request = cancellation_status.status_from(purchases)
    was_paid = any(row.authorized_amount for row in payments)
    is_unpaid_end = order.status == Status.CANCELED and not was_paid
    edit = draft_orders.find_edit(order) if is_unpaid_end else None
    paid_with = _paid_with(order)
    returns = status.return_views(order) if purchases else []
    owner_id = customer_id(request)
    invoices = invoices_of(order) if purchases else []
    facts = actions.OrderFacts(
        order=order,
        lines=lines,
        parcels=parcels,
        questions=questions,
        cancellation=change_request,
        is_edited=edit is not None,
        invoices=invoices,
        changeability=address_change.can_change(order, purchases, address_changes, questions),
        returnable=eligibility.find_returnable(order=order, now=now) if purchases else None,
    )
    open_actions, closed_actions = actions.list_actions(facts)
    context = {
        "order": order,
        "redemptions": list(order.redemptions.order_by("pk")) if order.discount_amount else [],
        "lines": lines,
        "guarantees": sold_guarantees(order, lines),
        "tax": Money(order.tax_amount, order.currency),
        "instead": substitutes(purchases, lines),
        "boxes": parcels,
        "stopped": canceled_lines(purchases, lines),
        "questions": questions,
        "destinations": destinations,
        "parcel_destinations": address_change.group_by_destination(order, parcels, destinations),
        "open_actions": open_actions,
        "closed_actions": closed_actions,
        "address_message": address_change.MESSAGES.get(request.GET.get("address", "")),
        "payment": payment,
        "can_pay": can_pay,
        "was_tried": can_pay and payment is not None and payment.status in ENDED_ATTEMPTS,
        "was_paid": was_paid,
        "paid_with": paid_with,
        "edit": edit,
        "edited_order": edit and _order_of_same_customer(edit, order),
        "was_charged": any(row.captured_amount for row in payments),
        "moved": _amounts_moved(payments, order.total_amount),
        "can_cancel": actions.can_cancel(facts),
        "messages": order_messages.messages_of(order),
        "messages_note": messages.MESSAGES.get(request.GET.get("message", "")),
        "max_unfolded": MAX_UNFOLDED,
        "silence_headlines": parcel_choice.HEADLINES,
        "poll_s": _poll_interval(order),
        "etag": etag,
        "returns": returns,
        "invoices": invoices,
        "can_return": facts.returnable is not None and bool(facts.returnable.lines),
        "problem_reports": problem_status.report_views(order) if purchases else [],
        "problem_message": problem_views.MESSAGES.get(request.GET.get("problem", "")),
        "return_message": views.MESSAGES.get(request.GET.get("return", "")),
        "message": _message(
            request,
            order,
            change_request,
            was_paid=was_paid or paid_with is not None,
            is_shown=any(box.stop for box in parcels),
        ),
        "title": _("This order was changed.")
        if edit
        else headline(
            order,
            payment,
            now,
            has_open_return=any(row.is_open for row in returns),
            has_arrived=any(line.delivered_quantity for line in lines),
        ),
        "can_save_address": owner_id is not None
        and order.cart.owner_id == owner_id
        and not profile.has_address(owner_id, order.ship_to),
        "offers_account": not request.user.is_authenticated,
    }
    response = render(request, "web/orders/order.html", context)
    response["ETag"] = etag
    # Until the order is paid, its cart identifies the browser, for the limit of open orders.
    is_same_cart = cart_token(request) == order.cart.token
    if is_same_cart and can_pay:
        set_unpaid_cookie(response, order, now)
    elif not can_pay:
        delete_unpaid_cookie(request, response, order)
    if is_same_cart and order.status not in {Status.PENDING_PAYMENT, Status.EXPIRED}:
        delete_cart_cookie(request, response)
    return response


def _poll_interval(order: Order) -> int:
    """Return the seconds between polls of the open page; 0 if nothing can change by itself."""
    if order.status not in Order.OPEN:
        return 0
    return POLL_PAYMENT_S if order.status == Status.PENDING_PAYMENT else POLL_PARCELS_S


def _paid_with(order: Order) -> Order | None:
    """Return the paid order that a canceled replacement belongs to, if any."""
    if order.status != Status.CANCELED or order.total_amount:
        return None
    first = refund_amounts.root_return(order)
    return first.order if first else None


def _order_of_same_customer(edit: Cart, order: Order) -> Order | None:
    """Return the order placed from an edit; None if the link may be another person's."""
    placed: Order | None = getattr(edit, "order", None)
    return placed if placed and placed.email.lower() == order.email.lower() else None


def _amounts_moved(payments: Sequence[Payment], total: Decimal) -> list[tuple[Promise, Decimal]]:
    """Return charged, released and refunded amounts; none if simply the total was charged.

    A fully released attempt is left out if another attempt followed.
    """
    authorized = [payment for payment in payments if payment.authorized_amount]
    counted = [
        payment for payment in authorized if payment.captured_amount or payment.open_amount
    ] or authorized[-1:]
    charged, released, refunded = (
        sum((getattr(payment, f"{name}_amount") for payment in counted), Decimal(0))
        for name in ("captured", "voided", "refunded")
    )
    if charged >= total:
        released = Decimal(0)
    if not released and not refunded:
        return []
    amounts = (
        (MOVES[Kind.CAPTURED], charged),
        (MOVES[Kind.VOIDED], released),
        (MOVES[Kind.REFUNDED], refunded),
    )
    return [(label, amount) for label, amount in amounts if amount]


def _message(
    request: HttpRequest,
    order: Order,
    change_request: CancellationStatus,
    *,
    was_paid: bool,
    is_shown: bool,
) -> tuple[str, Promise] | None:
    """Return the message of the last action, unless the parcels show the cancellation."""
    is_new = (
        change_request == CancellationStatus.ASKED
        and request.GET.get("cancel") == CANCELLATION_MESSAGES[CancellationStatus.ASKED]
    )
    if is_new or (change_request != CancellationStatus.NONE and not is_shown):
        return MESSAGES[CANCELLATION_MESSAGES[change_request]]
    code = request.GET.get("pay", "") or request.GET.get("cancel", "")
    if code == CANCELLATION_MESSAGES[CancellationStatus.ASKED]:
        code = "stopped" if order.status == Status.CANCELED else ""
    if code == "stopped" and not was_paid:
        code = "given-up"
    return MESSAGES.get(code)


def headline(
    order: Order,
    payment: Payment | None,
    now: datetime,
    *,
    has_arrived: bool,
    has_open_return: bool = False,
) -> str:
    """Return the status of the order as a short headline."""
    if order.status == Status.CANCELED:
        return _("Canceled.")
    if order.status == Status.EXPIRED or (
        order.status == Status.PENDING_PAYMENT and order.payment_due_at <= now
    ):
        return _("Not paid in time.")
    if order.status == Status.PENDING_PAYMENT:
        return _payment_headline(payment)
    if order.status == Status.COMPLETED and not has_arrived:  # its parcels were lost
        return _("Your order is settled.")
    if order.status == Status.COMPLETED:
        return _("Delivered. Your return is open.") if has_open_return else _("Delivered.")
    return _("Thank you, your order is placed.")


def _payment_headline(payment: Payment | None) -> str:
    """Return how the last attempt to pay ended, if it ended."""
    match payment.status if payment is not None else "":
        case Payment.Status.DECLINED:
            return _("The payment was declined.")
        case Payment.Status.FAILED if payment is not None and payment.reference:
            return _("The payment was canceled.")
        case Payment.Status.FAILED:
            return _("The payment page could not be opened.")
        case Payment.Status.EXPIRED | Payment.Status.VOIDED:
            return _("The payment page has expired.")
    return _("Waiting for your payment.")


@never_cache
@require_safe
def guarantee_terms(_request: HttpRequest, number: str, key: str, line_id: int) -> HttpResponse:
    """Send the terms of the guarantee that was sold with a line. Raises: Http404."""
    order = find_order(number, key)
    line = get_object_or_404(order.lines, pk=line_id)
    return order_lines.download_terms(line, stem=f"{order.number}-guarantee")


@never_cache
@require_POST
def again(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Put the items of an order into the cart again."""
    return reorder.put_back(request, find_order(number, key), why=reorder.AGAIN)


@never_cache
@require_POST
def cancel(request: HttpRequest, number: str, key: str) -> HttpResponse:
    order = find_order(number, key)
    was_unpaid = order.status == Status.PENDING_PAYMENT
    try:
        result = cancellations.cancel(
            order=order, reason="canceled by the customer", actor="customer", now=timezone.now()
        )
        enqueue(tasks.process_cancellation, order_id=order.pk)
    except cancellations.TooLateError:
        order.refresh_from_db(fields=["status"])
        # The second request of a double click gets the same message.
        code = "stopped" if order.status == Status.CANCELED else "late"
    else:
        if was_unpaid and result.is_whole and may_sell():
            response = reorder.put_back(request, order, why=reorder.RELEASED)
            delete_unpaid_cookie(request, response, order)
            return response
        code = "stopped" if result.is_whole else ("asked" if result.open else "in-part")
    return to_order(order, cancel=code)
