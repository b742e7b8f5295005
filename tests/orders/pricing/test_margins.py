"""Margins: what a sale earns, and that a loss is not submitted without a waiver."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Channel, Listing, SellingCosts
from catalog.pricing.landed_cost import CostTerms, calculate
from orders.models import Order, PurchaseLine, PurchaseOrder
from orders.pricing.margins import line_margin, parcel_margin
from orders.purchasing import submission
from orders.purchasing.holds import holds
from storefront.lib.money import Money
from suppliers.inventory import publication
from suppliers.models import StockLocation, SupplierOffer
from tests.factories.cancellation import fresh
from tests.factories.catalog import make_channel, make_price_rule, make_variant
from tests.factories.orders import make_cart, make_purchase_orders, order_of, pay
from tests.factories.pricing import make_terms
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

D = Decimal
MINUTE = timedelta(minutes=1)
TERMS = CostTerms(
    supplier_fee_rate=D("0.10"),
    freight_amount=D(4),
    handling_amount=D(1),
    payment_fee_rate=D("0.02"),
    payment_fee_amount=D("0.25"),
    channel_fee_rate=D("0.05"),
)


def eur(amount):
    return Money(D(amount), "EUR")


def line(quantity=2, gross="119.00"):
    landed = calculate(wholesale=D(10), origin="CN", terms=TERMS, flat_duty=D(3))
    return landed, {"quantity": quantity, "gross": eur(gross), "tax_rate": D("0.19")}


def test_a_line_has_one_flat_duty_and_fees_of_its_own_price():
    landed, sold = line()

    account = line_margin(landed, **sold)

    assert account.net == eur("100.00")
    assert dict(account.costs) == {
        "wholesale": D(20),
        "supplier_fee": D(2),
        "freight": D(8),
        "duty": D(3),
        "handling": D(2),
        "payment_fee": D("0.50") + D("2.38"),
        "channel_fee": D(5),
    }
    assert account.loss == eur("-57.12")


def test_quoted_freight_and_cost_replace_terms_and_list():
    landed, sold = line()

    account = parcel_margin(
        [line_margin(landed.without_freight, **sold)],
        terms=TERMS,
        delivery=eur("11.90"),
        tax_rate=D("0.19"),
        freight=eur(7),
        items_cost=eur(21),
    )

    costs = dict(account.costs)
    assert account.net == eur("110.00")
    assert (costs["wholesale"], costs["freight"]) == (D(21), D(7))
    assert (costs["payment_fee"], costs["channel_fee"]) == (D("0.50") + D("2.618"), D("5.50"))


class WithoutFreight:
    """A supplier that does not state freight, such as a supplier with feed files."""

    def __init__(self):
        self.placed = []

    def place(self, request):
        self.placed.append(request)
        return ScriptedSupplier.state(ScriptedSupplier(), request.number)


def goods_at(cost, **more):
    variant = make_variant()
    level = make_level(make_offer(variant, cost=cost), **more)
    publication.publish(variant_ids=[variant.pk], now=NOON)
    return variant, level


def set_cost(variant, cost):
    SupplierOffer.objects.update(cost_amount=D(cost))
    publication.publish(variant_ids=[variant.pk], now=NOON + MINUTE)


def sent(cart):
    order = pay(order_of(cart, now=NOON + 2 * MINUTE), now=NOON + 2 * MINUTE)
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON + 3 * MINUTE)
    return submission.submit(
        purchase_order=purchase_order, now=NOON + 3 * MINUTE
    ), order.lines.get()


def margins(purchase_order):
    reasons = purchase_order.hold_reasons
    return [(one["subject"], one["amount"]) for one in reasons if one["code"] == "margin"]


@pytest.mark.django_db
def test_an_order_that_no_longer_earns_is_held(supplier):
    make_price_rule()
    make_terms(channel=make_channel(), payment_fee_rate=D("0.03"), duty_amount="3.00")
    variant, _ = goods_at("10.00")
    promised = Listing.objects.get().price_amount
    cart = make_cart(Listing.objects.get())
    set_cost(variant, "21.00")

    held, sold = sent(cart)

    assert sold.unit_amount == promised < Listing.objects.get().price_amount
    assert (sold.landed_amount, sold.cost_rate) == (D("26.00"), D(1))
    assert held.status == "on_hold"
    assert supplier.effects == []
    # The price of 28.99 is 24.36 before tax, less fees of 0.87 and 0.73.
    # Shipping adds 4.12 before tax and costs 3.00 and its own fees.
    assert margins(held) == [(variant.sku, "3.24"), ("", "2.39")]
    assert "wholesale 21.00, duty 3.00, handling 2.00" in held.hold_reasons[0]["sentence"]
    holds.waive_all(purchase_order=held, actor="ann", now=NOON + 4 * MINUTE)
    submission.submit(purchase_order=fresh(), now=NOON + 5 * MINUTE)
    assert supplier.effects == [held.number]


@pytest.mark.django_db
def test_the_shipping_charge_covers_no_item_loss(monkeypatch):
    supplier = connect(monkeypatch, WithoutFreight())
    make_price_rule()
    variant, _ = goods_at("10.00")
    cart = make_cart(Listing.objects.get())
    set_cost(variant, "17.00")  # the shipping charge of 4.12 would more than cover the loss

    held, sold = sent(cart)

    assert (held.status, sold.unit_amount) == ("on_hold", D("21.99"))
    assert margins(held) == [(variant.sku, "1.07")]
    assert supplier.placed == []


@pytest.mark.django_db
def test_a_dearer_source_that_makes_a_loss_holds(supplier):
    make_price_rule()
    variant = make_variant()
    make_level(make_offer(variant, cost="10.00"), quantity=1)
    beta = make_supplier("beta")
    dear = make_level(make_offer(variant, supplier=beta, cost="16.00"), quantity=9)
    publication.publish(variant_ids=[variant.pk], now=NOON)

    held, sold = sent(make_cart(Listing.objects.get(), quantity=2))

    assert sold.level == dear
    assert sold.landed_amount == D("36.00")
    assert margins(held) == [(variant.sku, "0.15")]
    assert supplier.effects == []


@pytest.mark.django_db
def test_duty_depends_on_the_actual_origin(supplier):
    make_price_rule()
    SellingCosts.objects.update(duty_amount=None)
    location = make_location(code="CN", country="CN")
    variant, _ = goods_at("10.00", location=location)
    listing = Listing.objects.get()
    # enough without duty
    Listing.objects.update(price_amount=D("17.99"), break_even_amount=D("17.99"))

    held, sold = sent(make_cart(listing))

    assert sold.landed_amount == D("15.00")
    assert margins(held)[0] == (variant.sku, "0.33")


@pytest.mark.django_db
def test_without_terms_the_margin_is_unknown(supplier):
    (purchase_order,) = make_purchase_orders()
    SellingCosts.objects.all().delete()

    held = submission.submit(purchase_order=purchase_order, now=NOON)

    assert [one["subject"] for one in held.hold_reasons] == ["items of lumen from DE"]
    assert "items of lumen from DE" in held.hold_reasons[0]["sentence"]
    assert supplier.effects == []


@pytest.mark.django_db
def test_a_flat_duty_in_euros_needs_a_reliable_euro_rate(monkeypatch):
    connect(monkeypatch, WithoutFreight())
    make_purchase_orders()
    SellingCosts.objects.update(duty_amount=None)
    StockLocation.objects.update(country="CN")
    for rows in (Order.objects, PurchaseOrder.objects, Channel.objects, SupplierOffer.objects):
        rows.update(currency="PLN")
    PurchaseLine.objects.update(cost_currency="PLN")

    held = submission.submit(purchase_order=fresh(), now=NOON)

    assert [(one["code"], one["subject"]) for one in held.hold_reasons] == [("rate", "EUR-PLN")]
