"""Address suggestions: a correction needs the customer's choice, a doubtful address a reason."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Channel
from orders.models import Cart, Order
from shipping.rates import quotes
from storefront.accounts.models import User
from suppliers.models import ShippingService
from tests.factories.accounts import PASSWORD, make_shopper, sign_in
from tests.storefront.web.conftest import WHO
from tests.storefront.web.page_parser import Page, in_each_language

pytestmark = pytest.mark.django_db
CHECKOUT = "/en/checkout/"
ODD = {**WHO, "postcode": "D-10115"}
DOUBTFUL = {**WHO, "line1": "Postfach 7"}


def digest_in(page):
    return re.search(r'name="about" value="(\w+)"', page.content.decode())[1]


def postcode():
    return Cart.objects.get().ship_to.get("postcode")


def staff_page_of(order):
    desk = Client()
    desk.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    return desk.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()


def continue_checkout(customer):
    customer.post(f"{CHECKOUT}delivery/", {"tier": "economy"})
    page = customer.get(f"{CHECKOUT}review/").content.decode()
    agreed = re.search(r'name="agreed" value="([\d.]+)"', page)[1]
    return customer.post(f"{CHECKOUT}place/", {"agreed": agreed})


@in_each_language
def test_both_spellings_are_offered_completely(filled, language):
    region = {"line2": "Apt 4", "country": "US", "city": "Los Angeles", "region": "California"}

    read = Page(filled.post(f"/{language}/checkout/", ODD))
    there = filled.post(CHECKOUT, {**WHO, **region, "postcode": "900011234"}).content.decode()

    assert (read.faults, read.unlabeled()) == ([], [])
    assert "D-10115 Berlin" in read.text
    assert " 10115 Berlin" in read.text
    assert " checked" not in read.text.partition('id="id_choice"')[2].partition("</fieldset>")[0]
    for spelled in ("900011234", "90001-1234"):
        assert f"Musterweg 1, Apt 4, {spelled} Los Angeles, California" in there
    assert postcode() is None


@pytest.mark.parametrize(
    ("choice", "taken", "other", "verdict"),
    [
        ("suggested", "10115", "D-10115", "corrected"),
        ("typed", "D-10115", "10115", "unverified_accepted"),
    ],
)
def test_chosen_address_is_shipped_to_and_stored(filled, choice, taken, other, verdict):
    asked = filled.post(CHECKOUT, ODD)
    answer = filled.post(CHECKOUT, {**ODD, "about": digest_in(asked), "choice": choice})
    continue_checkout(filled)

    order = Order.objects.get()
    verification = order.address_verification
    assert answer.url == f"{CHECKOUT}delivery/"
    assert order.ship_to["postcode"] == taken
    assert (verification["verdict"], verification["other"]["postcode"]) == (verdict, other)
    assert other in staff_page_of(order)


def test_choice_about_another_address_is_ignored(filled):
    asked = filled.post(CHECKOUT, ODD)

    answer = filled.post(
        CHECKOUT, {**ODD, "postcode": "D-10117", "about": digest_in(asked), "choice": "suggested"}
    )

    assert answer.status_code == 422
    assert digest_in(answer) != digest_in(asked)
    assert postcode() is None


def test_doubt_is_an_error_at_its_field_and_asks_for_a_reason(filled):
    asked = filled.post(CHECKOUT, DOUBTFUL)

    for reason in ("", "   "):
        answer = filled.post(CHECKOUT, {**DOUBTFUL, "about": digest_in(asked), "reason": reason})
        assert answer.status_code == 422
        assert 'id="id_line1-wrong"' in answer.content.decode()
        assert 'id="id_reason"' in answer.content.decode()
    incomplete = filled.post(CHECKOUT, {**DOUBTFUL, "city": "", "reason": "please", "about": "x"})
    assert incomplete.status_code == 422
    assert 'id="id_city-wrong"' in incomplete.content.decode()
    assert 'id="id_reason"' not in incomplete.content.decode()
    assert postcode() is None


def test_reason_for_an_address_is_shown_to_staff_and_erased_with_the_account(filled):
    make_shopper(WHO["email"])
    asked = filled.post(CHECKOUT, DOUBTFUL)
    reply = {"about": digest_in(asked), "reason": "a street of that name"}
    filled.post(CHECKOUT, {**DOUBTFUL, **reply})
    assert filled.post(CHECKOUT, DOUBTFUL).status_code == 302, (
        "an accepted address is not asked about again"
    )

    continue_checkout(filled)

    order = Order.objects.get()
    assert order.address_verification["doubts"] == ["line1"]
    assert "a street of that name" in staff_page_of(order)
    Order.objects.update(status="canceled")
    sign_in(filled)
    answer = filled.post("/en/account/privacy/erase/", {"current": PASSWORD, "sure": "on"})
    assert answer.status_code == 302
    order.refresh_from_db()
    left = {"verdict": "unverified_accepted", "doubts": ["line1"]}
    assert order.address_verification == left
    assert not Cart.objects.exclude(address_verification={}).exists()


def test_reason_does_not_open_an_unserved_destination(filled):
    Channel.objects.update(countries=["DE", "NO"])
    ShippingService.objects.update(countries=["DE"])
    quotes.clear_cache()
    there = {**DOUBTFUL, "country": "NO", "postcode": "0150", "city": "Oslo"}
    asked = filled.post(CHECKOUT, there)
    filled.post(CHECKOUT, {**there, "about": digest_in(asked), "reason": "please"})

    page = filled.get(f"{CHECKOUT}delivery/", follow=True).content.decode()

    assert 'name="tier"' not in page
    assert not Order.objects.exists()


def test_answer_is_kept_while_another_question_is_open(filled):
    """Otherwise the two questions would alternate forever."""
    both = {**DOUBTFUL, "postcode": "D-10115"}
    asked = filled.post(CHECKOUT, both)
    reply = {**both, "about": digest_in(asked), "choice": "typed"}

    page = filled.post(CHECKOUT, reply).content.decode()

    assert 'value="typed" checked' in page
    assert 'name="reason"' in page
    assert filled.post(CHECKOUT, {**reply, "reason": "It is a locker"}).status_code == 302
    other = filled.post(CHECKOUT, {**both, "line1": "Postfach 8"})
    reason = {**both, "line1": "Postfach 8", "about": digest_in(other), "reason": "It is a locker"}
    page = filled.post(CHECKOUT, reason).content.decode()
    assert 'value="It is a locker"' in page
    assert 'name="choice"' in page


def test_all_errors_of_an_address_are_shown_at_once(filled):
    answer = filled.post(CHECKOUT, {**WHO, "email": "erika", "postcode": "ABC"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter an e-mail address like name@example.org." in text
    assert "This postcode does not match the country." in text
    assert filled.post(CHECKOUT, WHO).status_code == 302
    assert Cart.objects.get().address_verification["verdict"] == "verified"
