"""External orders: place an order that was sold and paid elsewhere.

The order reserves from the same stock ledger as a cart and is routed by the same engine. One
transaction writes order, lines, allocations and the captured payment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction

from catalog.models import Channel
from orders.addresses import validation, verification
from orders.cart import carts
from orders.checkout import placing, snapshot
from orders.checkout.checkout import AlreadyPlacedError, InvalidAddressError, UnavailableError
from orders.checkout.snapshot import SoldLine
from orders.gateways.base import PaymentUpdate
from orders.inventory import reservations
from orders.models import Order
from orders.payments import sessions, updates
from orders.pricing.totals import LineCharge, TaxTreatment, Totals
from orders.routing.delivery_quote import ShippingQuote
from storefront.lib.address import Address
from storefront.lib.db.bulk import insert
from storefront.lib.failpoints import failpoint
from storefront.lib.money import Money, allocate
from suppliers.inventory.ledger import NotEnoughStockError


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSale:
    """A sale that was made elsewhere. ``reference`` is its id there, unique on the channel.

    All amounts are in the currency of the channel. ``delivery`` is charged for the whole order.
    """

    reference: str
    channel: Channel
    email: str
    locale: str
    ship_to: Address
    lines: Sequence[SoldLine]
    delivery: LineCharge
    notifies_customer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalPayment:
    """The payment of the sale: a gateway of the registry, its reference, and what happened."""

    gateway: str
    reference: str
    updates: Sequence[PaymentUpdate]


def place(
    *, sale: ExternalSale, payment: ExternalPayment, quote: ShippingQuote, now: datetime
) -> Order:
    """Place a paid sale as an order with the status "placed". Suppliers are asked live for stock.

    Shape:  ``quote`` covers the lines exactly; its prices are ignored
    Locks:  the stock rows, in id order
    Raises: AlreadyPlacedError   the sale has become ``order`` before
            UnavailableError, InvalidAddressError: nothing is written
    """
    if earlier := find(channel=sale.channel, reference=sale.reference):
        raise AlreadyPlacedError(earlier)
    if fields := validation.find_errors(address=sale.ship_to):
        raise InvalidAddressError(fields)
    place_numbered = partial(_place, sale=sale, payment=payment, quote=quote, now=now)
    try:
        placing.require_stock(quote, now=now)
        return placing.place_with_number(place_numbered, now=now)
    except NotEnoughStockError as error:
        raise UnavailableError(str(error)) from error
    except IntegrityError as error:  # a concurrent call placed it
        if earlier := find(channel=sale.channel, reference=sale.reference):
            raise AlreadyPlacedError(earlier) from error
        raise


def find(*, channel: Channel, reference: str) -> Order | None:
    return Order.objects.filter(channel=channel, external_reference=reference).first()


@transaction.atomic(durable=True)
def _place(
    number: str,
    *,
    sale: ExternalSale,
    payment: ExternalPayment,
    quote: ShippingQuote,
    now: datetime,
) -> Order:
    cart = carts.open_cart(
        channel=sale.channel, country=sale.ship_to.country, locale=sale.locale, now=now
    )
    order = snapshot.build_order(
        cart=cart,
        number=number,
        email=sale.email,
        ship_to=sale.ship_to,
        check=verification.record(sale.ship_to),
        quote=quote,
        totals=_totals(sale, quote),
        network="",
        first_reserved_at=None,
        payment_due_at=now,
        now=now,
    )
    order.external_reference = sale.reference
    order.notifies_customer = sale.notifies_customer
    lines = snapshot.build_lines(order=order, lines=sale.lines, quote=quote, now=now)
    held = reservations.build(lines=lines, until=now, now=now)
    paid = sessions.first_payment(
        order, now=now, gateway=payment.gateway, reference=payment.reference
    )
    insert([order, *lines, *held, paid])
    reservations.hold_stock(lines=lines, now=now)
    for update in payment.updates:
        updates.apply_locked(paid, update, now=now)
    failpoint("external_order.before_commit")
    return order


def _totals(sale: ExternalSale, quote: ShippingQuote) -> Totals:
    """Return the totals of the sale; its delivery charge is divided by the prices of the quote."""
    return Totals(
        currency=sale.channel.currency,
        lines=dict(enumerate(line.charge for line in sale.lines)),
        parcels=_parcel_charges(sale.delivery, [parcel.price for parcel in quote.parcels]),
        treatment=TaxTreatment(),
    )


def _parcel_charges(delivery: LineCharge, prices: Sequence[Money]) -> list[LineCharge]:
    weights = {index: price.minor for index, price in enumerate(prices)}
    names = ("amount", "discount", "tax", "added")
    shares = {name: allocate(getattr(delivery, name), weights) for name in names}
    return [LineCharge(**{name: shares[name][index] for name in names}) for index in weights]
