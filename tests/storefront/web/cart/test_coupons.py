"""Coupon codes on the cart page, and their effect on the total."""

from decimal import Decimal

import pytest

from catalog.models import Listing
from orders.models import Cart, Coupon, Order
from orders.promotions import codes
from tests.factories.promotions import make_promotion
from tests.storefront.web.checkout.test_views import agreed, to_review
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def coupon(filled):
    Listing.objects.update(floor_amount=Decimal("20.00"))
    return make_promotion(code="WELCOME-10", name="Welcome", code_limit=5)


def write(customer, code, **more):
    return customer.post("/en/cart/code/", {"code": code}, follow=True, **more)


def test_code_reduces_cart_and_order(filled, coupon):
    page = write(filled, " welcome-10 ")

    assert "Welcome" in page.content.decode()
    assert "−€4.00" in page.content.decode()
    assert not Page(page).faults
    review = to_review(filled)
    assert "Order and pay €40.89" in review.content.decode()
    filled.post("/en/checkout/place/", {"agreed": agreed(review)})
    order = Order.objects.get()
    assert (order.total_amount, order.discount_amount) == (Decimal("40.89"), Decimal("4.00"))
    assert Coupon.objects.get().used == 1
    shown = filled.get(f"/en/orders/{order.number}/{order.access_key}/").content.decode()
    assert "WELCOME-10" in shown
    assert "−€4.00" in shown


def test_unknown_code_is_an_error_at_the_field(filled, coupon):
    answer = write(filled, "WELCOME-11")
    page = answer.content.decode()

    assert answer.status_code == 422
    assert page.count("This code is not valid. Check the spelling.") == 1
    assert 'value="WELCOME-11" aria-invalid="true" aria-describedby="wrong-code" data-focus' in page
    assert "€44.89" in page
    assert Cart.objects.get().codes == []


def test_refused_code_has_a_message(filled):
    make_promotion(code="BIG", minimum_amount=Decimal("100.00"))
    make_promotion(code="SIXTH")

    empty, spaces, few = (write(filled, code) for code in ("", "   ", "BIG"))
    script = write(filled, "<script>alert(1)</script>").content.decode()
    Cart.objects.update(codes=[f"CODE-{number}" for number in range(5)])
    many = write(filled, "SIXTH")

    for answer in (empty, spaces):
        assert answer.status_code == 422
        assert "Enter a code." in answer.content.decode()
    assert "This code requires a subtotal of at least €100.00." in few.content.decode()
    assert "<script>alert(1)" not in script.lower()
    assert many.status_code == 409
    assert "This cart already has the maximum number of codes." in many.content.decode()


def test_code_is_removed_and_needs_a_cart(filled, client_of_another, coupon):
    write(filled, "WELCOME-10")

    page = filled.post("/en/cart/code/", {"out": "WELCOME-10"}, follow=True).content.decode()

    assert Cart.objects.get().codes == []
    assert "−€4.00" not in page
    assert write(client_of_another, "WELCOME-10").status_code == 200
    assert Cart.objects.count() == 1


@pytest.mark.parametrize("network", ["203.0.113.9", "2001:db8:1:2::"])
def test_code_guessing_is_rate_limited(filled, monkeypatch, network):
    """With IPv6 the whole network is limited: it has more addresses than there are codes."""
    monkeypatch.setattr(codes, "MAX_ATTEMPTS_PER_HOUR", 2)
    place = "{}{}" if ":" in network else "{}"
    for number in range(2):
        write(filled, f"CODE-{number}", REMOTE_ADDR=place.format(network, number))

    page = write(filled, "CODE-2", REMOTE_ADDR=place.format(network, 2))

    assert page.status_code == 429
    assert "Too many attempts." in page.content.decode()


def test_code_used_up_meanwhile_places_no_order(filled, coupon):
    write(filled, "WELCOME-10")
    review = to_review(filled)
    Coupon.objects.update(used=5)

    page = filled.post("/en/checkout/place/", {"agreed": agreed(review)})

    assert page.status_code == 409
    assert "Order and pay €44.89" in page.content.decode()
    assert not Order.objects.exists()
