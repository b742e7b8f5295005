"""Parcel choice: the order page says that a parcel is silent, and its customer chooses once."""

import pytest

from orders.models import Order, PaymentEvent
from shipping.models import Parcel, RouteTransit, SilenceCase, SilenceRule
from tests.factories.parcels import state_of
from tests.factories.silence import DAY, confirm_supply, make_silent, watch
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel(noon):
    parcel = make_silent("out_for_delivery")
    watch(14)
    noon.move_to(NOON + 15 * DAY)
    confirm_supply(NOON + 15 * DAY)
    return parcel


@pytest.fixture
def order(parcel):
    return Order.objects.get()


@pytest.fixture
def path(order):
    return page_of(order, f"parcels/{SilenceCase.objects.get().pk}/")


def text_of(response):
    page = Page(response)
    assert page.faults == []
    return page.text


@in_each_language
def test_the_order_page_leads_to_the_options(client, order, path, language):
    text = text_of(client.get(page_of(order, language=language)))
    options = text_of(client.get(path.replace("/en/", f"/{language}/") + "?answer=refund"))

    assert path.replace("/en/", f"/{language}/") in text
    if language == "en":
        assert "The carrier does not report where your parcel is." in text
        assert "Yes, I will wait" in options
        assert "Send me a replacement" in options
        assert "Refund amount" in options
        assert "not known yet" in options
        assert "we keep waiting and write to you again on" in options


def test_opening_the_link_of_an_e_mail_chooses_nothing(client, parcel, path):
    client.get(f"{path}?answer=refund")

    assert state_of(parcel) == "shipped"


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("refund", "You get the money back the way you paid."),
        ("replacement", "It is free and has its own order number"),
        ("wait", "If nothing changes, we write to you again on"),
    ],
)
def test_a_choice_is_confirmed_also_after_a_double_click(client, order, path, choice, said):
    replies = [client.post(path, {"answer": choice}, follow=True) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert all(said in text_of(reply) for reply in replies)
    refunds = PaymentEvent.objects.filter(kind="refund_requested").count()
    made = refunds + Order.objects.count() - 1
    assert made == (0 if choice == "wait" else 1)
    text = text_of(client.get(page_of(order)))
    assert path not in text
    assert ("we write to you again on" in text) == (choice == "wait")


@pytest.mark.parametrize("answer", ["", "everything"])
def test_a_post_without_a_choice_is_refused(client, path, answer):
    response = client.post(path, {"answer": answer})

    assert response.status_code == 422
    assert "Choose an option." in text_of(response)


def test_a_late_answer_gets_a_reply(client, parcel, path):
    Parcel.objects.update(status="delivered")

    response = client.post(path, {"answer": "refund"})

    assert response.status_code == 409
    assert "Your parcel was delivered." in text_of(response)
    assert "Your answer came too late and changes nothing." in text_of(response)


def test_an_answer_after_news_gets_a_reply(client, parcel, path):
    Parcel.objects.update(carrier_status_at=NOON + 14.5 * DAY)

    response = client.post(path, {"answer": "wait"})

    assert response.status_code == 409
    assert "This question is closed." in text_of(response)


def test_an_option_that_became_impossible_is_said(client, parcel, path):
    Parcel.objects.get().shipment.purchase_order.order.payments.update(
        dispute_status="charged_back"
    )

    response = client.post(path, {"answer": "refund"})

    assert response.status_code == 409
    assert "This option is no longer available." in text_of(response)


def test_the_options_of_another_order_are_not_found(client, order, path):
    Order.objects.update(access_key="x" * 32)

    assert client.get(path).status_code == 404
    assert client.get(page_of(Order.objects.get(), "parcels/999/")).status_code == 404


@pytest.mark.parametrize(
    ("kept", "said"), [(7, "Please collect it by"), (None, "write to you again")]
)
def test_the_order_page_reminds_of_the_pickup(client, noon, kept, said):
    make_silent("available_for_pickup")
    SilenceRule.objects.update(kept_days=None)
    SilenceRule.objects.filter(kind="pickup").update(kept_days=kept)
    watch(2)
    noon.move_to(NOON + 2 * DAY)

    text = text_of(client.get(page_of(Order.objects.get())))

    assert "Your parcel is waiting for you." in text
    assert said in text


def test_the_page_of_a_case_without_a_number_and_a_last_message(client, noon):
    make_silent("return_to_sender")
    SilenceCase.objects.all().delete()
    Parcel.objects.update(number="", tracking_url="")
    watch(1)
    SilenceCase.objects.update(tell_at=None, expected_by=NOON.date())

    case = SilenceCase.objects.get()
    text = text_of(client.get(page_of(Order.objects.get(), f"parcels/{case.pk}/")))
    order_text = text_of(client.get(page_of(Order.objects.get())))

    assert "Your parcel is going back to the sender." in text
    assert "if you do not answer" not in text.lower()
    assert "Choose an option" in order_text


def test_the_order_page_says_how_the_expected_days_are_known(client, noon):
    parcel = make_silent("in_transit")
    noon.move_to(NOON + DAY)
    purchase_order = parcel.shipment.purchase_order
    RouteTransit.objects.create(
        carrier=parcel.carrier,
        origin=purchase_order.entry["country"],
        destination=purchase_order.goes_to["country"],
        min_days=9,
        max_days=20,
        parcels=40,
        measured_at=NOON,
    )

    text = text_of(client.get(page_of(Order.objects.get())))

    assert "Most parcels of this carrier need 9 to 20 days for this route." in text
