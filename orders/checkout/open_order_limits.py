"""Open order limits: count a customer's unpaid orders, supersede earlier ones, reject too many.

A customer has one unpaid reservation per item, at most ``MAX_OPEN_ORDERS`` unpaid orders, and a
cooldown (``COOLDOWN``) after holding an item unpaid for too long. The same customer is the same
account or the same browser (``Cart.browser_key``). An e-mail address proves nothing: anyone
could enter that of another customer, and cancel that customer's orders or block new ones.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from orders.cancellation import before_purchasing
from orders.inventory import reservations
from orders.models import Cart, Order, OrderLine, Payment, Reservation
from orders.models.order import MAX_RESERVATION_TIME, OrderQuerySet
from orders.payments import updates
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.errors import ExternalServiceError
from suppliers.models import StockLevel

MAX_OPEN_ORDERS = 3
MIN_PAYMENT_TIME = timedelta(minutes=5)  # a payment takes longer
COOLDOWN = timedelta(minutes=30)  # then the same customer may hold the same item again
# So long a gateway that was asked for a page may still answer.
SESSION_OPENING_TIMEOUT = timedelta(minutes=1)
ENDED_UNPAID = (Reservation.Status.RELEASED, Reservation.Status.EXPIRED)
Status = Order.Status
# A customer of two keys locks them in order. MATERIALIZED: the cart is locked first, and its keys
# are those after the lock.
LOCK_CART = """
WITH cart AS MATERIALIZED (
  SELECT owner_id, coalesce(nullif(browser_key, ''), token) AS browser
  FROM orders_cart WHERE id = %(cart)s FOR UPDATE
), customer AS MATERIALIZED (
  SELECT key FROM cart, unnest(ARRAY['shopper ' || owner_id, 'shopper ' || browser]) AS key
  WHERE key IS NOT NULL ORDER BY key COLLATE "C"
)
SELECT count(pg_advisory_xact_lock(hashtextextended(key, 7))) FROM customer
"""


class OpenOrderLimitError(Exception):
    """The customer holds too much unpaid stock. Nothing was written.

    ``orders`` are those that hold it; ``until`` is when that ends, None for never.
    """

    def __init__(self, orders: Sequence[Order], until: datetime | None) -> None:
        super().__init__(", ".join(order.number for order in orders))
        self.orders = orders
        self.until = until


class AlreadyReservedError(OpenOrderLimitError):
    """An earlier order of the customer holds the same item, and its payment is in progress.

    ``pages`` are the customer's open payments that may be closed for the new order.
    """

    def __init__(
        self, orders: Sequence[Order], until: datetime, pages: Sequence[Payment] = ()
    ) -> None:
        super().__init__(orders, until)
        self.pages = pages


class TooManyOpenError(OpenOrderLimitError):
    """The customer has too many unpaid orders."""


class ReservationExhaustedError(OpenOrderLimitError):
    """The customer held the same item unpaid for the maximum time."""


def place_closing_pages[T](place: Callable[[], T], *, now: datetime) -> T:
    """Place an order; close payment pages of earlier orders that block it, then retry.

    A customer who pays at the same moment keeps the earlier order.

    Raises: AlreadyReservedError  a page cannot be closed
    """
    try:
        return place()
    except AlreadyReservedError as error:
        if not error.pages:
            raise
        for payment in error.pages:
            with suppress(ExternalServiceError, updates.TooEarlyError):
                updates.close_session(payment=payment, now=now)
    return place()


def link_session(*, cart: Cart, token: str) -> None:
    """Link a new cart to the browser, or API client, whose last cart was ordered."""
    last = Cart.objects.filter(token=token).first() if token else None
    if last is not None and last.pk != cart.pk and not cart.browser_key:
        cart.browser_key = last.browser
        cart.save(update_fields=["browser_key"])


def open_orders_holding(*, cart: Cart, now: datetime) -> list[Order]:
    """Return the customer's unpaid orders that hold an item of the cart."""
    waiting = _orders_of(cart).filter(status=Status.PENDING_PAYMENT, payment_due_at__gt=now)
    orders = list(waiting.order_by("pk"))
    same_items = _with_same_items(orders, cart) if orders else set()
    return [order for order in orders if order.pk in same_items]


@requires_transaction
def supersede_open_orders(*, cart: Cart, now: datetime) -> tuple[datetime, list[Order]]:
    """Cancel the customer's unpaid orders that hold items of the cart.

    Their reservations stay until ``release_superseded``. Returns when the customer first reserved
    any of the items, and the canceled orders.

    Locks:  the customer's open orders in id order, their payments and promotions; the caller has
            locked the customer before
    Raises: AlreadyReservedError, TooManyOpenError, ReservationExhaustedError
    """
    if cart.owner_id is None and not cart.browser_key:
        return now, []  # the first cart of a guest's browser
    recently_closed = Q(
        status__in=[Status.EXPIRED, Status.CANCELED], status_since__gt=now - COOLDOWN
    )
    open_orders = _orders_of(cart).filter(Q(status=Status.PENDING_PAYMENT) | recently_closed)
    theirs = list(open_orders.select_for_update(of=["self"]).select_related("cart").order_by("pk"))
    if not theirs:
        return now, []
    same_items = _with_same_items(theirs, cart)
    open_ones = [order for order in theirs if order.status == Status.PENDING_PAYMENT]
    earlier = [order for order in open_ones if order.pk in same_items]
    _require_no_payment_in_progress(earlier, now)
    others = [
        order for order in open_ones if order.pk not in same_items and order.payment_due_at > now
    ]
    if len(others) >= MAX_OPEN_ORDERS:
        raise TooManyOpenError(others, min(order.payment_due_at for order in others))
    since = min(
        [now, *(reservations.hold_start(order) for order in theirs if order.pk in same_items)]
    )
    if since + MAX_RESERVATION_TIME < now + MIN_PAYMENT_TIME:
        blocked_until = max(
            order.payment_due_at if order in open_ones else order.status_since
            for order in theirs
            if order.pk in same_items
        )
        raise ReservationExhaustedError(earlier, blocked_until + COOLDOWN)
    for order in earlier:
        before_purchasing.cancel_superseded(order, now=now)
    return since, earlier


@requires_transaction
def release_superseded(*, earlier: Sequence[Order], levels: Collection[int], now: datetime) -> None:
    """Release the reservations of superseded orders, just before the new order reserves.

    Locks:  the stock rows of both, in id order; then the reservations of the superseded orders
    """
    if not earlier:
        return
    held_levels = Reservation.objects.filter(line__order__in=earlier).values_list(
        "level_id", flat=True
    )
    level_ids = {*held_levels, *levels}
    rows = StockLevel.objects.filter(pk__in=level_ids).order_by("pk")
    list(rows.select_for_update(of=["self"], no_key=True))
    for order in earlier:
        reservations.release(order=order, status=Reservation.Status.RELEASED, now=now)


@requires_transaction
def lock_cart(cart_id: int) -> bool:
    """Lock a cart and its customer, so that each order counts those before it.

    Return False if there is no such cart.

    Locks:  the cart, then the customer: account and browser
    """
    with planned_cursor(connection) as cursor:
        cursor.execute(LOCK_CART, {"cart": cart_id})
        return bool(cursor.fetchone()[0])


def _orders_of(cart: Cart) -> OrderQuerySet:
    """Return the customer's orders: none for the first cart of a guest's browser."""
    return Order.objects.of_customer(owner_id=cart.owner_id, browser_key=cart.browser_key)


def _with_same_items(orders: Sequence[Order], cart: Cart) -> set[int]:
    """Return the ids of orders that hold, or held unpaid, an item of the cart."""
    variants = cart.lines.values("listing__variant")
    lines = OrderLine.objects.filter(order__in=orders, variant__in=variants)
    unpaid = Q(reservation__status__in=[*ENDED_UNPAID, Reservation.Status.ACTIVE])
    return set(lines.filter(unpaid).values_list("order_id", flat=True))


def _require_no_payment_in_progress(earlier: Sequence[Order], now: datetime) -> None:
    pages: list[Payment] = []
    for order in earlier:
        for payment in order.payments.order_by("pk"):
            is_session_opening = payment.status == Payment.Status.CREATED
            if (
                is_session_opening
                and payment.session_requested_since > now - SESSION_OPENING_TIMEOUT
            ):
                raise AlreadyReservedError([order], order.payment_due_at)
            if payment.status == Payment.Status.REQUIRES_ACTION:
                pages.append(payment)
    if pages:
        raise AlreadyReservedError(earlier, max(order.payment_due_at for order in earlier), pages)
