"""Claims: what can be claimed from a supplier, each unit and the freight once."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.claims import claims, settlement, submission
from orders.claims.claims import CannotClaimError
from orders.models import PurchaseOrder, SupplierClaim, SupplierClaimLine
from suppliers.connectors.records import ClaimReason, ClaimResolution, ClaimStatus
from tests.factories.claims import make_claim, make_complaint, make_shipped
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db


def test_enums_match_those_of_connectors():
    assert set(SupplierClaim.Remedy.values) == set(ClaimResolution)
    assert set(SupplierClaim.ClaimReason.values) == set(ClaimReason)
    assert set(settlement.ANSWER_STATUS) == set(ClaimStatus)


def test_two_clicks_open_one_claim_that_expects_the_cost_of_its_units():
    purchase_order = make_shipped(quantity=3)
    complaint = make_complaint(purchase_order, units=2)
    words = {"purchase_order": purchase_order, "complaint": complaint, "actor": "x", "now": NOON}

    claim = claims.open_claim(**words)

    assert claims.open_claim(**words) == claim == SupplierClaim.objects.get()
    assert (claim.expected_amount, claim.currency) == (Decimal("20.00"), "EUR")
    assert claim.number.startswith(f"{purchase_order.number}-C")


def with_freight(paid="3.00", currency="EUR"):
    purchase_order = make_shipped(quantity=3)
    PurchaseOrder.objects.update(freight_amount=Decimal(paid), freight_currency=currency)
    return purchase_order


def test_paid_freight_is_claimed_once_and_with_items():
    purchase_order = with_freight()

    claim = make_claim(purchase_order, freight=Decimal("2.50"))

    assert claim.expected_amount == Decimal("12.50")
    assert submission.build_request(claim).message.endswith("We also claim the freight: 2.50 EUR.")
    with pytest.raises(CannotClaimError):
        make_claim(purchase_order, freight=Decimal("0.50"))
    other = SupplierClaim.objects.filter(pk=make_claim(purchase_order).pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        other.update(freight_amount=Decimal("0.50"), freight_paid_amount=3)
    submission.withdraw(claim=claim, reason="-", actor="ann", now=NOON)
    assert make_claim(purchase_order, freight=Decimal("3.00")).expected_amount == 13


@pytest.mark.parametrize(
    ("paid", "currency", "known"),
    [
        ("3.00", "EUR", {"freight": Decimal("3.01")}),
        ("3.00", "USD", {"freight": Decimal("0.01")}),
        ("3.00", "EUR", {"freight": Decimal("1.00"), "remedy": SupplierClaim.Remedy.RESEND}),
    ],
)
def test_freight_unpaid_or_in_another_currency_is_not_claimable(paid, currency, known):
    purchase_order = with_freight(paid, currency)

    with pytest.raises(CannotClaimError):
        make_claim(purchase_order, **known)

    assert not SupplierClaim.objects.exists()


def test_a_number_of_another_purchase_order_is_rejected():
    claim = make_claim()
    other = make_shipped(reference="S-2")

    with pytest.raises(CannotClaimError, match="another purchase order"):
        make_claim(other, number=claim.number)

    assert SupplierClaim.objects.get() == claim


@pytest.mark.parametrize("units", [0, 3])
def test_zero_and_too_many_units_are_rejected(units):
    with pytest.raises(CannotClaimError):
        make_claim(make_shipped(quantity=2), units=units)

    assert not SupplierClaim.objects.exists()


def test_nothing_is_claimable_before_shipment_or_of_rejected_lines():
    purchase_order = make_shipped()
    purchase_order.status = "in_progress"
    purchase_order.save(update_fields=["status"])
    with pytest.raises(CannotClaimError, match="shipped"):
        make_claim(purchase_order)
    PurchaseOrder.objects.update(status="shipped")
    purchase_order.lines.update(is_active=False)

    with pytest.raises(CannotClaimError):
        make_claim(PurchaseOrder.objects.get())


@pytest.mark.parametrize(
    ("ended", "may_be_claimed"),
    [("denied", True), ("canceled", True), ("resent", False), ("requested", False)],
)
def test_a_unit_is_claimable_again_only_after_denial_or_cancellation(ended, may_be_claimed):
    purchase_order = make_shipped(quantity=1)
    make_claim(purchase_order).move(ended, at=NOON)

    if may_be_claimed:
        make_claim(purchase_order)
    else:
        with pytest.raises(CannotClaimError, match=r"At most 0 of .* can still be claimed"):
            make_claim(purchase_order)


@pytest.mark.django_db(transaction=True)
def test_concurrent_claims_get_the_last_unit_once():
    purchase_order = make_shipped(quantity=1)

    lost = all_at_once([lambda: make_claim(purchase_order)] * 6, CannotClaimError)

    assert lost == 5
    assert SupplierClaim.objects.count() == 1


def test_the_database_limits_units_and_freight_to_what_was_ordered_and_paid():
    claim = make_claim(with_freight(), freight=Decimal("3.00"))
    line = claim.lines.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierClaimLine.objects.filter(pk=line.pk).update(quantity=line.ordered_quantity + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        SupplierClaim.objects.filter(pk=claim.pk).update(freight_amount=Decimal("3.01"))
