"""Hold for a restricted destination: by product, category or brand."""

from datetime import timedelta

import pytest
from django import forms
from django.db import IntegrityError, connection, transaction

from catalog.models import Brand, Category, Product
from catalog.products import editing
from orders.models import PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import holds
from storefront.lib.staff.country_fields import CountriesField
from tests.factories.catalog import NOON, make_product
from tests.factories.orders import make_purchase_orders

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


def send(now=NOON):
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=rows.get(), now=now)


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
    assert send(LATER).submission_status == "accepted"


def test_a_restriction_of_another_country_does_not_hold(supplier):
    make_purchase_orders()
    Product.objects.update(restricted_countries=["FR"])

    assert send().submission_status == "accepted"


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


@pytest.mark.parametrize("text", ["EU", "UK", "XX", "DEU", "D", "DE, UN"])
def test_an_unknown_country_code_is_an_error(text):
    with pytest.raises(forms.ValidationError):
        CountriesField(required=False).clean(text)


def test_country_codes_are_normalized():
    assert CountriesField(required=False).clean(" de,fr DE ") == ["DE", "FR"]
