import pytest
from django.db import IntegrityError, transaction

from notifications.models import Event
from storefront.accounts import profile
from storefront.accounts.models import SavedAddress
from storefront.lib.address import Address
from tests.factories.accounts import make_shopper
from tests.factories.orders import HOME, make_order, make_sellable
from tests.storefront.web.conftest import WHO
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db

HERE = {name: value for name, value in WHO.items() if name != "email"}
ELSEWHERE = {**HERE, "line1": "Seeweg 9", "is_default": "on"}


def saved_addresses(user):
    rows = SavedAddress.objects.filter(user=user).order_by("pk")
    return [(row.as_address.line1, row.is_default) for row in rows]


@in_each_language
def test_each_page_is_valid_and_for_its_owner_only(signed_in, client_of_another, erika, language):
    profile.save_address(user_id=erika.pk, address=HOME, is_default=True)
    one = f"addresses/{SavedAddress.objects.get().pk}/"

    for page in ("", "addresses/", "addresses/new/", one, "profile/"):
        path = f"/{language}/account/{page}"
        read = Page(signed_in.get(path))
        assert (read.faults, read.unlabeled()) == ([], []), page
        assert client_of_another.get(path).status_code == 302


def test_saved_address_is_shown_completely(signed_in, erika):
    assert "No addresses yet." in signed_in.get("/en/account/addresses/").content.decode()
    address = Address(
        name="Ann Lee", line1="1 Main St", line2="Apt 4", postcode="90001", city="Los Angeles",
        region="California", country="US",
    )  # fmt: skip
    profile.save_address(user_id=erika.pk, address=address, is_default=True)

    text = signed_in.get("/en/account/addresses/").content.decode()

    whole = "Ann Lee, 1 Main St, Apt 4, 90001 Los Angeles, California, United States"
    assert whole in text


def test_orders_are_listed_with_their_items(signed_in, light):
    many = make_order(*[make_sellable() for _ in range(5)], quantity=2)
    make_order(light)

    text = Page(signed_in.get("/en/account/")).text

    assert "<p>Trail 400" in text
    first = ", ".join(f"2 × {line.title}" for line in many.lines.order_by("pk")[:3])
    assert f"<p>{first} and 2 more</p>" in text


def test_addresses_are_added_changed_and_deleted(signed_in, erika):
    signed_in.post("/en/account/addresses/new/", HERE)
    signed_in.post("/en/account/addresses/new/", ELSEWHERE)
    both = saved_addresses(erika)
    first, second = SavedAddress.objects.order_by("pk")
    signed_in.post(f"/en/account/addresses/{first.pk}/", {**HERE, "line1": "Musterweg 2"})
    changed = saved_addresses(erika)
    signed_in.post(f"/en/account/addresses/{second.pk}/drop/")

    assert both == [("Musterweg 1", False), ("Seeweg 9", True)]
    assert changed == [("Musterweg 2", False), ("Seeweg 9", True)]
    assert saved_addresses(erika) == [("Musterweg 2", True)]


@pytest.mark.django_db(transaction=True)
def test_address_is_saved_in_its_own_transaction(signed_in, erika):
    """Saving locks the account row. Other tests run in a transaction, which hides a missing one."""
    signed_in.post("/en/account/addresses/new/", HERE)

    assert saved_addresses(erika) == [(HERE["line1"], True)]


def test_addresses_of_others_are_not_accessible(signed_in, erika):
    otto = make_shopper("otto@example.org")
    profile.save_address(user_id=otto.pk, address=HOME, is_default=True)
    path = f"/en/account/addresses/{SavedAddress.objects.get().pk}/"

    looked, changed = signed_in.get(path), signed_in.post(path, ELSEWHERE)
    signed_in.post(f"{path}drop/")

    assert (looked.status_code, changed.status_code) == (404, 404)
    assert saved_addresses(otto) == [("Musterweg 1", True)]


def test_addresses_are_limited_with_one_default(signed_in, erika, monkeypatch):
    answer = signed_in.post("/en/account/addresses/new/", {**HERE, "city": ""})
    assert (answer.status_code, saved_addresses(erika)) == (422, [])
    monkeypatch.setattr(profile, "MAX_ADDRESSES", 2)
    for is_default in (True, False):
        profile.save_address(user_id=erika.pk, address=HOME, is_default=is_default)

    with pytest.raises(profile.TooManyAddressesError):
        profile.save_address(user_id=erika.pk, address=HOME, is_default=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedAddress.objects.create(user=erika, address={}, is_default=True)


def test_checkout_starts_with_the_default_address(signed_in, erika, light):
    address = Address(name="Erika", line1="Seeweg 9", postcode="10115", city="Berlin", country="DE")
    profile.save_address(user_id=erika.pk, address=address, is_default=True)
    signed_in.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})

    page = Page(signed_in.get("/en/checkout/"))

    assert page.all("input", name="line1")[0]["value"] == "Seeweg 9"
    assert page.all("input", name="email")[0]["value"] == "erika@example.org"


def test_account_mails_use_the_chosen_language(signed_in, erika):
    saved = signed_in.post("/en/account/profile/", {"name": "", "language": "az"}, follow=True)
    assert "Saved." in Page(saved).text
    signed_in.post("/en/account/sign-out/")
    signed_in.post("/en/account/password/", {"email": "erika@example.org"})

    assert Event.objects.get().payload["locale"] == "az"
