"""What may not go to a country is not ordered for it, whoever would send it there."""

from __future__ import annotations

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
from tests.factories.scripted_supplier import ScriptedSupplier, connect

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


def send(now=NOON):
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.send(purchase_order=rows.get(), now=now)


@pytest.mark.parametrize(
    ("of", "change"),
    [
        (Product, {"not_sent_to": ["DE", "FR"]}),
        (Category, {"not_sent_to": ["DE", "FR"]}),
        (Brand, {"maker_country": "CN"}),
    ],
)
def test_what_became_forbidden_after_it_was_sold_waits_and_staff_may_settle_it(
    supplier, of, change
):
    make_purchase_orders()
    of.objects.update(**change)

    held = send()

    assert (held.status, supplier.effects) == ("on_hold", [])
    (reason,) = held.hold_reasons
    assert (reason["code"], reason["subject"][-4:]) == ("restricted", ": DE")
    assert reason["sentence"].endswith("may not be sent to DE.")
    holds.release_hold(purchase_order=held, actor="ann", now=LATER)
    assert send(LATER).request_status == "accepted"


def test_what_is_forbidden_elsewhere_is_sent(supplier):
    make_purchase_orders()
    Product.objects.update(not_sent_to=["FR"])

    assert send().request_status == "accepted"


def test_staff_say_where_it_may_not_go_and_no_feed_is_locked_out():
    product = make_product()

    with transaction.atomic():
        editing.edit(product=product, changes={"not_sent_to": ["FR"]}, now=NOON)
        editing.edit(product=product, changes={"title": "Mine"}, now=NOON)

    product.refresh_from_db()
    assert (product.not_sent_to, product.locked_fields) == (["FR"], ["title"])


@pytest.mark.parametrize("codes", [["fr"], ["F1"], [""], ["FR", None]])
def test_the_database_keeps_no_code_that_no_country_has(codes):
    product = make_product()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_product SET not_sent_to = %s::text[] WHERE id = %s",
            [codes, product.pk],
        )


@pytest.mark.parametrize("text", ["EU", "UK", "XX", "DEU", "D", "DE, UN"])
def test_a_code_that_no_country_has_is_told(text):
    with pytest.raises(forms.ValidationError):
        CountriesField(required=False).clean(text)


def test_codes_are_read_as_people_write_them():
    assert CountriesField(required=False).clean(" de,fr DE ") == ["DE", "FR"]
