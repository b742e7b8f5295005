"""Return labels under crashes and races: one label is bought, and it is either void or used."""

from datetime import timedelta

import pytest

from orders.models import ReturnAuthorization, ReturnLabel, ReturnPolicy
from orders.returns import authorizations
from shipping.return_labels import accounts, files, processing, purchases, tasks
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.return_labels import (
    DPD,
    buy_label,
    make_approved_return,
    request_label,
    send_label,
    work,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=5)
REFUSED = (CannotBuyLabelError, InvalidTransitionError, ConcurrentUpdateError)


@pytest.mark.parametrize(
    ("module", "at"),
    [
        (processing, "_store_id"),
        (processing, "_collect"),
        (files, "store"),
        (processing, "_finish"),
    ],
)
def test_a_worker_that_dies_after_the_order_buys_no_second_label(connected, module, at):
    label = request_label(make_approved_return())

    killed(lambda: work(label), module=module, at=at)

    assert ReturnLabel.objects.get().status == "requested"
    assert work(label, LATER).status == "bought"
    assert len(connected.labels()) == 1
    assert ReturnAuthorization.objects.get().status == "label_issued"


def test_a_worker_that_dies_before_the_order_leaves_it_to_another(connected):
    label = request_label(make_approved_return())
    killed(lambda: work(label), module=processing, at="failpoint")
    assert ReturnLabel.objects.get().attempts == 1
    assert work(label, LATER).status == "bought"
    assert len(connected.labels()) == 1


def test_workers_at_once_buy_one_label(connected):
    label = request_label(make_approved_return())
    all_at_once([lambda: work(label)] * 4, ())
    assert len(connected.labels()) == 1


def test_clicks_at_once_request_one_label(connected):
    authorization = make_approved_return()

    def click():
        request_label(ReturnAuthorization.objects.get(pk=authorization.pk))

    assert all_at_once([click] * 4, ()) == 0
    assert ReturnLabel.objects.count() == 1


def test_a_second_click_waits_for_the_first(monkeypatch):
    """Without the lock of the order, both would find no label, and one would break a constraint."""
    authorization = make_approved_return()

    def click():
        return purchases.request_label(
            authorization=ReturnAuthorization.objects.get(pk=authorization.pk),
            payer=ReturnPolicy.Payer.US,
            option=DPD,
            charge=None,
            actor="ann",
            now=NOON,
        )

    rival = Rival(click)
    rival.begin_at(monkeypatch, purchases, "can_buy")

    assert click() == rival.finish() == ReturnLabel.objects.get()


def void(label):
    row = ReturnLabel.objects.select_related("authorization").get(pk=label.pk)
    processing.request_void(label=row, actor="ann", now=NOON)


def use(authorization, label):
    authorizations.mark_shipped(
        authorization=ReturnAuthorization.objects.get(pk=authorization.pk),
        carrier=label.carrier,
        tracking_number=label.tracking_number,
        actor="customer",
        now=NOON,
    )


def test_a_label_is_voided_or_used_never_both(connected):
    """A label that was used keeps its price; a voided one is not charged."""
    authorization = make_approved_return()
    label = buy_label(authorization)

    refused = all_at_once([lambda: void(label), lambda: use(authorization, label)], REFUSED)

    label.refresh_from_db()
    authorization.refresh_from_db()
    if label.status == "bought":
        assert (authorization.status, refused) == ("in_transit", 1)
    else:  # the customer entered the number after the void: the provider decides
        assert label.status == "void_requested"
        connected.scan(label)
        label = work(label, LATER)
        assert label.status == "bought"
        authorization.refresh_from_db()
        assert authorization.status in {"in_transit", "label_issued"}


def test_a_use_waits_for_a_void(monkeypatch):
    """Without the lock of the order, the void would fail after its check."""
    authorization = make_approved_return()
    label = send_label(authorization)
    rival = Rival(lambda: use(authorization, label))
    rival.begin_at(monkeypatch, processing, "is_used")

    void(label)
    rival.finish()

    label.refresh_from_db()
    authorization.refresh_from_db()
    assert rival.failure is None
    assert (label.status, authorization.status) == ("void_requested", "in_transit")


def test_a_used_label_cannot_be_voided(connected):
    authorization = make_approved_return()
    label = buy_label(authorization)
    use(authorization, label)
    with pytest.raises(CannotBuyLabelError, match="has sent"):
        void(label)


def test_a_voided_label_costs_nothing_and_another_can_be_bought(connected):
    authorization = make_approved_return()
    label = buy_label(authorization)
    void(label)
    authorization.refresh_from_db()
    assert (authorization.status, authorization.tracking_number) == ("approved", "")

    label = work(label)
    assert (label.status, label.charge_amount) == ("voided", 0)
    assert connected.labels()[0]["status"] == "Cancelled"

    assert buy_label(authorization).status == "bought"
    assert [row["reference"][-3:] for row in connected.labels()] == ["-L1", "-L2"]


def test_a_void_that_the_carrier_refuses_makes_the_label_valid_again(connected):
    authorization = make_approved_return()
    label = buy_label(authorization, option="postnl:return/labelless")
    void(label)
    label = work(label)
    authorization.refresh_from_db()
    assert (label.status, authorization.status) == ("bought", "label_issued")
    assert "does not cancel" in label.problem


def test_a_void_whose_answer_was_lost_is_asked_again(connected):
    label = buy_label(make_approved_return())
    void(label)
    connected.fault("drop_after", path="cancel")
    assert work(label).status == "void_requested"
    assert work(label, LATER).status == "voided"


@pytest.mark.parametrize("status", ["canceled", "expired"])
def test_the_label_of_a_closed_return_is_voided(connected, status):
    authorization = make_approved_return()
    label = buy_label(authorization)
    assert not processing.unused_labels().exists()
    if status == "canceled":
        authorizations.cancel(authorization=authorization, actor="customer", now=NOON)
    else:
        authorizations.expire(authorization=authorization, now=NOON + timedelta(days=200))
    (unused,) = processing.unused_labels()
    void(unused)
    assert work(label).status == "voided"


def test_the_first_scan_marks_the_return_as_shipped(connected):
    authorization = make_approved_return()
    label = buy_label(authorization)
    assert label.due_at >= NOON + processing.FOLLOW_AFTER
    label = work(label, label.due_at)
    connected.scan(label)
    work(label, label.due_at)
    authorization.refresh_from_db()
    assert authorization.status == "in_transit"
    assert ReturnLabel.objects.get().due_at is None


def test_the_sweep_buys_and_voids_without_staff(connected):
    connected.state.ahead_s = 0  # tasks read the clock
    authorization = make_approved_return(policy={"is_label_automatic": True})
    tasks.process_labels()
    authorization.refresh_from_db()
    assert authorization.status == "label_issued"
    authorizations.cancel(authorization=authorization, actor="customer", now=NOON)
    tasks.process_labels()
    assert ReturnLabel.objects.get().status == "voided"
    assert accounts.ReturnLabelAccount.objects.get().problem == ""
