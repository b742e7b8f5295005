"""A brand merge beside an import or a restore of its products: neither fails."""

from types import SimpleNamespace

import pytest
from django import forms
from django.db import transaction

from catalog.brands import aliases
from catalog.models import Brand, FieldChange, Product
from catalog.product_import import products
from catalog.products.staff.history import present_rows, restore
from catalog.products.staff.history.change_texts import ChangeTexts
from catalog.products.staff.history.present_rows import RestoreError
from suppliers.matches import brand_merges
from suppliers.models import BrandMerge
from suppliers.offers.overrides import OverrideError
from tests.factories.catalog import make_brand
from tests.factories.feeds import NOON
from tests.factories.product_records import CLAIMS, make_product_record, take_in
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)
MAKER = "Northbeam Co., Ltd., 5 Lake Road, Ningbo, CN, gpsr@northbeam.example"


def read_again(title):
    record = make_product_record(title=title, claims={**CLAIMS, "Manufacturer": MAKER})
    take_in(*aliases.resolve_records([record]))


@pytest.fixture(autouse=True)
def brands():
    take_in(make_product_record(title="Lamp"))
    make_brand(name="Beamnorth")
    Brand.objects.update(manufacturer_name="", manufacturer_country="")  # the import fills it in


def merge():
    brand, other = (Brand.objects.get(name=name) for name in ("Beamnorth", "Northbeam"))
    brand_merges.merge_brands(brand=brand, other=other, actor="ann", now=NOON)


def undo():
    brand_merges.undo_merge(decision=BrandMerge.objects.get(), actor="ann", now=NOON)


@pytest.mark.parametrize("is_undo", [False, True], ids=["merge", "undo"])
def test_a_merge_during_an_import_succeeds(monkeypatch, is_undo):
    if is_undo:
        merge()
    clerk = Rival(undo if is_undo else merge)
    clerk.begin_at(monkeypatch, products, "_write_contacts")  # the import holds the variant

    read_again("Lamp two")
    clerk.finish()

    assert clerk.failure is None
    assert Brand.objects.filter(manufacturer_country="CN").exists()
    assert (Brand.objects.get(name="Northbeam").merged_into is None) is is_undo


def test_an_import_during_a_merge_succeeds(monkeypatch):
    importer = Rival(lambda: read_again("Lamp two"))
    importer.begin_at(monkeypatch, brand_merges, "update_titles")

    merge()
    importer.finish()

    assert importer.failure is None
    assert Product.objects.get().title.endswith("Lamp two")


@pytest.fixture
def moved():
    """Return the change that moved the product from Beamnorth to Northbeam."""
    Product.objects.update(created_at="2020-01-01T00:00Z")
    Product.objects.update(brand=Brand.objects.get(name="Beamnorth"))
    Product.objects.update(brand=Brand.objects.get(name="Northbeam"))
    return FieldChange.objects.order_by("pk").last()


def restore_brand(change):
    with transaction.atomic():
        current = present_rows.find_current(
            change, present_rows.PresentRows(change.product_id), ChangeTexts([change])
        )
        restore.restore(
            change,
            seen=present_rows.version_of(current),
            request=SimpleNamespace(user="leo"),
            form_of_product=lambda _product: forms.modelform_factory(Product, fields=["brand"]),
            now=NOON,
        )


def test_a_merge_during_a_restore_of_a_brand_succeeds(monkeypatch, moved):
    clerk = Rival(merge)
    clerk.begin_at(monkeypatch, restore, "lock_with_variants")

    with pytest.raises(RestoreError, match="has this value already"):
        restore_brand(moved)
    clerk.finish()

    assert clerk.failure is None
    assert Product.objects.get().brand.name == "Beamnorth"


def test_a_product_that_joins_a_brand_stops_its_merge(monkeypatch, moved):
    Product.objects.update(brand=Brand.objects.get(name="Beamnorth"))
    change = FieldChange.objects.order_by("pk").last()
    clerk = Rival(lambda: restore_brand(change))
    clerk.begin_at(monkeypatch, brand_merges, "_lock_brands")

    with pytest.raises(OverrideError, match="Other products joined"):
        merge()
    clerk.finish()

    assert clerk.failure is None
    assert Product.objects.get().brand.name == "Northbeam"
