"""Backorder page: the customer chooses what happens to items that do not ship as promised."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from notifications.models import Event
from orders.models import Backorder, PurchaseOrder
from orders.purchasing import submission
from shipping.rates import quotes
from shipping.shipments import shipments
from suppliers.connectors.records import Acknowledgement
from tests.factories.backorders import (
    acknowledge,
    refuse,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.catalog import make_product, make_variant
from tests.factories.orders import make_order, make_sellable
from tests.factories.shipping import (
    make_sent_purchase_order,
    make_service,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON
from tests.storefront.web.page_parser import Page, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_holds(noon, monkeypatch):
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])
    quotes.clear_cache()


@pytest.fixture
def question():
    listing = make_sellable()
    stock_at(listing, max_days=20)
    refuse(make_sent_purchase_order(listing))
    reroute_due()
    return Backorder.objects.select_related("order").get()


def report_delay(**report):
    """Ask the customer about a delay that the supplier reported."""
    listing = make_sellable()
    make_service(listing.level.location, max_days=6)
    purchase_order = make_sent_purchase_order(listing)
    acknowledge(purchase_order, ships_by=date(2026, 12, 10), **report)
    reroute_due()
    return Backorder.objects.select_related("order").get()


def offer_substitute():
    """Ask the customer whether the newer model may ship instead."""
    listing = make_sellable()
    ridge = make_product(slug="ridge-1800", title="Ridge 1800")
    newer = make_sellable(variant=make_variant(ridge, option_values=["Orange"]), quantity=0)
    stock_at(newer)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    refuse(make_sent_purchase_order(listing))
    reroute_due()
    return Backorder.objects.select_related("order").get(), newer


def secondary_buttons(response):
    """Return the answers whose buttons are secondary."""
    buttons = Page(response).all("button", name="answer")
    return {each["value"] for each in buttons if "button-quiet" in each["class"]}


def path_of(backorder, language="en"):
    with translation.override(language):
        args = [backorder.order.number, backorder.order.access_key, backorder.pk]
        return reverse("order_backorder", args=args)


def test_page_shows_dates_and_answers_and_get_decides_nothing(client, question):
    for query in ("", "?answer=wait", "?answer=refund"):
        response = client.get(path_of(question) + query)
        text = Page(response).text
        assert response.status_code == 200
        words = ("5 Dec", "16 Dec", "€44.89", "Yes, I will wait", "No, refund me")
        assert [one for one in words if one not in text] == []
        assert "no-store" in response["Cache-Control"]
    client.head(path_of(question) + "?answer=refund")
    azerbaijani = Page(client.get(path_of(question, "az"))).text

    assert "Bəli, gözləyəcəyəm" in azerbaijani
    assert "Yes, I will wait" not in azerbaijani
    assert Backorder.objects.get().status == "asked"


@pytest.mark.parametrize(
    ("choice", "outcome", "other"),
    [
        ("wait", "We will send it as soon as it is available.", "refund"),
        ("refund", "The item is removed from your order.", "wait"),
    ],
)
def test_one_click_answers_and_the_page_shows_the_outcome(client, question, choice, outcome, other):
    for _ in range(2):
        response = client.post(path_of(question), {"answer": choice}, follow=True)
        assert response.status_code == 200
        assert outcome in Page(response).text
    late = client.post(path_of(question), {"answer": other})

    assert late.status_code == 409
    assert "is no longer available" in Page(late).text
    assert Backorder.objects.get().chosen == choice
    assert violated_invariants() == []
    assert PurchaseOrder.objects.exclude(status="canceled").count() == (choice == "wait")


def test_unoffered_answer_is_refused(client, question):
    for answer in ("", "substitute", "free", "wait,refund"):
        assert client.post(path_of(question), {"answer": answer}).status_code == 422, answer
    assert Backorder.objects.get().status == "asked"


def test_page_needs_the_link_of_this_order(client, question):
    order, other = question.order, make_order()
    another_key = path_of(question).replace(order.access_key, other.access_key)

    for path in (
        another_key,
        another_key.replace(order.number, other.number),
        path_of(question).replace(f"/{question.pk}/", f"/{question.pk + 1}/"),
    ):
        assert client.get(path).status_code == 404
        assert client.post(path, {"answer": "refund"}).status_code == 404
    assert Backorder.objects.get().status == "asked"


def test_order_page_links_to_the_question_and_shows_rerouting(client, question):
    page = Page(client.get(page_of(question.order)))
    assert "We need your answer" in page.text
    assert page.all("a", href=path_of(question))

    Backorder.objects.update(status="open")
    text = Page(client.get(page_of(question.order))).text
    assert "We are looking for another supplier" in text


def test_order_page_shows_the_delay_and_the_agreed_date(client, noon):
    acknowledge(make_sent_purchase_order(make_sellable()), ships_by=date(2026, 12, 10))
    backorder = Backorder.objects.select_related("order").get()
    path = page_of(backorder.order)

    found = Page(client.get(path)).text
    assert "The supplier ships it later than promised." in found
    assert "another supplier" not in found

    reroute_due()
    assert "Delivery promised for" in Page(client.get(path)).text
    client.post(path_of(backorder), {"answer": "wait"})

    noon.shift(timedelta(days=13))  # 7 Dec
    agreed = Page(client.get(path)).text
    assert "It should arrive by 21 Dec." in agreed
    assert "Delivery promised for" not in agreed
    assert "later than we promised" not in agreed


def test_substitute_is_named_on_the_order_and_in_the_shipment_email(client):
    backorder, newer = offer_substitute()

    refunding = client.get(f"{path_of(backorder)}?answer=refund")
    asked = client.get(path_of(backorder))
    taken = client.post(path_of(backorder), {"answer": "substitute"}, follow=True)

    assert secondary_buttons(refunding) == {"substitute"}, (
        "the answer of the link is the primary button"
    )
    assert secondary_buttons(asked) == {"refund"}
    page = Page(asked)
    for words in ("We can send a substitute at the same price.", "Substitute at the same price:"):
        assert words in page.text
    assert "Ridge 1800, Orange" in page.text
    assert page.all("a", href="/en/p/ridge-1800/")
    assert "<h1>We will send you the substitute.</h1>" in Page(taken).text

    def named():
        text = Page(client.get(page_of(backorder.order))).text
        return "We send you instead: Ridge 1800" in text, text.count("Ridge 1800")

    assert named() == (True, 2)  # with the ordered item, and in its parcel
    (made,) = PurchaseOrder.objects.exclude(status="canceled")
    PurchaseOrder.objects.filter(pk=made.pk).update(
        status="in_progress", submission_status="submitted"
    )
    made = acknowledge(made)
    shipped = make_state(made, "shipped", make_shipment_notice("CJPKR0000000009YQ"))
    shipments.import_parcels(purchase_order=made, state=shipped, now=NOON)

    assert named() == (True, 2)
    (line,) = Event.objects.get(name="parcel.shipped").payload["lines"]
    assert line["title"].startswith("Ridge 1800")
    assert line["sku"] == newer.variant.sku


def test_delay_is_accepted_by_default_and_a_refund_asks_the_supplier_to_cancel(client):
    backorder = report_delay()

    text = Page(client.get(path_of(backorder))).text

    assert "<h1>Your order is delayed. Do you want to wait?</h1>" in text
    assert "The supplier ships the items below later than we promised." in text
    assert "If you do not answer, we send it as soon as it is available." in text
    assert "Refund amount" not in text
    order = Page(client.get(page_of(backorder.order))).text
    assert "The supplier ships it later than promised." in order
    refused = client.post(path_of(backorder), {"answer": "refund"}, follow=True)
    assert "<h1>We are asking the supplier to cancel it.</h1>" in Page(refused).text
    assert "If it is already packed" in Page(refused).text


def test_question_closed_without_an_answer_says_so(client):
    backorder = report_delay(answer=Acknowledgement.RECEIVED)
    acknowledge(backorder.purchase_order, answer=Acknowledgement.SHIPPED)

    text = Page(client.get(path_of(backorder))).text

    assert "<h1>This question is closed.</h1>" in text
    assert "See the order" in text
