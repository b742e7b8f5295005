from __future__ import annotations

import pytest

from storefront.dev.sandboxes.gateway.state.card_numbers import BadNumberError, Outcome, outcome_of
from storefront.dev.sandboxes.gateway.translations import AZERBAIJANI, ENGLISH
from tests.fakes.payment_gateway import ASKING_CARD
from tests.storefront.dev.sandboxes.gateway.test_adapter import BACK, opened


def page(test_gateway, url):
    return test_gateway.client.get(url)


@pytest.mark.parametrize(
    ("locale", "language", "pay"),
    [("en", "en", "Pay €64.99"), ("az", "az", "64,99 € ödə"), ("de-AT", "en", "Pay €64.99")],
)
def test_the_page_speaks_the_shoppers_language(gateway, test_gateway, locale, language, pay):
    shown = page(test_gateway, opened(gateway, locale=locale).pay_url)

    assert shown.status_code == 200
    assert f'<html lang="{language}">' in shown.text
    for words in (pay, "Fara", "FL-1"):
        assert words in shown.text.replace("\N{NO-BREAK SPACE}", " ")


def test_what_the_shop_writes_is_shown_and_never_run(gateway, test_gateway):
    payment = opened(gateway, description='"><script>alert(1)</script>')

    shown = page(test_gateway, payment.pay_url)

    assert "<script" not in shown.text
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "form-action 'self' http://shop.example" in shown.headers["content-security-policy"]


@pytest.mark.parametrize("number", ["1234", "4242 4242 4242 4241", "abcd", "4" * 30, "٤٢٤٢" * 4])
def test_a_mistyped_number_is_asked_again_and_not_shown(gateway, test_gateway, number):
    payment = opened(gateway)

    answer = test_gateway.act(payment.pay_url, "pay", number=number)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert ENGLISH["bad_number"] in answer.text
    assert number not in answer.text.replace("4242 4242 4242 4242", "")
    assert gateway.history(reference=payment.reference) == ()


@pytest.mark.parametrize("form", [b"", b"action=steal", b"action=pay", b"&".join([b"a=1"] * 99)])
def test_a_form_that_is_not_ours_does_nothing(gateway, test_gateway, form):
    payment = opened(gateway)

    answer = test_gateway.client.post(payment.pay_url, content=form)

    assert answer.status_code in {400, 422}
    assert gateway.history(reference=payment.reference) == ()


def test_the_bank_asks_on_the_same_page(gateway, test_gateway):
    payment = opened(gateway)
    test_gateway.pay(payment.pay_url, ASKING_CARD)

    shown = page(test_gateway, payment.pay_url)

    assert "Is it you?" in shown.text
    assert "card that ends in 3155" in shown.text


def test_who_comes_again_finds_the_way_back_and_pays_once(gateway, test_gateway):
    payment = opened(gateway)
    test_gateway.pay(payment.pay_url)

    again = test_gateway.pay(payment.pay_url)
    shown = page(test_gateway, payment.pay_url)

    assert again.headers["location"] == BACK
    assert f'href="{BACK}"' in shown.text
    assert ENGLISH["authorized"] in shown.text
    assert len(gateway.history(reference=payment.reference)) == 1


def test_a_page_that_expired_takes_no_card(gateway, test_gateway):
    payment = opened(gateway)
    test_gateway.control("expire", {"payment": payment.reference})

    test_gateway.pay(payment.pay_url)

    assert ENGLISH["expired"] in page(test_gateway, payment.pay_url).text
    assert [update.news for update in gateway.history(reference=payment.reference)] == ["expired"]


def test_an_unknown_payment_is_a_page_that_says_so(test_gateway):
    shown = page(test_gateway, f"{test_gateway.url}/pay/pay_none")

    assert shown.status_code == 404
    assert ENGLISH["unknown"] in shown.text


def test_staff_see_payments_events_and_what_the_shop_answered(gateway, test_gateway):
    payment = opened(gateway)
    empty = page(test_gateway, test_gateway.url)
    test_gateway.pay(payment.pay_url)

    shown = page(test_gateway, test_gateway.url)

    assert "Page to pay" in empty.text
    for words in ("1 payments", "FL-1", "authorized", "•••• 4242", "not posted"):
        assert words in shown.text


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("4242 4242 4242 4242", Outcome.AUTHORIZES),
        ("4000-0000-0000-0002", Outcome.DECLINES),
        ("4000000000003155", Outcome.ASKS),
        ("4000000000000341", Outcome.LATE),
        ("5555 5555 5555 4444", Outcome.DECLINES),
    ],
)
def test_each_card_has_its_outcome(number, outcome):
    assert outcome_of(number) == (outcome, number[-4:])


@pytest.mark.parametrize("number", ["", "4242", "4242424242424243", "x" * 16, "²" * 16])
def test_what_is_no_card_number_is_refused(number):
    with pytest.raises(BadNumberError):
        outcome_of(number)


def test_both_languages_have_the_same_words_and_places():
    def places(text):
        return sorted(part.partition("}")[0] for part in text.split("{")[1:])

    assert {name: places(text) for name, text in ENGLISH.items()} == {
        name: places(text) for name, text in AZERBAIJANI.items()
    }
