"""Label purchases: bought exactly once, for the right payer, and sent to the customer."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.storage import storages
from django.db import transaction

from notifications import dispatch
from notifications.models import Event
from orders.models import Order, ReturnLabel, ReturnPolicy
from orders.returns import authorizations, eligibility
from orders.returns.eligibility import CannotReturnError
from shipping.return_labels import files, processing, purchases
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.lib.money import Money
from tests.factories.return_labels import (
    buy_label,
    make_approved_return,
    request_label,
    send_label,
    work,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=5)


def test_a_bought_label_has_price_number_and_pdf_and_is_sent(connected):
    authorization = make_approved_return(kind="defect")

    label = buy_label(authorization)

    assert (label.status, label.price) == ("bought", Money(Decimal("5.95"), "EUR"))
    assert files.read(label).startswith(b"%PDF-")
    assert (authorization.status, authorization.label_payer) == ("label_issued", "us")
    assert authorization.tracking_number == label.tracking_number == "DPDR000000001"
    event = Event.objects.get(name="return.labeled")
    assert event.payload["label_url"].endswith(f"/return/{authorization.number}/label/")
    (message,) = dispatch.fan_out(event=event, now=NOON)
    (attachment,) = dispatch.compose(message).attachments
    assert attachment.file_name == f"{label.reference}.pdf"
    assert attachment.content == files.read(label)
    assert connected.sent()["to_address"]["postal_code"] == "10115"


def test_a_double_click_buys_one_label(connected):
    authorization = make_approved_return()
    first = request_label(authorization)
    assert request_label(authorization) == first
    assert work(first) == work(first)
    assert len(connected.labels()) == 1


@pytest.mark.parametrize("kind", ["drop_after", "garbage", "truncated", "500"])
def test_a_lost_answer_never_buys_twice(connected, kind):
    authorization = make_approved_return()
    label = request_label(authorization)
    connected.fault(kind, path="returns")
    label = work(label)
    assert (label.status, label.attempts, label.external_id) == ("requested", 1, "")

    assert work(label).attempts == 1, "the first attempt may still be processed"
    label = work(label, LATER)

    assert label.status == "bought"
    assert len(connected.labels()) == 1


@pytest.mark.parametrize("path", ["returns/1", "label"])
def test_a_label_whose_details_cannot_be_read_is_read_later(connected, path):
    label = request_label(make_approved_return())
    connected.fault("500", path=path, count=2)
    assert work(label).status == "requested"
    assert work(label, LATER).status == "bought"
    assert len(connected.labels()) == 1


def test_a_label_that_the_carrier_has_not_confirmed_is_polled(connected):
    connected.state.rules = connected.state.rules.__class__(
        public_key="a-public-key", secret_key="a-secret-key", announce_s=60
    )
    label = work(request_label(make_approved_return()))
    assert (label.status, label.external_id) == ("requested", "1")
    connected.state.advance_clock(61)
    assert work(label, LATER).status == "bought"


def test_a_refused_label_can_be_bought_again(connected):
    authorization = make_approved_return()
    Order.objects.update(ship_to={**authorization.order.ship_to, "name": "Refused"})
    label = buy_label(authorization)
    assert (label.status, label.problem) == ("failed", "The carrier refused the address.")
    assert authorization.status == "approved"

    Order.objects.update(ship_to={**authorization.order.ship_to, "name": "Ada"})
    again = buy_label(authorization)
    assert again.status == "bought"
    assert ReturnLabel.objects.get(pk=label.pk).status == "voided"


def test_a_label_requested_by_policy_is_the_cheapest(connected):
    authorization = make_approved_return(policy={"is_label_automatic": True})
    (waiting,) = purchases.awaiting_automatic()
    purchases.request_automatic(waiting, now=NOON)
    label = work(authorization.labels.get())
    assert (label.payer, label.requested_by) == ("customer", "automatic")
    assert (label.option, label.charge_amount) == ("dpd:return/return", Decimal("5.95"))
    assert not purchases.awaiting_automatic().exists()


def test_a_route_without_carrier_fails_and_the_manual_way_stays(connected):
    authorization = make_approved_return()
    Order.objects.update(ship_to={**authorization.order.ship_to, "country": "AQ"})
    authorization.order.refresh_from_db()
    ReturnPolicy.objects.update(label_country="AQ")
    assert not purchases.find_offers(authorization, now=NOON)
    purchases.request_automatic(authorization, now=NOON)
    label = work(authorization.labels.get())
    assert (label.status, label.problem) == ("failed", "No carrier serves this route.")

    authorizations.issue_label(
        authorization=authorization, address="Berlin", label="", carrier="", tracking_number="",
        actor="ann", now=NOON,
    )  # fmt: skip
    assert authorization.status == "label_issued"


@pytest.mark.parametrize(
    ("country", "hs_code", "origin", "problem"),
    [("AZ", "", "CN", "customs code"), ("AZ", "851310", "", "customs code")],
)
def test_a_customs_border_needs_customs_data(connected, country, hs_code, origin, problem):
    authorization = make_approved_return()
    Order.objects.update(ship_to={**authorization.order.ship_to, "country": country})
    authorization.order.refresh_from_db()
    variant = authorization.lines.get().order_line.variant
    variant.hs_code, variant.origin_country = hs_code, origin
    variant.save()
    with pytest.raises(CannotBuyLabelError, match=problem):
        purchases.find_offers(authorization, now=NOON)


def test_no_label_without_an_address_or_a_complete_order(connected):
    authorization = make_approved_return()
    ReturnPolicy.objects.update(
        label_name="", label_street="", label_postcode="", label_city="", label_country=""
    )
    with pytest.raises(CannotBuyLabelError, match="address for labels"):
        purchases.find_offers(authorization, now=NOON)


def test_a_customer_never_pays_for_a_defect(connected):
    authorization = make_approved_return(kind="defect", policy={"label_payer": "customer"})
    assert purchases.default_payer(authorization) == "us"
    with pytest.raises(CannotBuyLabelError, match="never pays"):
        request_label(authorization, payer="customer")


def test_no_label_by_hand_while_one_is_bought(connected):
    authorization = make_approved_return()
    request_label(authorization)
    with pytest.raises(CannotReturnError, match="being bought"):
        authorizations.issue_label(
            authorization=authorization, address="Berlin", label="", carrier="",
            tracking_number="", actor="ann", now=NOON,
        )  # fmt: skip


def test_a_return_canceled_before_the_order_buys_nothing(connected):
    authorization = make_approved_return()
    label = request_label(authorization)
    authorizations.cancel(authorization=authorization, actor="customer", now=NOON)
    assert work(label).status == "voided"
    assert not connected.labels()


def test_erasing_the_customer_deletes_the_pdf(connected):
    label = buy_label(make_approved_return())
    with transaction.atomic():
        files.delete_of_orders(Order.objects.all())
    assert not storages["private"].exists(label.file)
    with pytest.raises(FileNotFoundError):
        files.read(ReturnLabel.objects.get())


@pytest.mark.parametrize("end", ["canceled", "sent with another label"])
def test_a_label_that_is_no_longer_needed_when_it_is_bought_is_voided(connected, end):
    authorization = make_approved_return()
    connected.state.rules = replace(connected.state.rules, announce_s=60)
    label = work(request_label(authorization))
    assert label.external_id
    if end == "canceled":
        authorizations.cancel(authorization=authorization, actor="customer", now=NOON)
    else:
        authorizations.mark_shipped(
            authorization=authorization,
            carrier="DHL",
            tracking_number="own parcel 1",
            actor="customer",
            now=NOON,
        )

    connected.state.advance_clock(61)
    label = work(label, LATER)

    assert (label.status, label.file) == ("void_requested", "")
    assert work(label, LATER + timedelta(minutes=1)).status == "voided"


def test_the_deadline_of_a_return_starts_again_when_its_label_is_voided():
    authorization = make_approved_return()
    label = send_label(authorization)
    later = NOON + timedelta(days=10)

    processing.request_void(label=label, actor="ann", now=later)

    authorization.refresh_from_db()
    assert authorization.ship_by == (later + eligibility.SHIP_WITHIN).date()


def test_a_failed_call_for_news_does_not_keep_an_unused_label(connected):
    authorization = make_approved_return()
    label = buy_label(authorization)
    connected.fault("500", path="returns/1", count=2)
    label = work(label, label.due_at)
    assert label.due_at > NOON + processing.FOLLOW_AFTER

    authorizations.cancel(authorization=authorization, actor="customer", now=NOON)

    assert list(processing.unused_labels()) == [label]
