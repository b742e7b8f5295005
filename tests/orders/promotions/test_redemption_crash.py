"""Crash during a redemption: a one-time code is neither lost nor used twice."""

import pytest

from orders.checkout import checkout, open_order_limits
from orders.inventory import reservations
from orders.models import Coupon, Order, Promotion, Redemption
from orders.promotions import redemptions
from suppliers.models import StockLevel
from tests.factories.orders import make_cart, make_sellable, order_of
from tests.factories.promotions import make_promotion
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "ONCE"


@pytest.fixture
def light():
    listing = make_sellable(price="40.00")
    listing.floor_amount = 0
    listing.save()
    make_promotion(code=CODE, code_limit=1, usage_limit=1, usage_limit_per_customer=1)
    return listing


def with_code(light):
    cart = make_cart(light)
    cart.codes = [CODE]  # even if the code is used up
    cart.save()
    return cart


def used():
    """Return the uses of the promotion, the uses of its code, and the active redemptions."""
    return (
        Promotion.objects.get().used,
        Coupon.objects.get().used,
        Redemption.objects.filter(reverted_at=None).count(),
    )


@pytest.mark.parametrize(
    ("module", "at", "is_done"),
    [
        (redemptions, "redeem", False),
        (redemptions, "_next_sequence", True),  # the uses are counted, the redemption is not stored
        (redemptions, "redeem", True),
        (reservations, "hold_stock", True),
    ],
    ids=["before", "half", "redeemed", "held"],
)
def test_a_crash_before_the_commit_leaves_the_code_unused(light, module, at, is_done):
    cart = with_code(light)

    killed(lambda: order_of(cart), module=module, at=at, is_done=is_done)

    assert (Order.objects.count(), used()) == (0, (0, 0, 0))
    assert StockLevel.objects.get().reserved == 0
    order = order_of(cart)
    assert order.discount_amount == 4
    assert used() == (1, 1, 1)
    other = order_of(with_code(light), email="max@example.org")
    assert other.discount_amount == 0


def test_a_crash_after_the_commit_leaves_one_use(light):
    cart = with_code(light)

    killed(lambda: order_of(cart), module=open_order_limits, at="place_closing_pages", is_done=True)

    order = Order.objects.get()
    assert (order.discount_amount, used()) == (4, (1, 1, 1))
    with pytest.raises(checkout.AlreadyPlacedError) as again:
        order_of(cart)
    assert again.value.order == order
    assert order_of(with_code(light), email="max@example.org").discount_amount == 0
    assert used() == (1, 1, 1)


def test_a_crash_during_a_revert_is_completed_by_the_next_run(light):
    order = order_of(with_code(light))
    late = order.payment_due_at

    killed(
        lambda: checkout.expire(order=order, now=late),
        module=redemptions,
        at="revert",
        is_done=True,
    )
    order.refresh_from_db()
    assert (order.status, used()) == ("pending_payment", (1, 1, 1))

    for _ in range(2):
        checkout.expire(order=order, now=late)
    assert used() == (0, 0, 0)
    assert order_of(with_code(light), email="max@example.org").discount_amount == 4
