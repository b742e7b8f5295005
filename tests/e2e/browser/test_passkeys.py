"""Staff sign in with a passkey, by keyboard only."""

import pytest

from storefront.accounts.models import User
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.browser
WHO = {"email": "staff@fara.example", "password": "a good password"}
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def office(chromium, noon, transactional_db, live_server, settings):
    """An empty shop under a host name, since passkeys do not work with IP addresses."""
    settings.STAFF_SECOND_FACTOR = True
    make_channel()
    User.objects.create_superuser(**WHO)
    return live_server.url.replace("127.0.0.1", "localhost")


def with_key(page):
    """Add a virtual authenticator to a browser; return the function that removes it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return lambda: devtools.send("WebAuthn.removeVirtualAuthenticator", made)


def give_password(page, office):
    page.goto(f"{office}/admin/")
    page.fill("[name=username]", WHO["email"])
    page.fill("[name=password]", WHO["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office}/admin/factors/**")


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_staff_add_a_passkey_and_sign_in_with_it(office, browse, width, theme):
    page = browse(width, theme)
    remove_key = with_key(page)
    give_password(page, office)
    look(page)

    page.get_by_role("link", name="Add a passkey").press("Enter")
    look(page)
    page.fill("#id_name", "keyring")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    look(page)
    code = page.locator(".factor-codes code").first.inner_text()
    page.get_by_role("link", name="I have saved the codes").press("Enter")
    page.get_by_text("keyring").first.wait_for()
    look(page)

    page.context.clear_cookies()
    give_password(page, office)
    page.get_by_role("heading", name="Two-factor authentication").wait_for()
    look(page)
    page.get_by_role("button", name="Use a passkey").press("Enter")
    page.wait_for_url(f"{office}/admin/")

    page.context.clear_cookies()
    remove_key()
    give_password(page, office)
    page.fill("#id_code", "0000000000")
    page.keyboard.press("Enter")
    page.get_by_text("This code is wrong or was already used").wait_for()
    look(page)
    page.fill("#id_code", code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office}/admin/")


def test_passkey_of_another_device_is_refused(office, browse):
    page = browse()
    remove_key = with_key(page)
    give_password(page, office)
    page.get_by_role("link", name="Add a passkey").click()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.context.clear_cookies()
    remove_key()
    with_key(page)

    give_password(page, office)
    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_text("The passkey was not accepted").wait_for()
    page.goto(f"{office}/admin/")
    assert page.url.startswith(f"{office}/admin/factors/sign-in/")
