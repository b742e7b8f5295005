"""Running: a rule acts once on each case that fits, within its limits, and stops after failures."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing, PriceHold
from orders.models import PurchaseOrder
from shipping.models import Parcel
from storefront.dashboard import tasks
from storefront.dashboard.inbox import assignments
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.settling import matching, running
from storefront.dashboard.inbox.settling.acts import ACTS, CANNOT_BE_UNDONE
from storefront.dashboard.models import InboxCase, SettlingRule, SettlingRun
from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from suppliers.models import Supplier
from tests.factories.catalog import make_channel
from tests.factories.inbox_items import ITEMS, items_of
from tests.factories.suppliers import NOON, make_supplier
from tests.storefront.dashboard.inbox.settling.conftest import (
    HELD,
    held,
    hold,
    loss,
    make_rule,
    run,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=1)
TOMORROW = NOON + timedelta(hours=25)


def test_a_rule_waives_known_losses_up_to_its_limit(rule, started):
    fits = hold(loss("1.50"), loss("0.50", subject="A"))
    others = [
        hold(loss("2.01")),
        hold(loss("1.00", "USD")),
        hold(loss("1.00"), loss("", code="payment")),
        hold(loss("")),
        hold(loss("0.50"), loss("0.50", "USD")),
    ]

    assert run() == 1

    assert held() == {row.pk for row in others}
    assert started == [("submit", {"purchase_order_id": fits.pk})]
    done = SettlingRun.objects.get()
    assert (done.status, done.money.amount, done.name) == ("done", Decimal(2), fits.number)
    change = StatusChange.objects.filter(subject_id=fits.pk, to_status="ready").last()
    assert change.actor == "rule: small losses"

    recording.record(now=LATER)
    assert InboxCase.objects.get(cause=HELD, row=fits.pk).settled_by == "rule"


def test_a_record_is_settled_once_a_day_and_each_case_once(rule):
    row = hold(loss("1.00"))
    run()
    PurchaseOrder.objects.update(status="on_hold", hold_reasons=[loss("1.00")])
    assert run(now=TOMORROW) == 0, "the case did not end meanwhile"

    PurchaseOrder.objects.update(status="ready")
    run()
    PurchaseOrder.objects.update(status="on_hold", hold_reasons=[loss("1.00")])
    assert run(now=LATER) == 0
    (match,) = matching.find(rule, now=LATER)
    assert match.obstacle == "A rule acted on it within a day"
    assert run(now=TOMORROW) == 1
    assert SettlingRun.objects.filter(case__row=row.pk).count() == 2


def test_the_limit_of_a_day_stops_a_rule_until_the_day_has_passed(rule):
    for _ in range(4):
        hold(loss("2.00"))

    assert run() == 2
    assert run(now=NOON + timedelta(hours=23)) == 0
    assert run(now=TOMORROW) == 2


def test_staff_keep_what_they_work_on_and_what_they_snoozed(rule):
    row = hold(loss("1.00"))
    assignments.assign(cause=HELD, row=row.pk, since=None, actor="ann", now=NOON)

    assert run() == 0
    (match,) = matching.find(rule, now=NOON)
    assert match.obstacle == "ann works on it"


@pytest.mark.parametrize("condition", ["supplier", "channel"])
def test_conditions_on_supplier_and_channel(started, condition):
    row = hold(loss("1.00"))
    other = {
        "supplier": lambda: make_supplier(code="other"),
        "channel": lambda: make_channel(code="other"),
    }[condition]()
    made = make_rule(**{condition: other})
    assert [match.obstacle for match in matching.find(made, now=NOON)] == [f"Another {condition}"]

    own = {"supplier": row.supplier, "channel": row.order.channel}[condition]
    SettlingRule.objects.update(**{condition: own})
    assert run() == 1


def test_failures_in_a_row_switch_a_rule_off_and_show_it_in_the_inbox(rule, monkeypatch):
    def refuse(*_args):
        raise ConcurrentUpdateError("The supplier is closed.")

    monkeypatch.setattr("storefront.dashboard.inbox.settling.running._act", _act_that(refuse))
    for _ in range(4):
        hold(loss("0.10"))

    assert run() == 3
    rule.refresh_from_db()
    assert (rule.is_on, rule.failures, rule.stopped_at) == (False, 3, NOON)
    (item,) = items_of("settling_rule_stopped")
    assert (item.name, item.detail) == ("small losses", "The supplier is closed.")

    running.switch_on(rule=rule, actor="ann")
    rule.refresh_from_db()
    assert (rule.is_on, rule.failures, items_of("settling_rule_stopped")) == (True, 0, [])


def _act_that(refuse):
    def act(*_args, **_known):
        try:
            refuse()
        except ConcurrentUpdateError as error:
            return str(error)

    return act


def test_an_unexpected_error_is_a_failure_of_this_item_only(rule, monkeypatch, caplog):
    hold(loss("1.00"))
    monkeypatch.setattr("orders.purchasing.holds.holds.waive", lambda **_known: {}["no such key"])

    run()

    assert SettlingRun.objects.get().problem == "KeyError"
    rule.refresh_from_db()
    assert (rule.failures, rule.is_on) == (1, True)
    assert "settling rule" in caplog.text


def test_a_success_ends_a_row_of_failures_and_a_refusal_says_why(rule):
    SettlingRule.objects.update(failures=2)
    hold(loss("1.00"))
    run()
    rule.refresh_from_db()
    assert rule.failures == 0


def test_a_rule_that_is_off_or_without_action_does_nothing(rule):
    hold(loss("1.00"))
    SettlingRule.objects.update(action="gone")
    assert run() == 0
    assert matching.find(SettlingRule.objects.get(), now=NOON) == []
    SettlingRule.objects.update(action="waive", is_on=False)
    tasks.record_inbox()
    assert not SettlingRun.objects.exists()


def test_rejected_prices_can_be_undone_and_stay_for_staff(shared_world):
    ITEMS["price_blocked"]()
    make_rule(cause="price_blocked", action="reject", max_amount=None, max_daily_amount=None)
    assert run() == 1
    assert PriceHold.objects.get().status == "rejected"

    done = SettlingRun.objects.get()
    running.undo(run=done, actor="ann", now=LATER)
    done.refresh_from_db()
    assert (done.status, done.undone_by, PriceHold.objects.get().status) == (
        "undone",
        "ann",
        "open",
    )
    with pytest.raises(ConcurrentUpdateError):
        running.undo(run=done, actor="ann", now=LATER)

    recording.record(now=LATER)
    InboxCase.objects.update(settled_at=LATER)
    assert run(now=LATER) == 0
    (match,) = matching.find(SettlingRule.objects.get(), now=LATER)
    assert match.obstacle == "Undone by staff"


def test_kept_carriers_can_be_undone(shared_world):
    ITEMS["parcel_other_carrier"]()
    make_rule(
        cause="parcel_other_carrier",
        action="keep_carrier",
        max_amount=Decimal(100_000),
        max_daily_amount=None,
        supplier=Supplier.objects.get(),
        channel=Listing.objects.first().channel,
    )
    assert run() == 1
    done = SettlingRun.objects.get()
    assert Parcel.objects.get(pk=done.case.row).carrier_finding == ""

    running.undo(run=done, actor="ann", now=LATER)
    assert Parcel.objects.get(pk=done.case.row).carrier_finding == "other_carrier"


def test_an_undo_that_is_not_logged_does_not_happen(shared_world, monkeypatch):
    ITEMS["price_blocked"]()
    make_rule(cause="price_blocked", action="reject", max_amount=None, max_daily_amount=None)
    run()
    done = SettlingRun.objects.get()

    def end(**_known):
        raise KeyboardInterrupt

    monkeypatch.setattr(SettlingRun.objects, "filter", end)
    with pytest.raises(KeyboardInterrupt):
        running.undo(run=done, actor="ann", now=LATER)
    monkeypatch.undo()

    assert PriceHold.objects.get().status == "rejected"
    running.undo(run=done, actor="ann", now=LATER)
    assert PriceHold.objects.get().status == "open"


def test_a_waiver_cannot_be_undone(rule):
    hold(loss("1.00"))
    run()

    assert ACTS[f"{HELD}:waive"].undo_text == CANNOT_BE_UNDONE
    with pytest.raises(running.CannotUndoError):
        running.undo(run=SettlingRun.objects.get(), actor="ann", now=NOON)


@pytest.mark.parametrize("key", sorted(ACTS))
def test_each_act_fits_an_item_of_its_cause(key, shared_world, started):
    act = ACTS[key]
    ITEMS[act.cause.code]()
    made = make_rule(cause=act.cause.code, action=act.action.code, max_amount=None)

    found = matching.find(made, now=NOON)
    assert found
    assert matching.act_of(made) is act
    assert (act.undo is None) != (
        str(act.undo_text) == "Each settled item can be undone in the log."
    )
    for name, knows in (("supplier", matching.has_supplier), ("channel", matching.has_channel)):
        if knows(act):
            owner = {
                "supplier": Supplier.objects.first(),
                "channel": Listing.objects.first().channel,
            }
            setattr(made, name, owner[name])
    assert matching.find(made, now=NOON)
