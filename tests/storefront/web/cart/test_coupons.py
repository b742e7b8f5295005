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


def test_order_page_names_the_discount(filled, coupon):
    write(filled, "WELCOME-10")
    filled.post("/en/checkout/place/", {"agreed": agreed(to_review(filled))})
    order = Order.objects.get()

    page = filled.get(f"/en/orders/{order.number}/{order.access_key}/").content.decode()

    assert "WELCOME-10" in page
    assert "−€4.00" in page


def test_unknown_code_is_an_error_at_the_field(filled, coupon):
    answer = write(filled, "WELCOME-11")
    page = answer.content.decode()

    assert answer.status_code == 422
    assert page.count("This code is not valid. Check the spelling.") == 1
    assert 'value="WELCOME-11" aria-invalid="true" aria-describedby="wrong-code" data-focus' in page
    assert "€44.89" in page
    assert Cart.objects.get().codes == []


def test_code_with_a_minimum_names_it(filled, coupon):
    make_promotion(code="BIG", minimum_amount=Decimal("100.00"))

    assert (
        "This code requires a subtotal of at least €100.00."
        in write(filled, "BIG").content.decode()
    )


def test_code_is_removed(filled, coupon):
    write(filled, "WELCOME-10")

    page = filled.post("/en/cart/code/", {"out": "WELCOME-10"}, follow=True).content.decode()

    assert Cart.objects.get().codes == []
    assert "−€4.00" not in page


@pytest.mark.parametrize("code", ["", "   "])
def test_empty_code_is_an_error(filled, code):
    page = write(filled, code)

    assert page.status_code == 422
    assert "Enter a code." in page.content.decode()


def test_submitted_code_is_escaped(filled):
    page = write(filled, "<script>alert(1)</script>").content.decode()

    assert "<script>alert(1)" not in page.lower()


def test_sixth_code_is_refused(filled):
    for number in range(7):
        make_promotion(code=f"CODE-{number}")
    for number in range(5):
        write(filled, f"CODE-{number}")

    page = write(filled, "CODE-6")

    assert page.status_code == 409
    assert "This cart already has the maximum number of codes." in page.content.decode()


@pytest.mark.parametrize("network", ["203.0.113.9", "2001:db8:1:2::"])
def test_code_guessing_is_rate_limited(filled, monkeypatch, network):
    """A connection with IPv6 has more addresses than there are codes."""
    monkeypatch.setattr(codes, "MAX_ATTEMPTS_PER_HOUR", 2)
    place = "{}{}" if ":" in network else "{}"
    for number in range(2):
        write(filled, f"CODE-{number}", REMOTE_ADDR=place.format(network, number))

    page = write(filled, "CODE-2", REMOTE_ADDR=place.format(network, 2))

    assert page.status_code == 429
    assert "Too many attempts." in page.content.decode()


def test_another_site_cannot_add_a_code(filled, coupon):
    page = write(filled, "WELCOME-10", HTTP_SEC_FETCH_SITE="cross-site")

    assert page.status_code == 403
    assert Cart.objects.get().codes == []


def test_without_a_cart_the_empty_cart_is_shown(customer, light):
    assert write(customer, "WELCOME-10").status_code == 200
    assert not Cart.objects.exists()


def test_code_used_up_meanwhile_places_no_order(filled, coupon):
    write(filled, "WELCOME-10")
    review = to_review(filled)
    Coupon.objects.update(used=5)

    page = filled.post("/en/checkout/place/", {"agreed": agreed(review)})

    assert page.status_code == 409
    assert "Order and pay €44.89" in page.content.decode()
    assert not Order.objects.exists()
