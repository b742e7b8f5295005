"""Checkout: place a cart as an order, expire an order that is not paid.

step      what happens                                transaction  safe to repeat because
validate  check the address, choose the tax rate      none         it writes nothing
ask       live stock of suppliers, 1.5 s at most      none         it reserves nothing
price     lock the cart; promotions, tax, delivery    ``_place``   the total must be the agreed one
write     order, lines, reservations, first payment   ``_place``   ``Order.cart`` is unique
reserve   guarded UPDATE of each stock row, by id     ``_place``   with the order, or not at all
expire    void payments, give back promotions, units  ``expire``   only an unpaid order that is due
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.functional import Promise

from orders.addresses import validation, verification
from orders.cart import carts
from orders.cart import lines as cart_lines
from orders.checkout import network_limits, open_order_limits, placing, snapshot
from orders.checkout.cart_totals import BuyerContext, calculate, quote_shipping_charges
from orders.inventory import reservations
from orders.models import Cart, CartLine, Order, Payment, Reservation
from orders.payments import sessions
from orders.pricing.totals import PricedLine
from orders.promotions import redemptions
from orders.routing.delivery_quote import ShippingQuote
from orders.tax.rates import CountryRate
from storefront.lib.address import Address
from storefront.lib.db.bulk import insert
from storefront.lib.money import Money
from suppliers.inventory.ledger import NotEnoughStockError


class Placed(NamedTuple):
    """The order and its first payment, which is not opened yet."""

    order: Order
    payment: Payment


class EmptyCartError(Exception):
    """The cart has no lines."""


class AlreadyPlacedError(Exception):
    """The cart has already become ``order``."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.number)
        self.order = order


class UnavailableError(Exception):
    """An item is no longer available as planned. Nothing was written.

    ``shipping.availability.availability.check_cart`` returns how many are left.
    """


class UnpricedError(UnavailableError):
    """An item in the cart has no price now. Nothing was written."""


class QuoteOutdatedError(Exception):
    """The cart changed after its delivery was quoted. Nothing was written."""


class PriceChangedError(Exception):
    """The total is not the one that the customer agreed to. Nothing was written."""

    def __init__(self, total: Money) -> None:
        super().__init__(str(total))
        self.total = total


class ArrivalChangedError(Exception):
    """The order would arrive later than the customer agreed to. Nothing was written."""


class NothingToPayError(Exception):
    """Promotions reduce the total to 0, which no gateway authorizes. Nothing was written."""


class InvalidAddressError(Exception):
    """The address is invalid. Nothing was written."""

    def __init__(self, fields: Mapping[str, Promise]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class UnconfirmedAddressError(InvalidAddressError):
    """The address has an unconfirmed warning. Nothing was written."""


def place(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    email: str,
    ship_to: Address,
    quote: ShippingQuote,
    now: datetime,
    agreed: Money | None = None,
    agreed_arrival: date | None = None,
    check: Mapping[str, Any] | None = None,
    tax: CountryRate | None = None,
    network: str = "",
    reference: str = "",
    payment_window: timedelta = reservations.PAYMENT_WINDOW,
) -> Placed:
    """Place a cart as an order: reserve its stock and create its first payment.

    Suppliers are asked live first for stock that is outdated or low.

    Shape:  ``agreed`` and ``agreed_arrival``: the total and the last day of arrival that the
            customer saw; ``check``: how the address was confirmed, as returned by
            ``verification.record``; ``tax``: the rate of its country, as read for this request;
            ``network``: digest of the visitor's network (``client_ip.network_digest``);
            ``reference``: its id in the caller's system, unique on the channel;
            ``payment_window``: how long its stock is held unpaid, one hour at most
    Locks:  the cart, the customer, promotions with a limit, the network, the stock rows in id
            order
    Raises: EmptyCartError, AlreadyPlacedError, UnavailableError, QuoteOutdatedError,
            OpenOrderLimitError, PriceChangedError, ArrivalChangedError, LimitReachedError,
            NothingToPayError, InvalidAddressError: nothing is written
    """
    check = check or verification.record(ship_to, other=verification.suggestion(ship_to))
    if fields := validation.find_errors(address=ship_to):
        raise InvalidAddressError(fields)
    if fields := verification.unconfirmed_warnings(ship_to, check):
        raise UnconfirmedAddressError(fields)
    buyer = BuyerContext.at(ship_to, email=email, channel=cart.channel, on=now.date(), tax=tax)
    place_numbered = partial(
        _place,
        cart=cart,
        buyer=buyer,
        ship_to=ship_to,
        check=check,
        quote=quote,
        now=now,
        agreed=agreed,
        agreed_arrival=agreed_arrival,
        network=network,
        reference=reference,
        payment_window=payment_window,
    )
    try:
        _require_stock(cart, quote, now)
        return open_order_limits.place_closing_pages(
            lambda: placing.place_with_number(place_numbered, now=now), now=now
        )
    except NotEnoughStockError as error:
        raise UnavailableError(str(error)) from error


def _require_stock(cart: Cart, quote: ShippingQuote, now: datetime) -> None:
    """Check stock live, unless the order exists already. Raises: NotEnoughStockError."""
    try:
        placing.require_stock(quote, now=now)
    except NotEnoughStockError:
        if not Order.objects.filter(cart=cart).exists():
            raise


@transaction.atomic(durable=True)
def _place(  # noqa: PLR0913
    number: str,
    *,
    cart: Cart,
    buyer: BuyerContext,
    ship_to: Address,
    check: Mapping[str, Any],
    quote: ShippingQuote,
    now: datetime,
    agreed: Money | None,
    agreed_arrival: date | None,
    network: str,
    reference: str,
    payment_window: timedelta,
) -> Placed:
    if not open_order_limits.lock_cart(
        cart.pk
    ):  # merged into the cart of an account in the meantime
        raise EmptyCartError
    # Read after the lock, or a concurrent order is missed.
    read = cart_lines.load_locked(cart_id=cart.pk, now=now)
    if (read.is_placed or not read.lines) and (order := Order.objects.filter(cart=cart).first()):
        raise AlreadyPlacedError(order)
    if read.cart is None:
        raise EmptyCartError
    cart, lines = read.cart, read.rows
    if agreed_arrival and quote.arrives_to > agreed_arrival:
        raise ArrivalChangedError(quote.arrives_to)
    since, earlier = open_order_limits.supersede_open_orders(cart=cart, now=now)
    _require_matching_quote(quote, lines)
    units = _unit_prices(lines, now)
    if not all(line.is_shown for line in read.lines):
        raise UnavailableError("an item is no longer for sale")
    currency = cart.channel.currency
    priced = calculate(
        cart=cart,
        wanted={
            line.pk: PricedLine(
                listing_id=line.listing_id,
                unit=Money(units[line.pk], currency),
                quantity=line.quantity,
            )
            for line in lines
        },
        shipping_charges=quote_shipping_charges(
            quote, line_ids={line.listing.variant_id: line.pk for line in lines}
        ),
        buyer=buyer,
        now=now,
        may_promote=read.may_promote,
    )
    totals = priced.totals
    # The customer's superseded order gives back a code, so the total may be lower than shown.
    is_lowered = bool(earlier) and agreed is not None and totals.total < agreed
    if agreed is not None and agreed != totals.total and not is_lowered:
        raise PriceChangedError(totals.total)
    if not totals.total:
        raise NothingToPayError
    order = snapshot.build_order(
        cart=cart,
        number=number,
        email=buyer.email,
        ship_to=ship_to,
        check=check,
        quote=quote,
        totals=totals,
        network=network,
        first_reserved_at=since,
        payment_due_at=reservations.payment_deadline(since=since, now=now, window=payment_window),
        now=now,
    )
    order.external_reference = reference
    sold = [
        snapshot.SoldLine(
            variant=line.row.listing.variant,
            quantity=line.row.quantity,
            picture=line.picture,
            unit=units[line.row.pk],
            charge=totals.lines[line.row.pk],
            tax_rate=totals.treatment.rate,
        )
        for line in read.lines
    ]
    order_lines = snapshot.build_lines(order=order, lines=sold, quote=quote, now=now)
    new_reservations = reservations.build(lines=order_lines, until=order.payment_due_at, now=now)
    payment = sessions.first_payment(order, now=now)
    wanted: Counter[int] = Counter()
    for line in order_lines:
        wanted[line.level_id] += line.quantity
    insert([order, *order_lines, *new_reservations, payment])
    redemptions.redeem(order=order, applied=priced.discounts.outcome.applied, now=now)
    network_limits.enforce(order=order, units=wanted)
    open_order_limits.release_superseded(earlier=earlier, levels=set(wanted), now=now)
    reservations.hold_stock(lines=order_lines, now=now)
    return Placed(order, payment)


@transaction.atomic(durable=True)
def expire(*, order: Order, now: datetime) -> bool:
    """Expire an unpaid order that is due, and release its stock; return whether it expired.

    Locks:  the order, its payments, promotions and reservations, then the stock rows in id order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.PENDING_PAYMENT or order.payment_due_at > now:
        return False
    order.move(Order.Status.EXPIRED, at=now, reason="not paid in time")
    open_ones = order.payments.filter(status__in=["created", "requires_action"])
    for payment in open_ones.select_for_update(of=["self"]).order_by("pk"):
        # A late authorization is voided when it is reported.
        payment.move("expired", at=now, reason="not paid in time")
    redemptions.revert(order=order, now=now)
    reservations.release(order=order, status=Reservation.Status.EXPIRED, now=now)
    return True


def _unit_prices(lines: list[CartLine], now: datetime) -> dict[int, Decimal]:
    """Return the unit price of each line.

    Raises: UnpricedError
    """
    if any(line.listing.price_amount is None for line in lines):
        raise UnpricedError("an item has no price")
    return {line.pk: carts.price_of(line, now) for line in lines}


def _require_matching_quote(quote: ShippingQuote, lines: list[CartLine]) -> None:
    """Require that the quote covers exactly the cart.

    Raises: QuoteOutdatedError
    """
    quantities = {line.listing.variant_id: line.quantity for line in lines}
    quoted = {id_: sum(part.quantity for part in parts) for id_, parts in quote.planned.items()}
    if quantities != quoted:
        raise QuoteOutdatedError
