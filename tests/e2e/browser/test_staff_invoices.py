"""Staff upload invoice and parcel lists and correct an address, on a phone and a desktop."""

from dataclasses import asdict, replace

import pytest

from orders.models import Order, SupplierInvoice
from shipping.models import Parcel
from storefront.accounts.models import User
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look
from tests.e2e.browser.test_feed_mapping import press
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories.orders import HOME, make_purchase_orders
from tests.factories.shipping import make_accepted_purchase_order

pytestmark = pytest.mark.browser


@pytest.fixture
def office(noon, transactional_db, live_server):
    User.objects.create_superuser(**WHO)
    return live_server.url


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_invoice_list_is_previewed_and_imported(office, browse, tmp_path, width, theme):
    bought = make_accepted_purchase_order()
    money = bought.lines.get().order_line.cost_currency
    (tmp_path / "bills.csv").write_text(
        f"bill;purchase order;currency;goods;freight\nRE-1;{bought.number};{money};12,50;3\n"
        f"RE-2;FL-000000-XXXXX-1;{money};9;\nRE-3;{bought.number};{money};-4;\n"
    )
    page = browse(width, theme)
    sign_in(page, office)
    page.goto(f"{office}/admin/orders/supplierinvoice/import_invoices/")
    look(page)

    page.set_input_files("input[type=file]", tmp_path / "bills.csv")
    press(page, page.get_by_role("button", name="Start dry run", exact=True))
    page.get_by_text("1 of 3 supplier invoices can be imported.").wait_for()
    look(page)
    press(page, page.get_by_role("button", name="Import valid rows"))
    page.get_by_text("1 supplier invoice imported.").wait_for()

    assert SupplierInvoice.objects.get().purchase_order == bought


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_parcel_list_shows_its_errors_without_scrolling(office, browse, tmp_path, width, theme):
    bought = make_accepted_purchase_order()
    (tmp_path / "parcels.csv").write_text(
        f"order,carrier,tracking number\n{bought.number},DHL,00340434161094042557\n"
        f"FL-000000-XXXXX-1,DHL,00340434161094042558\n"
    )
    page = browse(width, theme)
    sign_in(page, office)
    page.goto(f"{office}/admin/shipping/parcel/")
    if width > 1000:  # on a phone it is in a menu
        page.get_by_role("link", name="Import tracking numbers").wait_for()
    page.goto(f"{office}/admin/shipping/parcel/import_tracking_list/")
    look(page)
    page.get_by_label("Supplier").select_option(index=1)
    page.set_input_files("input[type=file]", tmp_path / "parcels.csv")
    press(page, page.get_by_role("button", name="Start dry run", exact=True))
    page.get_by_text("1 of 2 parcels can be imported.").wait_for()
    look(page)

    problem = page.get_by_text("There is no order with this number.").bounding_box()
    number = page.get_by_role("cell", name=bought.number).bounding_box()
    assert problem["x"] + problem["width"] <= width, "the problem must be visible without scrolling"
    assert number["height"] < 40, "an order number must not wrap"
    press(page, page.get_by_role("button", name="Import valid rows"))
    page.get_by_text("1 parcel imported.").wait_for()

    assert Parcel.objects.get().shipment.purchase_order == bought


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_a_doubtful_address_is_corrected(office, browse, width, theme):
    (made,) = make_purchase_orders()
    Order.objects.update(ship_to=asdict(replace(HOME, postcode="1011")), address_verification={})
    page = browse(width, theme)
    sign_in(page, office)
    page.goto(f"{office}/admin/orders/order/{made.order_id}/change/")
    page.get_by_text("Warnings:").first.wait_for()
    page.goto(f"{office}/admin/orders/order/{made.order_id}/correct_address/")
    look(page)

    page.get_by_label("Postcode").fill("10117")
    page.get_by_label("Reason").fill("The customer wrote to us.")
    press(page, page.locator("form button[type=submit]").last)
    page.get_by_text("Corrected by").first.wait_for()

    assert Order.objects.get().ship_to["postcode"] == "10117"
