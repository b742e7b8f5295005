"""Daily work of staff in a real browser: the start page, a list, an order, a cancellation."""

import pytest

from orders.models import OrderLine
from storefront.accounts.models import User
from suppliers.models import ComplianceDocument, Supplier, SyncRun
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look, visit
from tests.factories.full_shop import orders_by_status

pytestmark = pytest.mark.browser

WHO = {"email": "staff@fara.example", "password": "a good password"}


@pytest.fixture
def office(world):
    """Create a shop with all kinds of records, and a staff account; return its URL."""
    User.objects.create_superuser(**WHO)
    return world


def sign_in(page, office, email=WHO["email"]):
    page.goto(f"{office}/admin/")
    page.fill("[name=username]", email)
    page.fill("[name=password]", WHO["password"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Needs attention").wait_for()
    return page


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_daily_pages_are_accessible(office, browse, width, theme):
    page = browse(width, theme)
    page.goto(f"{office}/admin/login/")
    look(page)
    sign_in(page, office)
    assert page.locator("#nav-sidebar").is_visible() == (width == 1280)

    for path in (
        "",
        "orders/order/",
        "suppliers/syncissue/",
        f"suppliers/syncrun/{SyncRun.objects.latest('pk').pk}/change/",
        f"orders/order/{an_order()}/change/",
        f"orders/order/{an_order()}/refund/",
        f"suppliers/supplier/{Supplier.objects.latest('pk').pk}/change/",
        "scorecards/?by=acknowledge_time",
        "scorecards/lumen/",
        "supply/alerts/",
        "supply/waiting/webhook_failed/",
        "supply/matches/",
        f"supply/offers/{OrderLine.objects.latest('pk').variant_id}/",
        f"suppliers/compliancedocument/{ComplianceDocument.objects.latest('pk').pk}/change/",
        "suppliers/compliancedocument/add/",
    ):
        visit(page, f"{office}/admin/{path}")
        look(page)


def an_order(status="completed"):
    return orders_by_status()[status].pk


def test_staff_cancel_an_order_from_the_list(office, browse):
    page = browse()
    order = orders_by_status()["placed"]
    sign_in(page, office)

    page.get_by_role("link", name="Placed").click()
    page.get_by_role("link", name=order.number).click()
    page.locator("a[href$='/cancel/']").click()
    page.get_by_label("Reason").fill("The shopper called")
    page.get_by_role("button", name="Cancel order").click()

    page.get_by_text(f"Cancellation of {order.number} requested.").wait_for()
    order.refresh_from_db()
    assert order.status == "canceled"


def test_inbox_item_links_to_its_import_errors(office, browse):
    page = browse()
    sign_in(page, office)

    page.get_by_role("link", name="Import rows rejected", exact=True).click()
    page.get_by_role("link", name="A GTIN is not valid").click()

    page.get_by_text("The check digit is wrong.").first.wait_for()
    assert "severity__exact=error" in page.url


def test_a_draft_order_asks_before_it_drops_what_is_typed_for_the_customer(office, browse):
    page = browse()
    sign_in(page, office)
    page.goto(f"{office}/admin/supply/draft-orders/")
    page.get_by_role("button", name="Create draft").click()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))

    page.locator("[name=email]").fill("not an address")
    page.get_by_role("button", name="Discard draft").click(no_wait_after=True)
    page.wait_for_timeout(500)

    assert asked == ["beforeunload"]
    assert page.locator("[name=email]").input_value() == "not an address"
    page.locator("form[data-warn-unsaved]").evaluate("form => (form.noValidate = true)")
    page.get_by_role("button", name="Save customer").click()
    page.get_by_text("Not saved. See the marked fields.").wait_for()
    assert asked == ["beforeunload"]
