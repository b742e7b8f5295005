import dataclasses

import pytest

from orders.address_changes import change_requests
from tests.e2e.browser.conftest import (
    PHONE_OR_DESKTOP,
    fill_address,
    look,
    overflow,
    visit,
)
from tests.factories.orders import HOME, make_paid_order, make_sellable
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.browser
UNKNOWN_PATH = "/en/nowhere/"
PATHS = [
    "/en/",
    "/az/",
    "/en/c/headlamps/?lm_min=100&f=red_light",
    "/en/c/headlamps/?f=zoom",
    "/en/search/?q=nothing+like+it",
    f"/en/search/?q={'a' * 200}",
    "/en/p/trail-400/",
    "/en/p/ridge-1800/",
    "/az/p/hearth/",
    "/en/p/trail-400/?v=HL-RED",
    "/en/compare/?light=trail-400&light=ridge-1800&light=hearth",
    "/en/cart/",
    "/en/orders/",
    "/en/info/numbers/",
    "/en/design/",
    UNKNOWN_PATH,
    "/dev/mailbox/",
]


def with_requested_address():
    order = make_accepted_purchase_order(make_sellable()).order
    there = dataclasses.replace(HOME, line1="Neue Straße 2")
    change_requests.request_change(
        order=order, ship_to=there, reason="moved", actor="customer", now=NOON
    )
    return order


def checkout_pages(page, shop):
    """Open all pages up to the last one before payment, and yield each after it has loaded."""
    page.goto(f"{shop}/en/p/trail-400/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("dialog", name="Cart").wait_for()
    yield "dialog"
    page.get_by_role("link", name="View cart").click()
    page.wait_for_url("**/cart/")
    yield "cart"
    page.get_by_role("link", name="Check out").click()
    page.wait_for_url("**/checkout/")
    page.get_by_role("button", name="Continue to delivery").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    page.wait_for_load_state()
    yield "errors"
    fill_address(page)
    page.get_by_role("button", name="Continue to delivery").click()
    page.wait_for_url("**/delivery/")
    yield "delivery"
    page.get_by_role("button", name="Continue to review").click()
    page.wait_for_url("**/review/")
    yield "review"


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_pages_are_accessible(shop, browse, width, theme):
    page = browse(width, theme)
    order = make_paid_order(make_sellable())
    parcel = make_accepted_purchase_order(make_sellable()).order
    requested = with_requested_address()
    orders = [f"/en/orders/{each.number}/{each.access_key}/" for each in (order, parcel, requested)]
    orders += [f"{orders[0]}address/", f"{orders[2]}address/"]

    for path in [*PATHS, *orders]:
        visit(page, shop + path, status=404 if path == UNKNOWN_PATH else 200)
        look(page)
        assert page.get_by_role("heading", level=1).count() == 1, path
    for _ in checkout_pages(page, shop):
        look(page)


def test_pages_fit_the_smallest_window(shop, browse):
    page = browse(320)

    wide = []
    for path in PATHS:
        visit(page, shop + path, status=404 if path == UNKNOWN_PATH else 200)
        if overflow(page) > 0:
            wide.append((path, overflow(page)))
    wide += [place for place in checkout_pages(page, shop) if overflow(page) > 0]

    assert wide == []


def test_pages_fit_with_text_of_twice_the_size(shop, browse):
    page = browse(1280)

    for path in ("/en/", "/en/c/headlamps/", "/en/p/trail-400/"):
        visit(page, shop + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert overflow(page) <= 0, path


def test_controls_are_large_enough_to_touch(shop, browse):
    page = browse(360)

    for path in ("/en/", "/en/p/trail-400/", "/en/cart/"):
        visit(page, shop + path)
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, select, input:not(.unseen), .button")]
                .filter((one) => one.checkVisibility())
                .map((one) => [
                    one.outerHTML.slice(0, 90),
                    (one.closest("label") ?? one).getBoundingClientRect(),
                ])
                .filter(([, box]) => box.width && (box.height < 24 || box.width < 20))
                .map(([name]) => name)"""
        )
        assert small == [], path


def test_main_content_is_above_the_fold_of_a_phone(shop, browse):
    page = browse(360)
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"{shop}/en/p/trail-400/")

    heading = page.get_by_role("heading", level=1).bounding_box()
    assert heading["y"] + heading["height"] <= 740
    for words in ("€39.99", "incl. VAT, duty paid", "Arrives", "In stock: "):
        box = page.locator("main").get_by_text(words).last.bounding_box()
        assert box["y"] + box["height"] <= 740, words
    assert page.get_by_role("button", name="Add to cart").bounding_box()["y"] <= 740 - 56
