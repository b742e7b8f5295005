"""Offer overrides: no feed changes them; a field returned to the feed is read again."""

from datetime import timedelta
from decimal import Decimal

import pytest

from suppliers.models import (
    CostChange,
    PendingChange,
    PendingPublication,
    SupplierOffer,
    SyncIssue,
    SyncRun,
)
from suppliers.offers import overrides
from suppliers.quarantine import review, rollback
from tests.factories.feeds import NOON, sync, usd

LATER = NOON + timedelta(hours=1)
BY_HAND = {"cost_amount": Decimal("7.00"), "lead_days": 9, "min_order_units": 4}


@pytest.fixture
def offer(known, world):
    return SupplierOffer.objects.get(supplier_sku="P1-Black")


def set_by_hand(offer, **values):
    overrides.override(offer=offer, values=values, actor="erika", now=LATER)


def test_no_feed_changes_an_override(offer, supplier, world):
    set_by_hand(offer, **BY_HAND)
    world.costs["P1-Black"] = usd("9.00")
    supplier.products.update(list_digest="", detail_digest="", cost_digest="")

    for kind in ("products", "prices"):
        sync(supplier, kind, now=LATER)

    offer.refresh_from_db()
    assert {name: getattr(offer, name) for name in BY_HAND} == BY_HAND
    change = CostChange.objects.get(offer=offer)
    assert (change.run, change.cause, change.old_amount) == (None, "staff:erika", Decimal("8.40"))
    outlier = sync_cost(supplier, world, "0.00", hours=3)
    assert outlier == ("active", Decimal("7.00"))


def test_an_offer_held_by_staff_stays_held_until_released(offer, supplier, world):
    set_by_hand(offer, status="on_hold")
    world.costs["P1-Black"] = usd("9.00")
    sync(supplier, "prices", now=LATER)
    offer.refresh_from_db()
    assert (offer.status, offer.cost_amount) == ("on_hold", Decimal("9.00"))

    overrides.clear_override(offer=offer, fields=["status"], now=LATER)

    offer.refresh_from_db()
    assert (offer.status, offer.overridden_fields) == ("active", [])


def test_an_offer_put_on_sale_by_staff_is_not_held(offer, supplier, world):
    SupplierOffer.objects.update(status="on_hold")
    world.costs["P1-Black"] = usd("9.00")
    run = sync(supplier, "prices", now=LATER)
    set_by_hand(offer, status="active")

    rollback.roll_back(sync_run=run, actor="ann", reason="no", now=LATER)
    world.costs["P1-Black"] = usd("900.00")
    refused = sync(supplier, "prices", now=LATER + timedelta(hours=1))

    offer.refresh_from_db()
    assert (refused.rejected, offer.status, offer.cost_amount) == (1, "active", Decimal("8.40"))


def test_a_returned_field_is_read_again(offer, supplier, world):
    set_by_hand(offer, **BY_HAND)
    overrides.clear_override(offer=offer, fields=list(BY_HAND), now=LATER)
    assert PendingPublication.objects.exists()

    for kind in ("products", "prices"):
        sync(supplier, kind, now=LATER + timedelta(hours=1))

    offer.refresh_from_db()
    assert (offer.cost_amount, offer.min_order_units) == (Decimal("8.40"), 1)


def test_only_some_fields_of_listed_offers_can_be_overridden(offer):
    with pytest.raises(overrides.OverrideError):
        set_by_hand(offer, title="Mine")
    SupplierOffer.objects.update(status="discontinued")
    with pytest.raises(overrides.OverrideError):
        set_by_hand(offer, lead_days=1)


def sync_cost(supplier, world, cost, *, hours):
    world.costs["P1-Black"] = usd(cost)
    sync(supplier, "prices", now=NOON + timedelta(hours=hours))
    offer = SupplierOffer.objects.get(supplier_sku="P1-Black")
    return offer.status, offer.cost_amount


def test_a_cost_accepted_by_staff_is_the_new_baseline(offer, supplier, world):
    assert sync_cost(supplier, world, "900.00", hours=2) == ("on_hold", Decimal("8.40"))

    set_by_hand(offer, cost_amount=Decimal("900.00"))
    offer.refresh_from_db()
    assert (offer.status, offer.overridden_fields) == ("active", ["cost_amount"])
    overrides.clear_override(offer=offer, fields=["cost_amount"], now=LATER)

    assert sync_cost(supplier, world, "900.00", hours=3) == ("active", Decimal("900.00"))
    assert sync_cost(supplier, world, "9900.00", hours=4) == ("on_hold", Decimal("900.00"))


def test_a_released_offer_with_a_cost_outlier_is_not_sold(offer, supplier, world):
    set_by_hand(offer, status="on_hold")
    sync_cost(supplier, world, "900.00", hours=2)

    overrides.clear_override(offer=offer, fields=["status"], now=LATER)

    offer.refresh_from_db()
    assert (offer.status, offer.overridden_fields) == ("on_hold", [])
    assert sync_cost(supplier, world, "900.00", hours=3) == ("on_hold", Decimal("8.40"))
    assert sync_cost(supplier, world, "9.00", hours=4) == ("active", Decimal("9.00"))


def test_a_pending_run_releases_no_offer_held_by_a_later_run(offer, supplier):
    later = {"supplier": supplier, "kind": "prices", "status_since": NOON, "lease_until": NOON}
    waits, newer = (
        SyncRun.objects.create(status=status, started_at=LATER, **later)
        for status in ("quarantined", "applied")
    )
    PendingChange.objects.create(
        run=waits, kind="cost", offer=offer, row="P1-Black", old=offer.cost_amount, new="9.00"
    )
    SupplierOffer.objects.update(status="on_hold")
    refused = {"row": "P1-Black", "code": "cost-jumped", "severity": "error"}
    SyncIssue.objects.create(supplier=supplier, first_run=newer, last_run=newer, **refused)

    review.apply(sync_run=waits, actor="ann", now=LATER)

    offer.refresh_from_db()
    assert (offer.status, offer.cost_amount) == ("on_hold", Decimal("9.00"))
