import pytest

from storefront.accounts import profile
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.api import ADMIN
from tests.factories.orders import HOME
from tests.storefront.api.schema_client import kind_of

pytestmark = pytest.mark.django_db
CUSTOMERS = f"{ADMIN}customers/"


def test_customers_are_listed_with_addresses_and_staff_are_not(merchant):
    staff, customer = make_staff("ann"), make_shopper()
    profile.save_address(user_id=customer.pk, address=HOME, is_default=False)

    (shown,) = merchant.get(CUSTOMERS, {"expand": "addresses"}).json()["results"]

    assert (shown["email"], shown["addresses"][0]["address"]["city"]) == (customer.email, "Berlin")
    assert merchant.get(CUSTOMERS, {"email": "ERIKA@example.org"}).json()["results"]
    assert merchant.get(f"{CUSTOMERS}{customer.pk}/").json()["email"] == customer.email
    assert kind_of(merchant.get(f"{CUSTOMERS}{staff.pk}/")) == "object-not-found"


def test_consents_are_those_that_apply(merchant):
    customer = make_shopper()

    consents = merchant.get(f"{CUSTOMERS}{customer.pk}/consents/").json()["consents"]

    assert {"channel": "email", "kind": "delivered", "is_given": True} in consents
    assert {row["channel"] for row in consents} == {"email"}
