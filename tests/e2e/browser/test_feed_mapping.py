"""Staff build a feed mapping by keyboard, on a phone and on a desktop."""

import pytest

from shipping.models import Parcel
from storefront.accounts.models import User
from suppliers.models import Connection, FeedMapping
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, overflow, violations
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.browser

GOODS = """Artikelnummer;EAN;Bezeichnung;EK;Bestand;Gewicht_g;IMAGES
HL-700;5901234123457;Trail 700;14,20;124;95;https://a.example/1.jpg|https://a.example/2.jpg
HL-701;;Trail 701 rot;15,90;>10;98;
;;No number;1,00;1;1;
"""


@pytest.fixture
def office(noon, transactional_db, live_server):
    make_supplier("lumen", adapter="feed")
    Connection.objects.update(options={"via": "upload"})
    User.objects.create_superuser(**WHO)
    return live_server.url


def press(page, locator):
    """Use a control as a keyboard user does."""
    locator.focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_mapping_is_built_previewed_and_saved_by_keyboard(office, browse, tmp_path, width, theme):
    (tmp_path / "liste.csv").write_text(GOODS, encoding="cp1252")
    page = browse(width, theme)
    sign_in(page, office)
    supplier = Connection.objects.get().supplier
    page.goto(f"{office}/admin/suppliers/supplier/{supplier.pk}/mapping")
    found = violations(page)

    page.set_input_files("input[type=file]", tmp_path / "liste.csv")
    press(page, page.get_by_role("button", name="Upload", exact=True))
    page.get_by_text("2. Columns and fields").wait_for()
    found += violations(page)
    page.get_by_label("Column for Title").select_option("EAN")
    page.get_by_label("Column for Title").select_option("Bezeichnung")
    press(page, page.get_by_role("button", name="Preview"))
    page.get_by_text("2 of 3 rows can be read.").wait_for()
    found += violations(page)
    assert overflow(page) <= 0
    page.screenshot(path=tmp_path / f"mapping-{width}.png", full_page=True)
    press(page, page.get_by_role("button", name="Save as new version"))
    page.get_by_text("is active from now on").wait_for()

    assert found == []
    assert FeedMapping.objects.get().spec["fields"]["title"] == {"column": "Bezeichnung"}


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_a_list_of_tracking_numbers_is_looked_at_before_it_is_entered(
    office, browse, tmp_path, width, theme
):
    purchase_order = make_accepted_purchase_order()
    number = purchase_order.number
    (tmp_path / "list.csv").write_text(
        f"order;carrier;tracking number\n{number};DHL;JJD000390007882123456\nFL-0;DHL;JJD01234\n"
    )
    page = browse(width, theme)
    sign_in(page, office)
    page.goto(f"{office}/admin/shipping/parcel/")
    if width > 1000:  # on a phone it is in a menu
        page.get_by_role("link", name="Import tracking numbers").wait_for()
    page.goto(f"{office}/admin/shipping/parcel/import_tracking_list/")
    found = violations(page)

    page.get_by_label("Supplier").last.select_option(str(purchase_order.supplier_id))
    page.set_input_files("input[type=file]", tmp_path / "list.csv")
    press(page, page.get_by_role("button", name="Preview"))
    page.get_by_text("1 of 2 parcels can be imported.").wait_for()
    found += violations(page)
    assert overflow(page) <= 0
    page.screenshot(path=tmp_path / f"list-{width}.png", full_page=True)
    press(page, page.get_by_role("button", name="Import valid rows"))
    page.get_by_text("1 parcel imported.").wait_for()

    assert found == []
    assert Parcel.objects.get().shipment.purchase_order == purchase_order
