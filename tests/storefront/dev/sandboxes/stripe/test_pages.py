"""Pages of the local Stripe sandbox: the hosted payment page, and the overview for developers."""

import pytest

from storefront.dev.sandboxes.stripe.pages import AZERBAIJANI, ENGLISH
from tests.fakes.stripe_server import DECLINED_CARD
from tests.storefront.dev.sandboxes.stripe.payments import BACK, kinds, opened


def page(stripe, url):
    return stripe.client.get(url)


@pytest.mark.parametrize(
    ("locale", "accepts", "texts"),
    [
        ("en", "az", ['<html lang="en">', "Pay €64.99"]),
        ("az", "az,en;q=0.5", ['<html lang="az">', "64,99 € ödə"]),  # Stripe has no Azerbaijani
        ("az", "fr", ['<html lang="en">']),
        ("de-AT", "az", ['<html lang="en">']),
    ],
)
def test_the_page_names_amount_shop_and_order_and_leads_back(
    gateway, stripe, locale, accepts, texts
):
    payment = opened(gateway, locale=locale)

    shown = stripe.client.get(payment.pay_url, headers={"accept-language": accepts})
    back = stripe.pay(payment.pay_url)

    assert shown.status_code == 200
    for words in (*texts, "Fara", "FL-1"):
        assert words in shown.text.replace("\N{NO-BREAK SPACE}", " ")
    assert back.headers["location"] == BACK


def test_texts_of_the_shop_are_shown_and_never_executed(gateway, stripe):
    payment = opened(gateway, description='"><script>alert(1)</script>')

    shown = page(stripe, payment.pay_url)

    assert "<script" not in shown.text
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "form-action 'self' http://shop.example" in shown.headers["content-security-policy"]


@pytest.mark.parametrize(
    "number", ["1234 5", "4242 4242 4242 4241", "abcd", "4" * 30, "٤٢٤٢" * 4, "²" * 16]
)
def test_a_mistyped_number_is_asked_again_and_not_shown(gateway, stripe, number):
    payment = opened(gateway)

    answer = stripe.act(payment.pay_url, "pay", number=number)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert ENGLISH["bad_number"] in answer.text
    assert number not in answer.text.replace("4242 4242 4242 4242", "")
    assert gateway.history(reference=payment.reference) == ()


@pytest.mark.parametrize("form", [b"", b"action=steal", b"action=pay", b"&".join([b"a=1"] * 99)])
def test_a_form_of_another_page_does_nothing(gateway, stripe, form):
    payment = opened(gateway)

    answer = stripe.client.post(payment.pay_url, content=form)

    assert answer.status_code in {400, 422}
    assert gateway.history(reference=payment.reference) == ()


def test_a_declined_customer_stays_on_the_page_and_may_cancel(gateway, stripe):
    payment = opened(gateway)

    declined = stripe.pay(payment.pay_url, DECLINED_CARD)
    back = stripe.act(payment.pay_url, "cancel")

    assert declined.status_code == 422
    assert ENGLISH["declined"] in declined.text
    assert back.headers["location"] == BACK
    assert gateway.history(reference=payment.reference) == ()
    stripe.pay(payment.pay_url)  # the page is still open
    assert kinds(gateway, payment.reference) == ["authorized"]


def test_returning_customer_gets_a_link_to_the_shop_and_pays_once(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url)

    again = stripe.pay(payment.pay_url)
    shown = page(stripe, payment.pay_url)

    assert again.headers["location"] == BACK
    assert f'href="{BACK}"' in shown.text
    assert ENGLISH["authorized"] in shown.text
    assert kinds(gateway, payment.reference) == ["authorized"]


def test_an_expired_page_takes_no_card(gateway, stripe):
    payment = opened(gateway)
    stripe.control("expire", {"id": payment.reference})

    stripe.pay(payment.pay_url)

    assert ENGLISH["expired"] in page(stripe, payment.pay_url).text
    assert kinds(gateway, payment.reference) == ["expired"]


def test_developers_see_sessions_events_and_the_shops_answers(gateway, stripe):
    payment = opened(gateway)
    empty = page(stripe, stripe.url)
    stripe.pay(payment.pay_url)

    shown = page(stripe, stripe.url)

    assert "Payment page" in empty.text
    for words in ("1 sessions", "FL-1", "requires capture", "•••• 4242", "charge.succeeded"):
        assert words in shown.text
    assert "not posted" in shown.text


def test_both_languages_have_the_same_texts_and_placeholders():
    def placeholders(text):
        return sorted(part.partition("}")[0] for part in text.split("{")[1:])

    assert {name: placeholders(text) for name, text in ENGLISH.items()} == {
        name: placeholders(text) for name, text in AZERBAIJANI.items()
    }
