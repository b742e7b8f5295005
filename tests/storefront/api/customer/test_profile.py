import pytest
from django.test import Client

from notifications import preferences
from notifications.models import Consent
from storefront.accounts.models import User
from tests.factories.accounts import make_shopper, make_staff
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db
ME, ADDRESSES, CONSENTS = "/api/v1/me/", "/api/v1/me/addresses/", "/api/v1/me/consents/"
HOME = {
    "name": "Erika Muster",
    "line1": "Musterweg 1",
    "line2": "",
    "postcode": "10115",
    "city": "Berlin",
    "region": "",
    "country": "DE",
    "phone": "",
}


@pytest.fixture
def me(api):
    user = make_shopper()
    api.client.force_login(user)
    return user


def test_guests_and_staff_are_refused(api):
    for path in (ME, ADDRESSES, CONSENTS, f"{ME}orders/", f"{ME}returns/"):
        assert (api.get(path).status_code, kind_of(api.get(path))) == (403, "sign-in-required")

    api.client.force_login(make_staff("ann"))

    assert kind_of(api.get(ME)) == "sign-in-required"


def test_profile_is_read_and_changed(api, me):
    changed = api.call("PATCH", ME, body={"name": "Erika M.", "language": "az"})

    assert changed.status_code == 200
    shown = api.get(ME).json()
    assert (shown["email"], shown["name"], shown["language"]) == (me.email, "Erika M.", "az")
    wrong = api.call("PATCH", ME, body={"email": "other@example.org", "language": "xx"})
    assert pointers(wrong) == ["#/email"]
    me.refresh_from_db()
    assert me.language == "az"


def test_change_needs_the_csrf_token(api, me):
    api.client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    api.client.force_login(me)

    refused = api.call("PATCH", ME, body={"name": "Mallory"})
    token = api.get(ME).json()["csrf_token"]
    accepted = api.call("PATCH", ME, body={"name": "Erika"}, headers={"x-csrftoken": token})

    assert (refused.status_code, kind_of(refused)) == (403, "csrf-failed")
    assert accepted.json()["name"] == "Erika"


def test_addresses_are_saved_changed_and_deleted(api, me):
    first, repeated = (
        api.post(ADDRESSES, {"address": HOME, "is_default": True}, key="a1") for _ in range(2)
    )
    (saved,) = first.json()["addresses"]
    path = f"{ADDRESSES}{saved['id']}/"
    changed = api.call("PUT", path, body={"address": HOME | {"city": "Potsdam"}})
    wrong = api.post(ADDRESSES, {"address": HOME | {"postcode": ""}})

    assert (first.status_code, first.json()) == (201, repeated.json())
    assert changed.json()["addresses"][0]["address"]["city"] == "Potsdam"
    assert (wrong.status_code, pointers(wrong)) == (422, ["#/address/postcode"])
    assert api.call("DELETE", path).json() == {"addresses": []}
    assert kind_of(api.call("PUT", path, body={"address": HOME})) == "object-not-found"
    assert kind_of(api.call("DELETE", f"{ADDRESSES}x/")) == "not-found"


def test_address_of_another_customer_stays(api, me):
    api.client.force_login(make_shopper("other@example.org"))
    (theirs,) = api.post(ADDRESSES, {"address": HOME}).json()["addresses"]
    api.client.force_login(me)
    path = f"{ADDRESSES}{theirs['id']}/"

    assert api.get(ADDRESSES).json() == {"addresses": []}
    assert kind_of(api.call("PUT", path, body={"address": HOME})) == "object-not-found"
    api.call("DELETE", path)

    api.client.force_login(User.objects.get(email="other@example.org"))
    assert api.get(ADDRESSES).json()["addresses"] == [theirs]


def test_consents_are_listed_and_changed(api, me):
    wanted = {"channel": "email", "kind": "delivered", "is_given": False}
    before = api.get(CONSENTS).json()["choices"]

    after = api.call("PATCH", CONSENTS, body={"choices": [wanted]})
    unknown = api.call(
        "PATCH",
        CONSENTS,
        body={"choices": [{**wanted, "kind": "shipped"}, {**wanted, "channel": "sms"}]},
    )

    assert {**wanted, "is_given": True} in before
    assert wanted in after.json()["choices"]
    assert not preferences.choices(recipient=me.email, sender="email")["delivered"]
    assert Consent.objects.get().source == Consent.Source.API
    assert pointers(unknown) == ["#/choices/0", "#/choices/1"]
