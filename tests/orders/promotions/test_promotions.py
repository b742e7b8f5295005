"""Promotions and coupons in cart and order: discounts and usage limits."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.cancellation import cancellation
from orders.cart import carts
from orders.checkout import cart_totals, checkout, open_order_limits
from orders.checkout.cart_totals import BuyerContext
from orders.models import Coupon, Order, Promotion, Redemption, TaxNumber
from orders.promotions import codes, redemptions
from orders.promotions.codes import CodeRejection
from orders.promotions.engine import PromotionRejection
from orders.purchasing import acknowledgements, submission
from tests.factories.backorders import reroute_due
from tests.factories.catalog import make_channel
from tests.factories.orders import (
    HOME,
    make_cart,
    make_purchase_orders,
    make_sellable,
    order_of,
    pay,
    quote_for,
)
from tests.factories.promotions import make_promotion
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db


def sellable(price="40.00", floor="20.00", **more):
    listing = make_sellable(price=price, **more)
    listing.floor_amount = Decimal(floor)
    listing.save()
    return listing


def filled(*written, listing=None, quantity=1):
    cart = make_cart(listing or sellable(), quantity=quantity)
    cart.codes = [codes.normalize_code(code) for code in written]  # valid when they were added
    cart.save()
    return cart


def priced(cart, *, email="", now=NOON):
    seen = carts.view_cart(cart=cart, now=now)
    keys = {line.variant_id: line.id for line in seen.lines}
    buyer = BuyerContext.at(HOME, email=email, channel=cart.channel, on=now.date(), tax=seen.tax)
    return cart_totals.calculate(
        cart=cart,
        wanted=seen.counted,
        shipping_charges=cart_totals.quote_shipping_charges(quote_for(cart), line_ids=keys),
        buyer=buyer,
        now=now,
        may_promote=seen.may_promote,
    )


def test_a_code_discounts_the_cart_and_the_order():
    make_promotion(code="AUTUMN-10")

    order = order_of(filled(" autumn-10 "))

    line, redemption = order.lines.get(), order.redemptions.get()
    assert (line.line_amount, line.discount_amount) == (Decimal("40.00"), Decimal("4.00"))
    assert line.customer_charge_amount == Decimal("36.00")
    assert line.tax_amount == Decimal("5.75")
    assert (order.discount_amount, order.total_amount) == (Decimal("4.00"), Decimal("40.90"))
    assert (redemption.code, redemption.amount) == ("AUTUMN-10", Decimal("4.00"))


def test_the_total_of_the_cart_is_the_total_of_the_order():
    make_promotion(code="TEN", kind="amount", amount=Decimal("10.00"))
    cart = filled("TEN", quantity=3)

    shown = priced(cart).totals.total

    assert order_of(cart).total == shown


def test_a_promotion_without_a_code_applies_automatically():
    make_promotion(kind="free_delivery")

    order = order_of(filled())

    assert (order.discount_amount, order.total_amount) == (Decimal("4.90"), Decimal("40.00"))
    assert order.delivery_plan[0]["amount"] == "0.00"


def test_the_purchase_order_charges_the_discounted_price():
    make_promotion(kind="percent", percent=Decimal("0.25"))

    (purchase_order,) = make_purchase_orders(sellable(price="40.00"))

    assert purchase_order.customer_charge_amount == Decimal("34.90")


def test_added_tax_is_of_the_discounted_price():
    channel = make_channel(prices_exclude_tax=True)
    TaxNumber.objects.create(scheme="vat", country="DE", number="DE1", valid_from=NOON.date())
    make_promotion(channel=channel, kind="percent", percent=Decimal("0.25"))

    order = order_of(filled())

    assert order.additional_tax_amount == Decimal("5.70") + Decimal("0.93")
    assert order.tax_amount == order.additional_tax_amount
    assert order.total_amount == Decimal("30.00") + Decimal("4.90") + Decimal("6.63")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"is_active": False}, CodeRejection.UNKNOWN),
        ({"starts_at": NOON + timedelta(hours=1)}, CodeRejection.NOT_STARTED),
        ({"ends_at": NOON}, CodeRejection.EXPIRED),
        ({"usage_limit": 0}, CodeRejection.USED_UP),
        ({"code_limit": 0}, CodeRejection.USED_UP),
        ({"minimum_amount": Decimal("40.01")}, PromotionRejection.BELOW_MINIMUM),
    ],
)
def test_a_rejected_code_has_its_reason(facts, why):
    make_promotion(code="X-1", **facts)

    bill = priced(filled("X-1"))

    assert (dict(bill.discounts.refused), str(bill.totals.discount)) == ({"X-1": why}, "0.00 EUR")


def test_a_code_of_another_channel_is_unknown():
    make_promotion(code="X-1", channel=make_channel(code="outlet"))

    assert dict(priced(filled("X-1")).discounts.refused) == {"X-1": CodeRejection.UNKNOWN}


def test_a_code_can_be_removed():
    make_promotion(code="AUTUMN-10")
    cart = filled("AUTUMN-10")

    codes.remove_code(cart=cart, code="autumn-10", now=NOON)

    assert not priced(cart).totals.discount


def test_a_cart_has_at_most_five_codes():
    cart = filled()
    for number in range(1, 7):
        make_promotion(code=f"A-{number}")
    for number in (1, 2, 3, 4, 5, 5):
        codes.apply_code(cart=cart, code=f"A-{number}", now=NOON)

    with pytest.raises(codes.TooManyCodesError):
        codes.apply_code(cart=cart, code="A-6", now=NOON)

    assert cart.codes == ["A-1", "A-2", "A-3", "A-4", "A-5"]


@pytest.mark.parametrize(
    "written", ["WELCOME-10", "welcome10", " Welcome 10 ", "WEL-COME-10", "welcome\u00a010"]
)
def test_a_code_is_found_without_its_hyphens(written):
    make_promotion(code="WELCOME-10")
    cart = filled()

    codes.apply_code(cart=cart, code=written, now=NOON)

    assert cart.codes == ["WELCOME-10"]


def test_an_ambiguous_code_is_unknown():
    make_promotion(code="AB-C")
    make_promotion(code="A-BC")
    cart = filled()

    with pytest.raises(codes.CodeRejectedError):
        codes.apply_code(cart=cart, code="ABC", now=NOON)

    codes.apply_code(cart=cart, code="ab-c", now=NOON)
    assert cart.codes == ["AB-C"]


def test_only_a_valid_code_is_stored():
    make_promotion(code="X-1", ends_at=NOON)
    cart = filled()

    with pytest.raises(codes.CodeRejectedError) as refused:
        codes.apply_code(cart=cart, code="X-1", now=NOON)

    assert (refused.value.why, cart.codes) == (CodeRejection.EXPIRED, [])


def test_a_customer_can_use_a_code_up_to_its_limit():
    make_promotion(code="ONCE", usage_limit_per_customer=1)
    order_of(filled("ONCE"), email="Erika@example.org")

    other = priced(filled("ONCE"), email="max@example.org")

    for email in ("erika@example.org", "erika+2@example.org"):
        again = priced(filled("ONCE"), email=email)
        assert dict(again.discounts.refused) == {"ONCE": CodeRejection.USED_UP}
    assert not other.discounts.refused


def test_an_email_entered_last_updates_the_total():
    make_promotion(code="ONCE", usage_limit_per_customer=1)
    order_of(filled("ONCE"))
    cart = filled("ONCE")

    with pytest.raises(checkout.PriceChangedError):
        order_of(cart, agreed=priced(cart).totals.total)


def test_an_order_canceled_before_capture_reverts_its_redemption():
    make_promotion(code="ONCE", code_limit=1)
    order = pay(order_of(filled("ONCE")))

    cancellation.cancel(order=order, reason="no", actor="customer", now=NOON)

    assert Coupon.objects.get().used == 0
    assert order.redemptions.get().reverted_at == NOON


def test_an_order_rejected_before_capture_reverts_its_redemption():
    make_promotion(code="ONCE", code_limit=1)
    order = pay(order_of(filled("ONCE")))
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    purchase_order.move("ready", at=NOON)
    purchase_order.move("submitting", at=NOON, status_field="submission_status")

    acknowledgements.reject(purchase_order=purchase_order, reason="Out of stock", now=NOON)
    assert Coupon.objects.get().used == 1  # another supplier may ship it
    reroute_due()

    order.refresh_from_db()
    assert (order.status, Coupon.objects.get().used) == ("canceled", 0)


def test_a_free_order_is_not_placed():
    make_promotion(percent=Decimal(1), combines=True, may_go_below_floor=True)
    make_promotion(kind="free_delivery", combines=True, may_go_below_floor=True)

    with pytest.raises(checkout.NothingToPayError):
        order_of(filled())

    assert not Order.objects.exists()


def test_a_limit_set_later_counts_earlier_uses():
    made = make_promotion(code="MANY")
    order_of(filled("MANY"))
    Promotion.objects.update(usage_limit=1)

    with transaction.atomic():
        redemptions.recount_usage(promotion=made)

    assert dict(priced(filled("MANY")).discounts.refused) == {"MANY": CodeRejection.USED_UP}


def test_the_database_enforces_the_limits():
    make_promotion(code="ONCE", code_limit=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.update(used=2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limits", [{"code_limit": 1}, {"usage_limit": 1}])
def test_one_of_many_customers_gets_a_code_of_one_use(limits):
    listing = sellable(quantity=100)
    make_promotion(code="ONCE", **limits)
    placed = [filled("ONCE", listing=listing) for _ in range(20)]

    lost = all_at_once(
        [lambda cart=cart: order_of(cart, email=f"{cart.pk}@example.org") for cart in placed],
        redemptions.LimitReachedError,
    )

    # A cart priced after that has no discount; its order is placed at the full price.
    assert Redemption.objects.count() == 1
    assert Order.objects.count() == 20 - lost
    assert Order.objects.filter(discount_amount__gt=0).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_of_concurrent_checkouts_of_a_customer_gets_the_only_use():
    make_promotion(code="ONCE", usage_limit_per_customer=1)
    # A customer may have this many unpaid orders, but only one of the same item.
    placed = [filled("ONCE", listing=sellable()) for _ in range(open_order_limits.MAX_OPEN_ORDERS)]

    all_at_once(
        [lambda cart=cart: order_of(cart) for cart in placed], redemptions.LimitReachedError
    )

    assert Redemption.objects.count() == 1
