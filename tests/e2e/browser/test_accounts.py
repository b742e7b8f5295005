from urllib.parse import urlsplit

import pytest

from notifications.models import Event
from notifications.sealed_links import decrypt_link
from storefront.accounts import profile
from storefront.accounts.models import SavedAddress, User
from tests.e2e.browser.conftest import look, visit
from tests.factories.accounts import PASSWORD, make_shopper
from tests.factories.orders import HOME, make_paid_order, make_sellable

pytestmark = pytest.mark.browser
SIGNED_OUT_PATHS = [
    "sign-in/",
    "sign-up/",
    "password/",
    "sent/",
    "confirm/x/",
    "password/1/x/",
    "erased/",
    "email/x/",
]
SIGNED_IN_PATHS = ["", "payments/", "addresses/", "addresses/new/", "profile/", "profile/password/", "email/",
       "email/sent/", "privacy/", "privacy/erase/"]  # fmt: skip


def test_guest_cart_moves_to_a_new_account_without_scripts(shop, browse):
    page = browse(360, scripts=False)
    page.goto(f"{shop}/en/p/trail-400/")
    page.get_by_role("button", name="Add to cart").click()
    page.goto(f"{shop}/en/account/")
    page.get_by_role("link", name="Create account").click()

    page.get_by_label("E-mail").fill("erika@example.org")
    page.get_by_label("E-mail").press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check your e-mail.").wait_for()
    page.goto(shop + urlsplit(decrypt_link(Event.objects.get().payload)["url"]).path)
    page.get_by_role("button", name="Confirm the address").click()
    page.get_by_label("E-mail").fill("erika@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your orders").wait_for()
    page.goto(f"{shop}/en/cart/")

    assert page.get_by_text("Trail 400").count()
    assert User.objects.get().carts.get().lines.count() == 1


@pytest.mark.parametrize(
    ("width", "theme"), [(320, "dark"), pytest.param(1280, "light", marks=pytest.mark.full)]
)
def test_account_pages_are_accessible(shop, browse, width, theme):
    user = make_shopper()
    profile.save_address(user_id=user.pk, address=HOME, is_default=True)
    make_paid_order(make_sellable())
    page = browse(width, theme)

    def look_at(path):
        visit(page, f"{shop}/az/account/{path}", status=404 if "x/" in path else 200)
        look(page)

    for path in SIGNED_OUT_PATHS:
        look_at(path)
    visit(page, f"{shop}/en/account/sign-in/")
    page.fill("#id_login", "erika@example.org")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/")
    for path in [*SIGNED_IN_PATHS, f"addresses/{SavedAddress.objects.get().pk}/"]:
        look_at(path)
