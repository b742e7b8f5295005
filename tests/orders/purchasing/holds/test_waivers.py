"""Waivers: a waiver covers a hold reason as it was shown; a worse reason holds again."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.models import SupplierOffer
from tests.factories.cancellation import send
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def set_cost(amount, **which):
    SupplierOffer.objects.filter(**which).update(cost_amount=Decimal(amount))


def release(held):
    holds.waive_all(purchase_order=held, actor="ann", now=LATER)


def test_a_higher_cost_after_a_waiver_holds_again_and_a_lower_cost_does_not(supplier):
    make_purchase_orders()
    set_cost("10.50")
    release(send())
    set_cost("12.00")

    held = send()

    assert held.status == "on_hold"
    assert "12.00" in held.hold_reasons[0]["sentence"]
    release(held)
    set_cost("11.90")
    assert send().submission_status == "accepted"


def test_a_waiver_covers_one_line(supplier):
    first, second = make_sellable(), make_sellable()
    make_purchase_orders(first, second)
    set_cost("10.50", variant=first.variant)
    release(send())
    set_cost("10.50", variant=second.variant)

    held = send()

    assert [reason["subject"] for reason in held.hold_reasons] == [second.variant.sku]
    release(held)
    assert send().submission_status == "accepted"


def test_reasons_changed_since_shown_are_not_released(supplier):
    make_purchase_orders()
    set_cost("10.50")
    seen = send()
    PurchaseOrder.objects.update(hold_reasons=[{"code": "margin", "sentence": "It would lose."}])

    with pytest.raises(ConcurrentUpdateError):
        release(seen)

    assert PurchaseOrder.objects.get().waived_reasons == []


def test_a_validated_cost_overrides_the_list_cost(supplier):
    """The supplier's list may be hours old."""
    make_purchase_orders()
    supplier.validate = lambda _request: Money(Decimal("5000.00"), "EUR")

    held = send()

    assert (held.status, held.submission_status) == ("on_hold", "unsubmitted")
    assert "margin" in {reason["code"] for reason in held.hold_reasons}
    assert supplier.effects == []


def two_reasons():
    """Hold a purchase order for two lines whose cost rose; return it and its reason keys."""
    first, second = make_sellable(), make_sellable()
    make_purchase_orders(first, second)
    set_cost("10.50")
    held = send()
    return held, [holds.reason_key(reason) for reason in held.hold_reasons]


def waive(held, key, actor="ann"):
    return holds.waive(purchase_order=held, key=key, actor=actor, now=LATER)


def test_waiving_the_last_reason_releases_the_order(supplier):
    held, (one, other) = two_reasons()

    assert not waive(held, one)
    held.refresh_from_db()
    assert held.status == "on_hold"
    assert [holds.reason_key(reason) for reason in held.hold_reasons] == [other]
    assert [(each["by"], each["at"]) for each in held.waived_reasons] == [
        ("ann", LATER.isoformat())
    ]

    assert waive(held, other, "bob")
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("ready", [])
    assert [each["by"] for each in held.waived_reasons] == ["ann", "bob"]
    assert send().submission_status == "accepted"


def test_a_waived_or_worse_reason_cannot_be_waived(supplier):
    held, (one, other) = two_reasons()
    waive(held, one)

    with pytest.raises(holds.NotHeldError, match="ann already waived this reason"):
        waive(held, one, "bob")
    worse = [{**reason, "amount": "12.00"} for reason in held.hold_reasons]
    PurchaseOrder.objects.update(hold_reasons=worse)
    with pytest.raises(holds.NotHeldError, match="no longer has this hold reason"):
        waive(held, other, "bob")

    held.refresh_from_db()
    assert (held.status, len(held.waived_reasons)) == ("on_hold", 1)


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_waivers_are_both_stored(supplier, monkeypatch):
    held, (one, other) = two_reasons()
    rival = Rival(lambda: waive(held, other, "bob"))
    note = holds.waiver

    def noted(reason, **who):
        if who["actor"] == "ann":
            rival.begin()  # before ann's waiver is stored
        return note(reason, **who)

    monkeypatch.setattr(holds, "waiver", noted)
    waive(held, one)
    rival.finish()

    assert (rival.failure, rival.answer) == (None, True)
    held.refresh_from_db()
    assert held.status == "ready"
    assert {each["by"] for each in held.waived_reasons} == {"ann", "bob"}


def test_checking_again_waives_nothing(supplier):
    make_purchase_orders()
    set_cost("10.50")
    held = send()

    holds.recheck(purchase_order=held, actor="ann", now=LATER)
    assert send().status == "on_hold"  # it still costs more
    held.refresh_from_db()
    assert held.waived_reasons == []

    set_cost("10.00")
    holds.recheck(purchase_order=held, actor="ann", now=LATER)
    assert send().submission_status == "accepted"
    with pytest.raises(holds.NotHeldError, match="no longer on hold"):
        holds.recheck(purchase_order=held, actor="bob", now=LATER)


def test_a_dispute_cannot_be_checked_again(supplier):
    make_purchase_orders()
    reason = {"code": "disputed", "sentence": "The bank disputes it."}
    PurchaseOrder.objects.update(status="on_hold", hold_reasons=[reason])

    with pytest.raises(holds.NotHeldError, match="no automatic check can resolve"):
        holds.recheck(purchase_order=PurchaseOrder.objects.get(), actor="ann", now=LATER)
