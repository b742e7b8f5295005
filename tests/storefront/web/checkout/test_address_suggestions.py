"""Address suggestions: a correction needs the customer's choice, a doubt a reason."""

import re

import pytest
from django.urls import reverse

from catalog.models import Channel
from orders.models import Cart, Order
from shipping.rates import quotes
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


def continue_checkout(customer):
    customer.post(f"{CHECKOUT}delivery/", {"tier": "economy"})
    page = customer.get(f"{CHECKOUT}review/").content.decode()
    agreed = re.search(r'name="agreed" value="([\d.]+)"', page)[1]
    return customer.post(f"{CHECKOUT}place/", {"agreed": agreed})


def test_usual_address_asks_nothing(filled):
    assert filled.post(CHECKOUT, WHO).status_code == 302
    assert Cart.objects.get().address_verification["verdict"] == "verified"


@in_each_language
def test_both_spellings_are_offered(filled, language):
    answer = filled.post(f"/{language}/checkout/", ODD)
    read = Page(answer)

    assert answer.status_code == 422
    assert read.faults == []
    assert read.unlabeled() == []
    shown = answer.content.decode()
    assert "D-10115 Berlin" in shown
    assert " 10115 Berlin" in shown
    assert " checked" not in shown.partition('id="id_choice"')[2].partition("</fieldset>")[0]
    assert postcode() is None


def test_both_spellings_are_shown_completely(filled):
    there = {
        **WHO, "line2": "Apt 4", "country": "US", "postcode": "900011234", "city": "Los Angeles",
        "region": "California",
    }  # fmt: skip

    shown = filled.post(CHECKOUT, there).content.decode()

    assert "Musterweg 1, Apt 4, 900011234 Los Angeles, California" in shown
    assert "Musterweg 1, Apt 4, 90001-1234 Los Angeles, California" in shown


@pytest.mark.parametrize(
    ("choice", "taken", "verdict"),
    [("suggested", "10115", "corrected"), ("typed", "D-10115", "unverified_accepted")],
)
def test_chosen_address_is_shipped_to_and_stored(filled, staff_of_shop, choice, taken, verdict):
    asked = filled.post(CHECKOUT, ODD)
    answer = filled.post(CHECKOUT, {**ODD, "about": digest_in(asked), "choice": choice})
    continue_checkout(filled)

    order = Order.objects.get()
    other = {"10115": "D-10115", "D-10115": "10115"}[taken]
    assert answer.url == f"{CHECKOUT}delivery/"
    assert order.ship_to["postcode"] == taken
    assert (
        order.address_verification["verdict"],
        order.address_verification["other"]["postcode"],
    ) == (
        verdict,
        other,
    )
    page = staff_of_shop.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert other in page.content.decode()


def test_choice_about_another_address_is_ignored(filled):
    asked = filled.post(CHECKOUT, ODD)

    answer = filled.post(
        CHECKOUT, {**ODD, "postcode": "D-10117", "about": digest_in(asked), "choice": "suggested"}
    )

    assert answer.status_code == 422
    assert digest_in(answer) != digest_in(asked)
    assert postcode() is None


@pytest.mark.parametrize("reason", ["", "   "])
def test_doubt_is_an_error_at_its_field_and_asks_for_a_reason(filled, reason):
    asked = filled.post(CHECKOUT, DOUBTFUL)

    answer = filled.post(CHECKOUT, {**DOUBTFUL, "about": digest_in(asked), "reason": reason})

    assert answer.status_code == 422
    assert 'id="id_line1-wrong"' in answer.content.decode()
    assert 'id="id_reason"' in answer.content.decode()
    assert postcode() is None


def test_reason_accepts_the_address_and_is_shown_to_staff(filled, staff_of_shop):
    asked = filled.post(CHECKOUT, DOUBTFUL)
    filled.post(
        CHECKOUT, {**DOUBTFUL, "about": digest_in(asked), "reason": "a street of that name"}
    )
    assert filled.post(CHECKOUT, DOUBTFUL).status_code == 302, "nothing is asked twice"

    continue_checkout(filled)

    order = Order.objects.get()
    assert order.address_verification["doubts"] == ["line1"]
    page = staff_of_shop.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert "a street of that name" in page.content.decode()


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


def test_incomplete_address_cannot_be_confirmed(filled):
    answer = filled.post(CHECKOUT, {**DOUBTFUL, "city": "", "reason": "please", "about": "x"})

    assert answer.status_code == 422
    assert 'id="id_city-wrong"' in answer.content.decode()
    assert 'id="id_reason"' not in answer.content.decode()


def test_erasure_removes_the_address_note(filled):
    make_shopper(WHO["email"])
    asked = filled.post(CHECKOUT, DOUBTFUL)
    filled.post(CHECKOUT, {**DOUBTFUL, "about": digest_in(asked), "reason": "Zwitschergasse 7"})
    continue_checkout(filled)
    Order.objects.update(status="canceled")
    sign_in(filled)

    answer = filled.post("/en/account/privacy/erase/", {"current": PASSWORD, "sure": "on"})

    assert answer.status_code == 302
    assert Order.objects.get().address_verification == {
        "verdict": "unverified_accepted",
        "doubts": ["line1"],
    }
    assert not Cart.objects.exclude(address_verification={}).exists()


def test_answer_is_kept_while_another_question_is_open(filled):
    """Otherwise the two questions would alternate forever."""
    both = {**DOUBTFUL, "postcode": "D-10115"}
    asked = filled.post(CHECKOUT, both)
    told = {**both, "about": digest_in(asked), "choice": "typed"}

    half = filled.post(CHECKOUT, told).content.decode()

    assert 'value="typed" checked' in half
    assert 'name="reason"' in half
    assert filled.post(CHECKOUT, {**told, "reason": "It is a locker"}).status_code == 302
    other = filled.post(CHECKOUT, {**both, "line1": "Postfach 8"})
    reason = {**both, "line1": "Postfach 8", "about": digest_in(other), "reason": "It is a locker"}
    half = filled.post(CHECKOUT, reason).content.decode()
    assert 'value="It is a locker"' in half
    assert 'name="choice"' in half


def test_all_errors_of_an_address_are_shown_at_once(filled):
    answer = filled.post("/en/checkout/", {**WHO, "email": "erika", "postcode": "ABC"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter an e-mail address like name@example.org." in text
    assert "This postcode does not match the country." in text
