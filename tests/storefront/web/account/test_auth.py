from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client

from notifications.models import Event
from notifications.sealed_links import decrypt_link
from storefront.accounts.models import User
from storefront.web.account import auth
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.factories.orders import make_order
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
SIGN_IN_PAGES = (
    "sign-in",
    "sign-up",
    "password",
    "sent",
    "password/sent",
    "confirm/x",
    "password/1/x",
)


@pytest.fixture(autouse=True)
def open_shop(light):
    """Every page needs a channel."""


def sign_up(client, email="erika@example.org", password=PASSWORD):
    return client.post("/en/account/sign-up/", {"email": email, "password1": password})


def mailed_path(name):
    return urlsplit(decrypt_link(Event.objects.filter(name=name).latest("pk").payload)["url"]).path


def is_in(client):
    return client.get("/en/account/").status_code == 200


@in_each_language
def test_each_sign_in_page_is_valid(client, language):
    for name in SIGN_IN_PAGES:
        page = Page(client.get(f"/{language}/account/{name}/"))
        assert (page.faults, len(page.all("h1"))) == ([], 1), name


def test_account_opens_once_its_address_is_verified(client):
    answer = sign_up(client)
    early = sign_in(client)
    path = mailed_path("account.unproven")
    looked_at = client.get(path)
    verified_by_get = EmailAddress.objects.get().verified

    client.post(path)
    late = sign_in(client)

    assert answer["Location"] == early["Location"] == "/en/account/sent/"
    assert looked_at.status_code == 200
    assert not verified_by_get, "a GET, as link scanners send, verifies nothing"
    assert late["Location"] == "/en/account/"
    assert is_in(client)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["sign-up", "sign-in"])
def test_confirming_a_strangers_sign_up_replaces_its_password(client, light, name):
    order = make_order(light)
    type(order).objects.filter(pk=order.pk).update(email="erika@example.org")
    stranger = Client()
    sign_up(stranger)
    if name == "sign-in":  # sends another mail
        sign_in(stranger)
    path = mailed_path("account.unproven")

    asked = Page(client.get(path))
    clicked = client.post(path)
    verified_by_click = EmailAddress.objects.get().verified
    mine = client.post(path, {"password": "a password of mine"})

    assert (asked.faults, len(asked.all("input", name="password"))) == ([], 1)
    assert (clicked.status_code, verified_by_click) == (422, False)
    assert mine["Location"] == "/en/account/sign-in/?proven=1"
    assert sign_in(stranger).status_code == 422
    assert not is_in(stranger)
    assert sign_in(client, password="a password of mine")["Location"] == "/en/account/"
    assert order.number in client.get("/en/account/").content.decode()


def test_mail_never_sets_the_password_of_staff(client):
    boss = User.objects.create_superuser("boss@fara.example", PASSWORD)
    address = EmailAddress.objects.create(user=boss, email=boss.email)

    answer = client.post(
        f"/en/account/confirm/{EmailConfirmationHMAC(address).key}/", {"password": "another lamp"}
    )

    boss.refresh_from_db()
    assert answer.status_code == 404
    assert boss.check_password(PASSWORD)


def test_sign_up_and_password_reset_do_not_reveal_accounts(client):
    make_shopper()
    User.objects.create_user("staff@fara.example", "a good password", is_staff=True)

    known = sign_up(client)
    unknown = sign_up(client, "otto@example.org")
    emails = ("erika@example.org", "unknown@example.org", "staff@fara.example")
    resets = [client.post("/en/account/password/", {"email": email}) for email in emails]

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert {answer["Location"] for answer in resets} == {"/en/account/password/sent/"}
    assert list(Event.objects.order_by("pk").values_list("payload__email", "name")) == [
        ("erika@example.org", "account.known"),
        ("otto@example.org", "account.unproven"),
        ("erika@example.org", "account.password_forgotten"),
    ]
    assert User.objects.get(email="erika@example.org").check_password(PASSWORD)


def test_password_reset_works_once_and_verifies_the_address(client):
    make_shopper(proven=False)
    for number in range(6):
        sign_in(client, password=f"wrong {number}")  # throttles the account
    client.post("/az/account/password/", {"email": "Erika@example.org"})
    path = mailed_path("account.password_forgotten")

    weak = client.post(path, {"password": "1234"})
    changed = client.post(path, {"password": "another lamp"}, follow=True)
    again = client.post(path, {"password": "a third lamp"})

    assert path.startswith("/az/")
    assert weak.status_code == 422
    assert "Parolunuz dəyişdi. Yeni parolla daxil olun." in changed.content.decode()
    assert again.status_code == 404
    assert sign_in(client, password="another lamp")["Location"] == "/en/account/"


def test_forms_are_limited_by_network_and_mails_by_address(client, monkeypatch):
    make_shopper()
    for _ in range(9):
        client.post("/en/account/password/", {"email": "erika@example.org"})
    assert Event.objects.count() == 5

    monkeypatch.setattr(auth, "FORMS_PER_HOUR", 3)
    answers = [sign_up(client, f"a{number}@example.org").status_code for number in range(4)]

    assert answers == [302] * 3 + [429]


def test_right_password_waits_after_five_failures(client):
    make_shopper()
    with time_machine.travel(NOON, tick=False) as clock:
        wrong = [sign_in(client, password=f"wrong {number}") for number in range(5)]
        locked = sign_in(client)
        clock.shift(timedelta(seconds=16))
        later = sign_in(client)
    unknown = sign_in(Client(), "unknown@example.org", "wrong 0").content.decode()

    for page in (wrong[0].content.decode(), unknown):
        assert "Wrong e-mail or password." in page
        assert "wrong 0" not in page
    assert locked.status_code == 422
    assert "Too many attempts" in locked.content.decode()
    assert later.status_code == 302


def test_customer_never_opens_the_admin_and_staff_never_sign_in_here(client):
    make_shopper()
    User.objects.create_superuser("boss@fara.example", PASSWORD)
    erika = {"username": "erika@example.org", "password": PASSWORD}

    assert sign_in(client, "boss@fara.example").status_code == 422
    sign_in(client)
    assert client.get("/admin/").status_code == 302
    assert client.post("/admin/login/", erika).status_code == 200


def test_sign_in_redirects_only_within_the_shop(client):
    make_shopper()

    for target, location in (
        ("https://evil.example/", "/en/account/"),
        ("//evil.example/", "/en/account/"),
        ("/az/checkout/", "/az/checkout/"),
    ):
        assert sign_in(client, next=target)["Location"] == location
        client.post("/en/account/sign-out/")


def test_each_account_page_offers_to_sign_out(client):
    client.force_login(make_shopper())

    for page in ("", "payments/", "addresses/", "profile/", "privacy/", "email/"):
        text = client.get(f"/en/account/{page}").content.decode()
        assert text.count('action="/en/account/sign-out/"') == 1, page


def test_sign_out_needs_a_post(client):
    make_shopper()
    sign_in(client)

    looked = client.get("/en/account/sign-out/")
    stayed = is_in(client)
    client.post("/en/account/sign-out/")

    assert looked.status_code == 405
    assert stayed
    assert client.get("/en/account/")["Location"] == "/en/account/sign-in/?next=%2Fen%2Faccount%2F"


def test_orders_join_an_account_by_a_verified_address_only(client, light):
    order = make_order(light)
    type(order).objects.filter(pk=order.pk).update(email="Erika@Example.org")
    claimant = make_shopper("otto@example.org")
    EmailAddress.objects.create(user=claimant, email="erika@example.org", verified=False)
    sign_in(client, "otto@example.org")
    other = client.get("/en/account/").content.decode()
    client.post("/en/account/sign-out/")
    EmailAddress.objects.filter(user=claimant, verified=False).delete()

    make_shopper()
    sign_in(client)
    own = client.get("/en/account/").content.decode()

    assert f"/en/orders/{order.number}/{order.access_key}/" in own
    assert order.number not in other


def test_account_is_offered_after_the_order_to_guests_only(client, light):
    order = make_order(light)
    path = f"/en/orders/{order.number}/{order.access_key}/"
    make_shopper()

    guest = Page(client.get(path)).all("a", href="/en/account/sign-up/")
    sign_in(client)
    signed_in = Page(client.get(path)).all("a", href="/en/account/sign-up/")

    assert len(guest) == 1
    assert signed_in == []
