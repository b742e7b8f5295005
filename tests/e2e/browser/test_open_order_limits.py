"""Pages to cancel an e-mail change or an unpaid order, in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.models import Listing
from notifications.models import Event
from notifications.sealed_links import decrypt_link
from orders.models import Cart, Order, Payment
from storefront.accounts import credentials
from tests.e2e.browser.conftest import (
    PHONE_OR_DESKTOP,
    fill_address,
    look,
    visit,
)
from tests.factories.accounts import make_shopper
from tests.factories.orders import make_order

pytestmark = pytest.mark.browser


def listing_of(slug):
    return Listing.objects.filter(variant__product__slug=slug, available__gt=0).first()


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_customer_learns_of_an_unpaid_order_and_cancels_it(shop, browse, width, theme):
    order = make_order(listing_of("trail-400"), now=datetime.now(UTC))
    soon = datetime.now(UTC) + timedelta(minutes=5)
    Payment.objects.update(status_since=soon)  # the gateway's page is being requested
    page = browse(width, theme)

    visit(page, f"{shop}/en/p/trail-400/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("dialog", name="Cart").wait_for()
    visit(page, f"{shop}/en/checkout/")
    Cart.objects.update(
        browser_key="b" * 43
    )  # the browser of the customer who has the unpaid order
    fill_address(page)
    page.locator("main form.address > button").click()
    page.locator("input[name=tier]").first.check()
    page.locator("main form button").last.click()
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("heading", name="You already have an unpaid order with this item").wait_for()
    look(page)

    visit(page, f"{shop}/en/orders/{order.number}/{order.access_key}/")
    look(page)
    page.get_by_role("button", name="Cancel and return to cart").click()
    page.get_by_text("The order is canceled and nothing was charged.").wait_for()
    look(page)

    assert Order.objects.get(pk=order.pk).status == Order.Status.CANCELED


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_link_to_the_old_address_stops_an_email_change(shop, browse, width, theme):
    user = make_shopper("erika@example.org")
    credentials.request_email_change(user=user, email="thief@example.org", now=datetime.now(UTC))
    link = decrypt_link(Event.objects.get(name="account.email_change_requested").payload)["url"]
    page = browse(width, theme)

    visit(page, f"{shop}/en/account/email/stop/{link.rstrip('/').rpartition('/')[2]}/")
    look(page)
    page.get_by_role("button", name="Stop the change").click()
    page.get_by_role("heading", name="The change is stopped.").wait_for()
    look(page)
