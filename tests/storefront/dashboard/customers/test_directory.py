"""Customer list: newest customers and search, each person once."""

import pytest
from django.urls import reverse

from orders import privacy
from storefront.dashboard.customers import directory
from tests.factories.accounts import make_shopper, make_staff
from tests.factories.orders import make_order, make_sellable

pytestmark = pytest.mark.django_db
PAGE = "/admin/supply/customers/"


def found(client, text=""):
    answer = client.get(PAGE, {"q": text})
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_customer_is_listed_once(staff):
    listing = make_sellable(quantity=9)
    for email in ("Max@example.org", "max@example.org", "erika@example.org"):
        order = make_order(listing, email=email)
    user = make_shopper()
    erased = make_order(listing, email=f"n1{privacy.ERASED}")

    text = found(staff)

    assert text.lower().count(">max@example.org<") == 1
    assert text.count(">erika@example.org<") == 1
    assert reverse("supply:customer", args=[f"account-{user.pk}"]) in text
    assert order.number in text
    assert erased.number not in text


@pytest.mark.parametrize("text", ["max@ex", "Muster", "+49 30 1234567", "NUMBER"])
def test_search_finds_guests_by_address_name_phone_and_number(staff, text):
    order = make_order(make_sellable(), email="max@example.org")

    assert "max@example.org" in found(staff, order.number if text == "NUMBER" else text)


def test_search_finds_accounts_without_orders_but_no_staff(staff):
    user = make_shopper("new@example.org")
    make_staff("newton")

    text = found(staff, "new")

    assert reverse("supply:customer", args=[f"account-{user.pk}"]) in text
    assert "newton@fara.example" not in text


def test_an_unknown_address_says_so(staff):
    assert "No customers yet" in found(staff)
    assert "No customer is found for “missing@example.org”" in found(staff, "missing@example.org")


def test_a_long_list_is_cut(staff, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(directory, "MAX_ROWS", 1)
    listing = make_sellable(quantity=9)
    for name in ("a", "b", "c"):
        make_order(listing, email=f"{name}@example.org")

    with django_assert_max_num_queries(12):
        text = found(staff)

    assert "More customers are not shown" in text


def test_the_list_needs_its_permission(client):
    client.force_login(make_staff("ann", "view_order"))

    assert client.get(PAGE).status_code == 403
