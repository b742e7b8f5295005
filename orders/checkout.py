"""Turn a cart into an order, or let an order go that nobody paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise

from orders import (
    address_checks,
    addresses,
    cart_lines,
    carts,
    freezing,
    lingering,
    making_way,
    redeeming,
    reservations,
)
from orders.access import new_key
from orders.billing import Buyer, bill, ways_of
from orders.cart_view import Wanted
from orders.delivery import ShippingQuote
from orders.models import Cart, CartLine, Order, Reservation
from orders.numbers import order_number
from orders.routing import PlannedLine
from storefront.lib.address import Address
from storefront.lib.inserting import insert
from storefront.lib.money import Money
from storefront.lib.prepared import Prepared
from suppliers import asking_live
from suppliers.stock import NotEnoughStockError

NUMBER_TRIES = 5  # a number is chance: with 28 million a day, two in a row collide hardly ever


class EmptyCartError(Exception):
    """There is nothing to order."""


class AlreadyPlacedError(Exception):
    """The cart has become an order already: go on with it."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.number)
        self.order = order


class CannotSupplyError(Exception):
    """Something in the cart cannot be had any more as it was planned. Nothing was written.

    How many are left is for who knows the routes to say: ``shipping.promising.look``.
    """


class UnpricedError(CannotSupplyError):
    """Nobody asks a price for something in the cart now. Nothing was written."""


class QuoteOutdatedError(Exception):
    """The cart changed after its delivery was quoted. Nothing was written."""


class PriceChangedError(Exception):
    """The total is not the one the shopper agreed to. Nothing was written."""

    def __init__(self, total: Money) -> None:
        super().__init__(str(total))
        self.total = total


class NothingToPayError(Exception):
    """Promotions take off all of it: no gateway authorizes nothing. Nothing was written."""


class BadAddressError(Exception):
    """No parcel can find this address. Nothing was written."""

    def __init__(self, fields: Mapping[str, Promise]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class DoubtfulAddressError(BadAddressError):
    """The address may be wrong, and nobody said why it is right. Nothing was written."""


def place(  # noqa: PLR0913 - an order is who, what, where, how and for how much
    *,
    cart: Cart,
    email: str,
    ship_to: Address,
    quote: ShippingQuote,
    now: datetime,
    agreed: Money | None = None,
    check: Mapping[str, Any] | None = None,
) -> Order:
    """Freeze a cart into an order and hold its stock until it is paid.

    Before that, suppliers are asked live for what is too old or nearly gone.

    Shape:  ``check`` how the shopper came to the address, as ``address_checks.note`` makes it
    Locks:  the cart, the shopper, then promotions with a limit, then the stock rows in id order
    Raises: EmptyCartError, AlreadyPlacedError, CannotSupplyError, QuoteOutdatedError, HeldError,
            PriceChangedError, SpentError, NothingToPayError, BadAddressError  nothing is written
    """
    check = check or address_checks.note(ship_to, other=address_checks.suggestion(ship_to))
    if fields := addresses.problems(address=ship_to):
        raise BadAddressError(fields)
    if fields := address_checks.open_doubts(ship_to, check):
        raise DoubtfulAddressError(fields)
    buyer = Buyer.at(ship_to, email=email, channel=cart.channel, on=now.date())
    place_as = partial(
        _place,
        cart=cart,
        buyer=buyer,
        ship_to=ship_to,
        check=check,
        quote=quote,
        now=now,
        agreed=agreed,
    )
    try:
        _insist_there(cart, quote, now)
        return making_way.closing_pages(lambda: _numbered(place_as, now), now=now)
    except NotEnoughStockError as error:
        raise CannotSupplyError(str(error)) from error


def _insist_there(cart: Cart, quote: ShippingQuote, now: datetime) -> None:
    """Ask the suppliers of what is planned, unless the order is there already.

    Raises: NotEnoughStockError
    """
    wanted: Counter[int] = Counter()
    for quoted in quote.parcels:
        for line in quoted.parcel.lines:
            wanted[line.candidate.level_id] += line.quantity
    refused = sorted(asking_live.ask(wanted=wanted, now=now))
    if refused and not Order.objects.filter(cart=cart).exists():
        raise NotEnoughStockError(refused[0], wanted[refused[0]])


def _numbered(place_as: Callable[[str], Order], now: datetime) -> Order:
    """Draw another number when somebody has this one; everything else is the caller's to know."""
    for _ in range(NUMBER_TRIES - 1):
        number = order_number(now)
        try:
            return place_as(number)
        except IntegrityError:
            if not Order.objects.filter(number=number).exists():
                raise
    return place_as(order_number(now))


@transaction.atomic(durable=True)
def _place(  # noqa: PLR0913
    number: str,
    *,
    cart: Cart,
    buyer: Buyer,
    ship_to: Address,
    check: Mapping[str, Any],
    quote: ShippingQuote,
    now: datetime,
    agreed: Money | None,
) -> Order:
    if (
        locked := _LOCKED.first(cart_id=cart.pk)
    ) is None:  # it went into the cart of an account meanwhile
        raise EmptyCartError
    cart = locked
    if order := _PLACED.first(cart_id=cart.pk):
        raise AlreadyPlacedError(order)
    since, earlier = making_way.make_way(cart=cart, email=buyer.email, now=now)
    if not (read := cart_lines.read(cart=cart, now=now)):
        raise EmptyCartError
    lines = cart_lines.rows_of(read)
    planned = _planned(quote, lines)
    units = _units(lines, now)
    if not all(line.is_shown for line in read):
        raise CannotSupplyError("something is no longer for sale")
    currency = cart.channel.currency
    billed = bill(
        cart=cart,
        wanted={
            line.pk: Wanted(
                listing_id=line.listing_id,
                unit=Money(units[line.pk], currency),
                quantity=line.quantity,
            )
            for line in lines
        },
        ways=ways_of(quote, keys={line.listing.variant_id: line.pk for line in lines}),
        buyer=buyer,
        now=now,
    )
    totals = billed.totals
    if agreed is not None and agreed != totals.total:
        raise PriceChangedError(totals.total)
    if not totals.total:
        raise NothingToPayError
    order = Order(
        number=number,
        access_key=new_key(),
        channel=cart.channel,
        cart=cart,
        email=buyer.email,
        locale=cart.locale,
        ship_to=asdict(ship_to),
        address_check=dict(check),
        currency=currency,
        goods_amount=totals.goods.amount,
        delivery_amount=totals.delivery.amount,
        discount_amount=totals.discount.amount,
        tax_amount=totals.tax.amount,
        added_tax_amount=totals.added.amount,
        total_amount=totals.total.amount,
        status=Order.Status.PENDING_PAYMENT,
        status_since=now,
        placed_at=now,
        pay_before=lingering.until(since=since, now=now),
        held_since=since,
        delivery_plan=[
            freezing.plan_entry(parcel, share)
            for parcel, share in zip(quote.parcels, totals.parcels, strict=True)
        ],
        arrives_from=quote.arrives_from,
        arrives_to=quote.arrives_to,
    )
    insert([order])
    order_lines = freezing.freeze(
        order=order, lines=read, planned=planned, units=units, totals=totals, now=now
    )
    redeeming.redeem(order=order, applied=billed.found.outcome.applied, now=now)
    levels = {line.level_id for line in order_lines}
    making_way.hand_over(earlier=earlier, levels=levels, now=now)
    reservations.hold(lines=order_lines, until=order.pay_before, now=now)
    return order


@transaction.atomic(durable=True)
def expire(*, order: Order, now: datetime) -> bool:
    """Let an unpaid order go and give its units back to everybody.

    Locks:  the order, its payments, promotions and reservations, then the stock rows in id
            order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.PENDING_PAYMENT or order.pay_before > now:
        return False
    order.move(Order.Status.EXPIRED, at=now, reason="not paid in time")
    open_ones = order.payments.filter(status__in=["created", "requires_action"])
    for payment in open_ones.select_for_update(of=["self"]).order_by("pk"):
        # Should it be authorized all the same, the money is given back when we hear of it.
        payment.move("expired", at=now, reason="not paid in time")
    redeeming.give_back(order=order, now=now)
    reservations.end(order=order, status=Reservation.Status.EXPIRED, now=now)
    return True


def _units(lines: list[CartLine], now: datetime) -> dict[int, Decimal]:
    """Return what one unit of each line costs.

    Raises: UnpricedError
    """
    if any(line.listing.price_amount is None for line in lines):
        raise UnpricedError("nobody asks a price for it now")
    return {line.pk: carts.price_of(line, now) for line in lines}


def _planned(quote: ShippingQuote, lines: list[CartLine]) -> dict[int, PlannedLine]:
    planned = {line.variant_id: line for quoted in quote.parcels for line in quoted.parcel.lines}
    wanted = {line.listing.variant_id: line.quantity for line in lines}
    if wanted != {variant: line.quantity for variant, line in planned.items()}:
        raise QuoteOutdatedError
    return planned


def _locked(*, cart_id: int) -> QuerySet[Cart]:
    return Cart.objects.select_for_update(of=["self"]).select_related("channel").filter(pk=cart_id)


_LOCKED = Prepared(_locked)
_PLACED = Prepared(lambda *, cart_id: Order.objects.filter(cart=cart_id))
