"""Menu, language, groups and audit log of staff in a real browser."""

import pytest
from django.contrib.auth.models import Group, Permission
from playwright.sync_api import expect

from storefront.accounts.models import User
from tests.e2e.browser.conftest import look, visit
from tests.e2e.browser.test_staff import office, sign_in  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [768, pytest.param(1280, marks=pytest.mark.full)])
def test_the_keyboard_opens_the_menu_and_chooses_the_language(office, browse, width):  # noqa: F811
    page = browse(width)
    sign_in(page, office)
    menu, button = page.locator("#nav-sidebar"), page.get_by_role("button", name="Menu")
    if width == 768:
        expect(menu).to_be_hidden()
        button.focus()
        page.keyboard.press("Enter")
        expect(menu).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    look(page)

    menu.locator("[aria-controls=user-links]").focus()
    page.keyboard.press("Enter")
    choice = menu.get_by_role("button", name="Azərbaycanca")
    choice.focus()
    page.keyboard.press("Enter")

    expect(page.locator("html[lang=az]")).to_be_attached()
    assert User.objects.get().language == "az"
    visit(page, f"{office}/admin/orders/order/")
    expect(page.locator("html[lang=az]")).to_be_attached()


@pytest.mark.parametrize(("width", "theme"), [(768, "dark"), (1280, "light")])
def test_a_group_gets_permissions_and_the_audit_log_shows_it(office, browse, width, theme):  # noqa: F811
    page = browse(width, theme)
    sign_in(page, office)
    visit(page, f"{office}/admin/auth/group/add/")
    page.set_viewport_size({"width": width, "height": 6000})  # no control is below the buttons
    look(page)

    page.fill("#id_name", "Packers")
    page.get_by_label("View parcels", exact=True).check()
    page.get_by_label("See costs, fees, margins").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Packers").first.wait_for()

    names = Permission.objects.filter(group=Group.objects.get(name="Packers")).values_list(
        "codename", flat=True
    )
    assert {*names} == {"view_parcel", "view_costs"}
    visit(page, f"{office}/admin/lib/auditevent/")
    expect(page.get_by_role("row").filter(has_text="group")).to_contain_text("staff@fara.example")
    look(page)
