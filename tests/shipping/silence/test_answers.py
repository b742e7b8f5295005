"""Answers about silent parcels: each applies once, and one that comes too late gets a reply."""

import pytest

from notifications.models import Event
from orders.models import Order, PaymentEvent
from shipping.models import Parcel, SilenceCase, SilenceChoice, SilenceRule
from shipping.shipments.statuses import TrackingUpdate
from shipping.silence import answers
from shipping.silence.answers import Result
from suppliers.models import StockLevel
from tests.factories.parcels import act_on_parcel, state_of, violated_parcel_invariants
from tests.factories.shipping import apply_updates
from tests.factories.silence import DAY, answer, make_silent, watch
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel():
    parcel = make_silent("out_for_delivery")
    watch(14)
    return parcel


def counts():
    """Return how many refunds and replacement orders exist."""
    refunds = PaymentEvent.objects.filter(kind="refund_requested").count()
    return refunds, Order.objects.count() - 1


def replies():
    return list(
        Event.objects.filter(name="parcel.silence_answered").values_list(
            "payload__result", flat=True
        )
    )


@pytest.mark.parametrize(
    ("choice", "state", "made"),
    [("refund", "lost refunded", (1, 0)), ("replacement", "lost replaced", (0, 1))],
)
def test_a_refund_and_a_replacement_are_made_once(parcel, choice, state, made):
    other = {"refund": "replacement", "replacement": "refund"}[choice]

    results = [answer(choice), answer(choice), answer(other), answer("wait")]

    assert results == [Result.APPLIED, Result.APPLIED, Result.CLOSED, Result.CLOSED]
    assert (state_of(parcel), counts()) == (state, made)
    case = SilenceCase.objects.get()
    assert (case.answer, case.ended_at) == (choice, NOON + 15 * DAY)
    assert violated_parcel_invariants() == []


def test_a_parcel_that_goes_back_counts_as_returned():
    parcel = make_silent("return_to_sender")
    watch(1)
    assert SilenceCase.objects.get().offered == ["refund", "replacement"]

    assert answer("refund") == Result.APPLIED
    assert state_of(parcel) == "returned refunded"


def test_a_customer_who_waits_is_asked_again_and_staff_wait_too(parcel):
    assert [answer("wait"), answer("wait")] == [Result.APPLIED] * 2

    case = SilenceCase.objects.get()
    assert (case.tell_at, case.staff_at) == (NOON + 22 * DAY, NOON + 22 * DAY)
    assert not case.is_asked
    assert replies() == ["applied"]
    assert [watch(21.9)[1], watch(22)[1]] == [0, 1]
    assert SilenceCase.objects.get().is_asked
    assert answer("refund", day=23) == Result.APPLIED
    assert (state_of(parcel), counts()) == ("lost refunded", (1, 0))


def test_a_parcel_that_arrived_meanwhile_is_not_refunded(parcel):
    update = TrackingUpdate(status="delivered", happened_at=NOON + 14.5 * DAY)
    apply_updates(update, now=NOON + 14.5 * DAY)

    assert [answer("refund"), answer("refund")] == [Result.ARRIVED] * 2
    assert (state_of(parcel), counts(), replies()) == ("delivered", (0, 0), ["arrived"])


def test_a_parcel_with_news_is_not_refunded(parcel):
    update = TrackingUpdate(status="in_transit", happened_at=NOON + 14.5 * DAY)
    apply_updates(update, now=NOON + 14.5 * DAY)

    assert answer("replacement") == Result.CLOSED
    assert (state_of(parcel), counts(), replies()) == ("shipped", (0, 0), ["closed"])


def test_staff_and_customer_do_not_both_refund(parcel):
    act_on_parcel(parcel, "mark_lost")
    act_on_parcel(parcel, "replace")

    assert answer("refund") == Result.CLOSED
    assert counts() == (0, 1)


def test_a_replacement_is_offered_only_from_stock():
    make_silent("out_for_delivery")
    StockLevel.objects.update(reported_quantity=0)
    watch(14)

    assert SilenceCase.objects.get().offered == ["wait", "refund"]
    assert counts() == (0, 0)


def test_a_replacement_that_became_impossible_leaves_the_other_choices(parcel):
    assert SilenceCase.objects.get().offered == ["wait", "refund", "replacement"]
    StockLevel.objects.update(reported_quantity=0)

    assert answer("replacement") == Result.UNAVAILABLE
    case = SilenceCase.objects.get()
    assert (case.offered, case.answer, state_of(parcel)) == (["wait", "refund"], "", "shipped")
    assert answer("refund") == Result.APPLIED
    assert (state_of(parcel), counts()) == ("lost refunded", (1, 0))


def test_nothing_but_waiting_is_offered_after_a_chargeback():
    parcel = make_silent("out_for_delivery")
    order = parcel.shipment.purchase_order.order
    order.payments.update(dispute_status="charged_back")
    watch(14)

    assert SilenceCase.objects.get().offered == ["wait"]


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({"can_refund": False}, ["wait", "replacement"]),
        ({"can_replace": False}, ["wait", "refund"]),
        ({"offer_after_days": None}, []),
    ],
)
def test_the_rule_says_what_is_offered(changes, offered):
    make_silent("out_for_delivery")
    SilenceRule.objects.update(**changes)
    watch(14)

    assert SilenceCase.objects.get().offered == offered


def test_a_choice_that_was_not_offered_is_refused(parcel):
    SilenceCase.objects.update(offered=["wait"])

    assert answer("refund") == Result.CLOSED
    assert Parcel.objects.get().status == "shipped"
    assert SilenceChoice.REFUND not in SilenceCase.objects.get().offered


def test_the_rehearsal_of_an_offer_leaves_nothing(parcel):
    assert (counts(), state_of(parcel)) == ((0, 0), "shipped")
    assert not Event.objects.filter(name__in=["parcel.lost", "order.refunded"]).exists()
    assert answers.open_cases_of([parcel.pk])[parcel.pk].is_asked
