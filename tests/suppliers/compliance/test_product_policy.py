import pytest

from catalog.models import Product
from suppliers.compliance import product_policy
from suppliers.models import Supplier
from tests.factories.catalog import NOON
from tests.factories.feeds import stock_world, sync
from tests.factories.suppliers import make_supplier

pytestmark = pytest.mark.django_db


def new_status(**changes):
    supplier = make_supplier()
    for name, value in changes.items():
        setattr(supplier, name, value)
    return product_policy.load_policy(supplier=supplier, now=NOON).new_status


@pytest.mark.parametrize(
    ("setting", "status", "required", "expected"),
    [
        ("automatic", "active", [], "live"),
        ("automatic", "active", ["returns"], "in_review"),
        ("automatic", "candidate", [], "in_review"),
        ("live", "active", ["returns"], "live"),
        ("live", "vetting", [], "in_review"),
        ("live", "paused", [], "in_review"),
        ("in_review", "active", [], "in_review"),
        ("draft", "active", [], "draft"),
    ],
)
def test_new_products_enter_as_the_vetting_allows(settings, setting, status, required, expected):
    settings.VETTING_REQUIRED = required

    assert new_status(new_product_status=setting, status=status) == expected


def test_an_import_of_a_supplier_without_documents_fills_the_review(supplier, world):
    Supplier.objects.update(new_product_status="automatic")
    supplier.refresh_from_db()
    stock_world(world, 2)

    sync(supplier, "products")

    assert set(Product.objects.values_list("status", flat=True)) == {"in_review"}
