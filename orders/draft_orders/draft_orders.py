"""Draft orders: staff fill a cart for a customer, place it unpaid, e-mail its payment link.

A draft is a cart with ``entered_by``. It has the prices, stock, promotions and checks of every cart.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Channel
from orders import events
from orders.cancellation import before_purchasing
from orders.cart import carts, delivery_details, reorder
from orders.cart.carts import DeliverableOf
from orders.checkout import checkout
from orders.models import Cart, Order
from orders.models.cart import CART_RETENTION
from orders.models.order import MAX_RESERVATION_TIME
from orders.routing.delivery_quote import ShippingQuote
from orders.tax.rates import CountryRate
from storefront.lib.address import Address
from storefront.lib.db.bulk import insert
from storefront.lib.money import Money

MAX_LISTED = 20
# The customer opens the link in an e-mail, so the stock is held as long as is allowed.
PAYMENT_WINDOW = MAX_RESERVATION_TIME


def start(*, channel: Channel, country: str, locale: str, actor: str, now: datetime) -> Cart:
    draft = carts.build_cart(channel=channel, country=country, locale=locale, now=now)
    draft.entered_by = _name(actor)
    insert([draft])
    return draft


def find(draft_id: int) -> Cart | None:
    """Return a draft with its channel and, if it was placed, its order."""
    drafts = Cart.objects.exclude(entered_by="").select_related("channel", "order")
    return drafts.filter(pk=draft_id).first()


def open_drafts(*, now: datetime) -> list[Cart]:
    """Return the newest drafts that are not placed, with their channels."""
    drafts = Cart.objects.exclude(entered_by="").select_related("channel")
    waiting = drafts.filter(order__isnull=True, updated_at__gte=now - CART_RETENTION)
    return list(waiting.order_by("-id")[:MAX_LISTED])


def set_quantity(
    *, draft: Cart, listing_id: int, quantity: int, deliverable: DeliverableOf, now: datetime
) -> None:
    """Set the quantity of a listing; zero removes it. Repeating it changes nothing.

    Locks, errors and ``deliverable``: as ``carts.add``
    """
    if quantity:
        carts.add(
            cart=draft,
            listing_id=listing_id,
            quantity=quantity,
            is_total=True,
            deliverable=deliverable,
            now=now,
        )
    elif line := draft.lines.filter(listing=listing_id).first():
        carts.remove(cart=draft, line_id=line.pk, now=now)


def discard(draft: Cart, *, now: datetime) -> None:
    """Delete a draft; if it is an edit, notify the customer that the order is canceled.

    Locks:  the draft
    Raises: PlacedCartError  it is an order
    """
    with transaction.atomic(durable=True):
        carts.lock(draft)
        if draft.edit_of_id and (edited := Order.objects.filter(cart=draft.edit_of_id).first()):
            reason = "its edit was discarded"
            events.order_canceled(edited, reason=reason, is_charged=False, was_paid=False, at=now)
        draft.delete()


def place(  # noqa: PLR0913 - the parts of one record
    *,
    draft: Cart,
    quote: ShippingQuote,
    agreed: Money,
    agreed_arrival: date,
    tax: CountryRate | None,
    actor: str,
    now: datetime,
) -> Order:
    """Place a draft as an unpaid order and e-mail its payment link, both once.

    A repeated call returns the same order. If it ends between the two, ``unpaid_orders`` reminds
    the customer with the same link.

    Shape:  as ``checkout.place``; ``actor`` stands in the order's timeline
    Locks, errors: as ``checkout.place``
    """
    unplaced = Cart.objects.filter(pk=draft.pk, order__isnull=True)
    unplaced.update(entered_by=_name(actor))
    try:
        order = checkout.place(
            cart=draft,
            email=draft.email,
            ship_to=Address(**draft.ship_to),
            quote=quote,
            agreed=agreed,
            agreed_arrival=agreed_arrival,
            check=draft.address_verification,
            tax=tax,
            payment_window=PAYMENT_WINDOW,
            now=now,
        ).order
    except checkout.AlreadyPlacedError as error:
        order = error.order
    if order.status == Order.Status.PENDING_PAYMENT:
        with transaction.atomic(durable=True):
            events.payment_link(order, at=now)
    return order


def reopen(*, order: Order, reason: str, actor: str, now: datetime) -> Cart:
    """Cancel an unpaid order and return a draft with the same content, at current prices.

    The page of the canceled order then refers to the draft. The customer gets no e-mail before the
    draft is placed or discarded. A second call of the same order fails.

    Locks:  the draft, the order; then as ``before_purchasing.cancel``
    Raises: NotEditableError  the order was paid or has ended
    """
    draft = start(
        channel=order.channel,
        country=order.ship_to["country"],
        locale=order.locale,
        actor=actor,
        now=now,
    )
    reorder.refill(ordered=order.cart, cart=draft, now=now, adds=True)
    delivery_details.set_address(
        cart=draft,
        email=order.email,
        ship_to=Address(**order.ship_to),
        check=order.address_verification,
        now=now,
    )
    try:
        _cancel_unpaid(order, draft, reason=reason, actor=actor, now=now)
    except NotEditableError:
        discard(draft, now=now)
        raise
    return draft


def find_edit(order: Order) -> Cart | None:
    """Return the draft with the content of a canceled order and, if it was placed, its order."""
    return Cart.objects.filter(edit_of=order.cart_id).select_related("order").first()


class NotEditableError(Exception):
    """The order was paid or has ended, so it cannot be edited. Nothing was changed."""


@transaction.atomic(durable=True)
def _cancel_unpaid(order: Order, draft: Cart, **acting: Any) -> None:
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if locked.status != Order.Status.PENDING_PAYMENT:
        raise NotEditableError(_("The order was paid or has ended, so it cannot be edited."))
    before_purchasing.cancel(locked, notify_customer=False, **acting)
    Cart.objects.filter(pk=draft.pk).update(edit_of=order.cart_id)


def _name(actor: str) -> str:
    return actor[: Cart._meta.get_field("entered_by").max_length]  # noqa: SLF001 - Django's model API
