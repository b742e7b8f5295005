"""Hold without a certificate: an expired one holds the order, a new one releases it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import holds
from storefront.lib.models import StatusChange
from suppliers.compliance import vetting
from suppliers.models import ComplianceDocument, Requirement, SupplierOffer
from tests.factories.compliance import make_verified
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

TOMORROW = NOON + timedelta(days=1)
IN_A_YEAR = date(2027, 11, 24)


@pytest.fixture
def sold(supplier, settings):
    """One purchase order of items whose certificates expire today."""
    settings.CERTIFICATES_FOR_EU = ["ce", "rohs"]
    (purchase_order,) = make_purchase_orders(make_sellable())
    for criterion in (Requirement.CE, Requirement.ROHS):
        make_verified(purchase_order.supplier, criterion, valid_until=NOON.date())
    vetting.watch_expiry(now=NOON)
    return purchase_order


def send(now):
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=rows.get(), now=now)


def hold():
    vetting.watch_expiry(now=TOMORROW)
    return send(TOMORROW)


def prove(criterion):
    supplier = PurchaseOrder.objects.get().supplier
    make_verified(supplier, criterion, now=TOMORROW, valid_until=IN_A_YEAR)
    vetting.watch_expiry(now=TOMORROW)


def held_for(purchase_order):
    return [(reason["code"], reason["subject"]) for reason in purchase_order.hold_reasons]


def test_a_certificate_is_valid_on_its_last_day(supplier, sold):
    assert send(NOON).submission_status == "accepted"


def test_missing_certificates_hold_with_their_names(supplier, sold):
    held = hold()

    sku = sold.lines.get().order_line.sku
    assert (held.status, supplier.effects) == ("on_hold", [])
    assert held_for(held) == [("certificate", f"{sku}: ce"), ("certificate", f"{sku}: rohs")]
    sentences = " ".join(reason["sentence"] for reason in held.hold_reasons)
    assert "CE declaration" in sentences
    assert "RoHS declaration" in sentences


def test_it_is_released_when_all_certificates_are_there(supplier, sold):
    sku = sold.lines.get().order_line.sku
    hold()
    assert holds.release_resolved(now=TOMORROW) == 0

    prove(Requirement.CE)
    assert holds.release_resolved(now=TOMORROW) == 0
    held = PurchaseOrder.objects.get()
    assert (held.status, held_for(held)) == ("on_hold", [("certificate", f"{sku}: rohs")])

    prove(Requirement.ROHS)
    assert holds.release_resolved(now=TOMORROW) == 1
    assert StatusChange.objects.latest("pk").reason == "the certificate is on file"
    assert send(TOMORROW).submission_status == "accepted"


def test_a_certificate_removes_no_other_reason(supplier, sold):
    SupplierOffer.objects.update(cost_amount=Decimal("10.50"))
    hold()
    prove(Requirement.CE)
    prove(Requirement.ROHS)

    assert holds.release_resolved(now=TOMORROW) == 0

    assert [code for code, _ in held_for(PurchaseOrder.objects.get())] == ["cost"]


def test_a_waiver_covers_no_other_certificate(supplier, sold):
    ComplianceDocument.objects.filter(criterion=Requirement.ROHS).update(valid_until=IN_A_YEAR)
    holds.waive_all(purchase_order=hold(), actor="ann", now=TOMORROW)
    ComplianceDocument.objects.filter(criterion=Requirement.ROHS).update(valid_until=NOON.date())

    held = hold()

    assert [subject.split(": ")[1] for _, subject in held_for(held)] == ["rohs"]
    holds.waive_all(purchase_order=held, actor="ann", now=TOMORROW)
    assert send(TOMORROW).submission_status == "accepted"


def test_it_is_not_held_where_no_certificate_is_required(supplier, sold, settings):
    settings.CERTIFICATES_FOR_EU = []

    assert hold().submission_status == "accepted"
