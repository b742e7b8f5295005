"""Holds for a restricted destination, a doubtful address and a missing certificate."""

from dataclasses import asdict, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django import forms
from django.db import IntegrityError, connection, transaction

from catalog.models import Brand, Category, Product
from catalog.products import editing
from orders.addresses import verification
from orders.models import Order, PurchaseOrder
from orders.purchasing.holds import facts, holds
from storefront.lib.models import StatusChange
from storefront.lib.staff.form_fields import CountriesField
from suppliers.compliance import vetting
from suppliers.models import ComplianceDocument, Requirement, SupplierOffer
from tests.factories.cancellation import send
from tests.factories.catalog import make_product
from tests.factories.compliance import make_verified
from tests.factories.orders import HOME, make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)
IN_A_YEAR = date(2027, 11, 24)
TOMORROW = NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("of", "change"),
    [
        (Product, {"restricted_countries": ["DE", "FR"]}),
        (Category, {"restricted_countries": ["DE", "FR"]}),
        (Brand, {"manufacturer_country": "CN"}),
    ],
)
def test_a_destination_restricted_after_the_sale_holds_until_waived(supplier, of, change):
    make_purchase_orders()
    of.objects.update(**change)

    held = send()

    assert (held.status, supplier.effects) == ("on_hold", [])
    (reason,) = held.hold_reasons
    assert (reason["code"], reason["subject"][-4:]) == ("restricted", ": DE")
    assert reason["sentence"].endswith("must not be shipped to DE.")
    holds.waive_all(purchase_order=held, actor="ann", now=LATER)
    assert send(now=LATER).submission_status == "accepted"


def test_a_restriction_of_another_country_does_not_hold(supplier):
    make_purchase_orders()
    Product.objects.update(restricted_countries=["FR"])

    assert send().submission_status == "accepted"


def test_a_confirmed_address_holds_no_purchase_order():
    make_purchase_orders()
    doubtful = replace(HOME, postcode="1011")

    def is_held(noted):
        Order.objects.update(ship_to=asdict(doubtful), address_verification=noted)
        found = facts.evaluate_purchase_order(
            purchase_order=PurchaseOrder.objects.get(), connector=object(), now=NOON
        )
        return "address" in {reason.code for reason in found}

    assert is_held({})
    assert not is_held(verification.record(doubtful, reason="built last year"))


def test_restricting_a_destination_locks_no_feed_field():
    product = make_product()

    with transaction.atomic():
        editing.apply_edit(product=product, changes={"restricted_countries": ["FR"]}, now=NOON)
        editing.apply_edit(product=product, changes={"title": "Mine"}, now=NOON)

    product.refresh_from_db()
    assert (product.restricted_countries, product.overridden_fields) == (["FR"], ["title"])


@pytest.mark.parametrize("codes", [["fr"], ["F1"], [""], ["FR", None]])
def test_the_database_rejects_malformed_country_codes(codes):
    product = make_product()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product SET restricted_countries = %s::text[] WHERE id = %s",
            [codes, product.pk],
        )


def test_country_codes_are_normalized_and_an_unknown_one_is_an_error():
    field = CountriesField(required=False)

    assert field.clean(" de,fr DE ") == ["DE", "FR"]
    for text in ("EU", "UK", "XX", "DEU", "D", "DE, UN"):
        with pytest.raises(forms.ValidationError):
            field.clean(text)


@pytest.fixture
def sold(supplier, settings):
    """One purchase order of items whose certificates expire today."""
    settings.CERTIFICATES_FOR_EU = ["ce", "rohs"]
    (purchase_order,) = make_purchase_orders(make_sellable())
    for criterion in (Requirement.CE, Requirement.ROHS):
        make_verified(purchase_order.supplier, criterion, valid_until=NOON.date())
    vetting.watch_expiry(now=NOON)
    return purchase_order


def hold():
    vetting.watch_expiry(now=TOMORROW)
    return send(now=TOMORROW)


def prove(criterion):
    supplier = PurchaseOrder.objects.get().supplier
    make_verified(supplier, criterion, now=TOMORROW, valid_until=IN_A_YEAR)
    vetting.watch_expiry(now=TOMORROW)


def held_for(purchase_order):
    return [(reason["code"], reason["subject"]) for reason in purchase_order.hold_reasons]


def test_a_certificate_is_valid_on_its_last_day(supplier, sold):
    assert send().submission_status == "accepted"


def test_missing_certificates_hold_with_their_names(supplier, sold):
    held = hold()

    sku = sold.lines.get().order_line.sku
    assert (held.status, supplier.effects) == ("on_hold", [])
    assert held_for(held) == [("certificate", f"{sku}: ce"), ("certificate", f"{sku}: rohs")]
    sentences = " ".join(reason["sentence"] for reason in held.hold_reasons)
    assert "CE declaration" in sentences
    assert "RoHS declaration" in sentences


def test_a_held_order_is_released_when_all_certificates_exist(supplier, sold):
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
    assert send(now=TOMORROW).submission_status == "accepted"


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
    assert send(now=TOMORROW).submission_status == "accepted"


def test_an_order_is_not_held_where_no_certificate_is_required(supplier, sold, settings):
    settings.CERTIFICATES_FOR_EU = []

    assert hold().submission_status == "accepted"
