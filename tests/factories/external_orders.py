"""External order factories: place sales that were made and paid elsewhere."""

from decimal import Decimal

from orders.checkout import checkout, external_orders
from orders.checkout.external_orders import ExternalPayment, ExternalSale
from orders.checkout.snapshot import SoldLine
from orders.gateways.base import CaptureMode, PaymentUpdate, UpdateKind
from orders.pricing.totals import LineCharge, included_tax
from orders.routing import stock_query
from storefront.lib.money import Money
from tests.factories.orders import HOME, quote_of_plan
from tests.factories.suppliers import NOON

RATE = Decimal("0.19")


def gross(amount, discount="0"):
    """Return a charge whose prices include tax."""
    amount, discount = Money(Decimal(amount), "EUR"), Money(Decimal(discount), "EUR")
    tax = included_tax(gross=amount - discount, rate=RATE)
    return LineCharge(amount=amount, discount=discount, tax=tax, added=Money.zero("EUR"))


def sold_line(listing, quantity=1, price="39.99", discount="0", reference=""):
    return SoldLine(
        variant=listing.variant,
        quantity=quantity,
        picture="",
        unit=Decimal(price),
        charge=gross(Decimal(price) * quantity, discount),
        tax_rate=RATE,
        reference=reference or f"line-{listing.variant.sku}",
    )


def make_sale(*listings, reference="1001", lines=(), delivery="4.90", quantity=1, **fields):
    lines = lines or [sold_line(listing, quantity) for listing in listings]
    values = {
        "reference": reference,
        "channel": listings[0].channel,
        "email": "erika@example.org",
        "locale": "en",
        "ship_to": HOME,
        "lines": lines,
        "delivery": gross(delivery),
        "notifies_customer": False,
    }
    return ExternalSale(**values | fields)


def total_of(sale):
    charges = [line.charge for line in sale.lines] + [sale.delivery]
    return Money.total((charge.charge for charge in charges), "EUR")


def paid(sale, reference="store:1001"):
    """Return the payment of a sale, captured where it was made."""

    def update(kind):
        return PaymentUpdate(
            reference=reference,
            external_id=f"{reference}:{kind}",
            kind=kind,
            amount=total_of(sale),
            occurred_at=NOON,
            capture_mode=CaptureMode.AT_SALE,
        )

    updates = [update(UpdateKind.AUTHORIZED), update(UpdateKind.CAPTURED)]
    return ExternalPayment(gateway="fake", reference=reference, updates=updates)


def place_sale(sale, now=NOON, reference=""):
    wanted = {}
    for line in sale.lines:
        wanted[line.variant.pk] = wanted.get(line.variant.pk, 0) + line.quantity
    plan = stock_query.plan_sources(lines=list(wanted.items()), channel=sale.channel, now=now)
    if plan.missing:
        raise checkout.UnavailableError
    return external_orders.place(
        sale=sale,
        payment=paid(sale, reference or f"store:{sale.reference}"),
        quote=quote_of_plan(plan),
        now=now,
    )
