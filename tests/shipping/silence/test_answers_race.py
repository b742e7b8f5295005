"""Concurrent answers about one silent parcel, its delivery and staff: one outcome applies."""

import pytest

from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel, SilenceCase, SilenceRule
from shipping.shipments import outcomes
from shipping.silence import answers
from shipping.silence.answers import Result
from shipping.silence.default_rules import DEFAULT_RULES
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.parcels import violated_parcel_invariants
from tests.factories.shipping import make_shipment_notice, take_in
from tests.factories.silence import DAY, answer, make_silent, watch
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOON + 15 * DAY
REFUSALS = (
    CannotReturnError,
    outcomes.CannotResolveError,
    InvalidTransitionError,
    ConcurrentUpdateError,
)


@pytest.fixture
def parcel():
    SilenceRule.objects.all().delete()
    SilenceRule.objects.bulk_create(SilenceRule(**known) for known in DEFAULT_RULES)
    parcel = make_silent("out_for_delivery")
    watch(14)
    return parcel


def deliver():
    notice = make_shipment_notice(carrier_text="delivered", happened_at=NOON + DAY / 24)
    take_in(PurchaseOrder.objects.earliest("pk"), "shipped", notice)


def refund_by_staff():
    row = Parcel.objects.select_related("shipment").get()
    outcomes.mark_lost(parcel=row, reason="lost", actor="ann", now=LATER)
    outcomes.refund(parcel=row, reason="lost", actor="ann", now=LATER)


def made():
    refunds = PaymentEvent.objects.filter(kind="refund_requested").count()
    return refunds + Order.objects.count() - 1


def test_of_concurrent_answers_delivery_and_staff_one_applies(parcel):
    acts = [
        *[lambda: answer("refund")] * 2,
        *[lambda: answer("replacement")] * 2,
        lambda: answer("wait"),
        refund_by_staff,
        deliver,
    ]

    all_at_once(acts, REFUSALS)

    parcel.refresh_from_db()
    assert made() == (0 if parcel.resolution == "open" else 1)
    assert violated_parcel_invariants() == []


def test_a_second_answer_waits_for_the_first(parcel, monkeypatch):
    """Without the lock of the order, both would find the case asked."""
    rival = Rival(lambda: answer("replacement"))
    rival.begin_at(monkeypatch, answers, "_settle")

    assert answer("refund") == Result.APPLIED
    assert rival.finish() == Result.CLOSED
    assert made() == 1


def test_a_delivery_waits_for_an_answer(parcel, monkeypatch):
    rival = Rival(deliver)
    rival.begin_at(monkeypatch, answers, "_settle")

    assert answer("refund") == Result.APPLIED
    rival.finish()

    assert rival.failure is None
    parcel.refresh_from_db()
    assert (parcel.status, parcel.resolution, made()) == ("delivered", "refunded", 1)


def test_concurrent_sweeps_open_one_case_and_tell_once(parcel):
    SilenceCase.objects.all().delete()

    all_at_once([lambda: watch(14)] * 3, ())

    assert SilenceCase.objects.get().messages == 1
