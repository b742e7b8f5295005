"""Staff build a feed mapping by keyboard, on a phone and on a desktop."""

import pytest

from storefront.accounts.models import User
from suppliers.models import Connection, FeedMapping
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look
from tests.e2e.browser.test_staff import WHO, sign_in
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
    look(page)

    page.set_input_files("input[type=file]", tmp_path / "liste.csv")
    press(page, page.get_by_role("button", name="Upload", exact=True))
    page.get_by_text("2. Columns and fields").wait_for()
    look(page)
    page.get_by_label("Column for Title").select_option("EAN")
    page.get_by_label("Column for Title").select_option("Bezeichnung")
    press(page, page.get_by_role("button", name="Start dry run", exact=True))
    page.get_by_text("2 of 3 rows can be read.").wait_for()
    look(page)
    press(page, page.get_by_role("button", name="Save as new version"))
    page.get_by_text("is active from now on").wait_for()

    assert FeedMapping.objects.get().spec["fields"]["title"] == {"column": "Bezeichnung"}
