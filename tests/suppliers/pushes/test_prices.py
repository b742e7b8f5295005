"""Price pushes: partial, in any sequence, with the checks of a run."""

from datetime import timedelta
from decimal import Decimal

import pytest

from suppliers.models import (
    CostChange,
    PendingChange,
    Supplier,
    SupplierOffer,
    SupplierProduct,
    SyncRun,
)
from suppliers.pushes.prices import apply_prices
from suppliers.pushes.rows import CostRow
from suppliers.quarantine import review
from suppliers.runs.runs import QuarantinedError
from tests.factories.feeds import NOON, sync

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=15)


def push(supplier, *rows, as_of=LATER, external_id="m-1"):
    return apply_prices(
        supplier=supplier,
        rows=[CostRow(sku, Decimal(cost)) for sku, cost in rows],
        external_id=external_id,
        as_of=as_of,
        now=max(as_of, LATER),
    )


def offer(number):
    return SupplierOffer.objects.get(supplier_sku=f"P{number}-Black")


def test_named_costs_change_and_reprice_and_all_others_stay(supplier):
    listing = offer(1).variant.listings.get()
    others = set(SupplierOffer.objects.exclude(pk=offer(1).pk).values_list("cost_reported_at"))

    refused = push(supplier, ("P1-Black", "9.405"))
    push(supplier, ("P1-Black", "9.405"))

    changed = offer(1)
    assert refused == []
    assert (changed.cost_amount, changed.cost_reported_at) == (Decimal("9.41"), LATER)
    assert listing.price_amount < offer(1).variant.listings.get().price_amount
    change = CostChange.objects.get(cause="push:m-1")
    assert (change.old_amount, change.new_amount, change.run) == (
        Decimal("8.40"),
        Decimal("9.41"),
        None,
    )
    assert others == set(
        SupplierOffer.objects.exclude(pk=changed.pk).values_list("cost_reported_at")
    )
    confirmed_at = supplier.costs_confirmed_at
    supplier.refresh_from_db()
    assert supplier.costs_confirmed_at == confirmed_at


def test_an_unchanged_cost_is_confirmed(supplier):
    push(supplier, ("P1-Black", "8.40"))

    assert offer(1).cost_reported_at == LATER
    assert not CostChange.objects.filter(cause="push:m-1").exists()


def test_an_older_push_or_list_does_not_overwrite_a_newer_cost(supplier):
    push(supplier, ("P1-Black", "9.00"), as_of=LATER + timedelta(hours=2))

    refused = push(supplier, ("P1-Black", "7.00"), ("P2-Black", "7.00"), as_of=LATER)
    SupplierProduct.objects.update(cost_digest="")  # else unchanged prices are not read again
    sync(supplier, "prices", now=LATER + timedelta(hours=1))

    assert [row.sku for row in refused] == ["P1-Black"]
    assert (offer(1).cost_amount, offer(2).cost_amount) == (Decimal("9.00"), Decimal("8.40"))


def test_unknown_locked_and_impossible_costs_are_refused(supplier):
    locked = offer(2)
    locked.overridden_fields = ["cost_amount"]
    locked.save()

    refused = push(
        supplier,
        ("P9999", "1"),
        ("P2-Black", "7"),
        ("P3-Black", "9000000"),
        ("P4-Black", "0.001"),
    )

    assert [tuple(row) for row in refused] == [
        ("P9999", "unknown SKU"),
        ("P2-Black", "set by staff"),
        ("P3-Black", "implausible cost; at most 1000000"),
        ("P4-Black", "implausible cost; at least 0.01"),
    ]


def test_a_single_outlier_is_refused_and_its_offer_is_held(supplier):
    (refused,) = push(supplier, ("P1-Black", "0.08"))

    assert refused.reason == "the cost changed from 8.40 to 0.08 at once; the offer is on hold"
    assert (offer(1).cost_amount, offer(1).status) == (Decimal("8.40"), "on_hold")

    push(supplier, ("P1-Black", "8.10"), as_of=LATER + timedelta(minutes=1))

    assert (offer(1).cost_amount, offer(1).status) == (Decimal("8.10"), "active")


def test_many_outliers_are_quarantined_until_staff_decide(supplier):
    rows = [(f"P{number}-Black", "0.08") for number in range(1, 6)]

    with pytest.raises(QuarantinedError, match="5 of 5 costs change"):
        push(supplier, *rows)

    (quarantined,) = SyncRun.objects.filter(status=SyncRun.Status.QUARANTINED)
    assert quarantined.kind == SyncRun.Kind.PRICES
    assert PendingChange.objects.filter(run=quarantined).count() == 5
    assert offer(1).cost_amount == Decimal("8.40")

    review.apply(sync_run=quarantined, actor="erika", now=LATER + timedelta(hours=1))

    assert offer(1).cost_amount == Decimal("0.08")


def test_a_push_older_than_one_under_review_is_refused(supplier):
    skus = [f"P{number}-Black" for number in range(1, 15)]
    with pytest.raises(QuarantinedError):
        push(supplier, *[(sku, "840") for sku in skus], as_of=LATER + timedelta(minutes=5))

    refused = push(supplier, *[(sku, "8.50") for sku in skus])
    review.apply(
        sync_run=SyncRun.objects.get(status="quarantined"),
        actor="erika",
        now=LATER + timedelta(hours=1),
    )

    assert [row.sku for row in refused] == skus
    assert offer(1).cost_amount == Decimal(840)


@pytest.mark.parametrize("cost", ["8.40", "8.50"])
def test_a_later_list_without_the_cost_does_not_confirm_a_push(supplier, cost):
    SupplierOffer.objects.update(is_cost_unconfirmed=True)
    Supplier.objects.update(costs_confirmed_at=LATER + timedelta(days=1))

    push(supplier, ("P1-Black", cost))

    known = SupplierOffer.objects.with_cost_confirmed_at().get(supplier_sku="P1-Black")
    assert (known.cost_amount, known.cost_confirmed_at) == (Decimal(cost), LATER)
