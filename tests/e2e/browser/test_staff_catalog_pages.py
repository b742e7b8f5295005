"""Staff pages of catalog and suppliers in a browser: accessible, also without scripts."""

import pytest
from django.urls import reverse

from catalog.models import (
    Brand,
    Category,
    CustomAttribute,
    Product,
    ProductFamily,
    Requirement,
    Variant,
)
from storefront.accounts.models import User
from suppliers.models import Supplier
from tests.e2e.browser.conftest import LEVELS, look, visit
from tests.e2e.browser.test_staff import WHO, sign_in

pytestmark = pytest.mark.browser
LISTS = (
    *("catalog_product", "catalog_variant", "catalog_brand", "catalog_productfamily"),
    *("catalog_customattribute", "catalog_requirement", "catalog_category", "catalog_bulkedit"),
    *("catalog_changerequest", "catalog_fieldchange", "catalog_competitorprice"),
    *("suppliers_supplier", "suppliers_supplieroffer", "suppliers_shippingservice"),
    "suppliers_catalogimport",
)
NEW = (
    *("catalog_product", "catalog_variant", "catalog_brand", "catalog_productfamily"),
    *("catalog_customattribute", "catalog_requirement", "catalog_category"),
    *("catalog_productdocument", "catalog_productguarantee", "catalog_pricerule"),
    *("suppliers_supplier", "suppliers_compliancedocument", "orders_promotion"),
)
KINDS = (Product, Variant, Brand, ProductFamily, CustomAttribute, Requirement, Category, Supplier)
STEPS = ("supplier", "connection", "mapping", "import", "activation")


@pytest.fixture
def office(world):
    User.objects.create_superuser(**WHO)
    Requirement.objects.get_or_create(subject="image", family="headlamp")
    CustomAttribute.objects.create(
        code="tail", names={"en": "Tail"}, kind="choice", choices=[["a", {"en": "A"}]]
    )
    return world


def addresses():
    product, variant = Product.objects.latest("pk"), Variant.objects.latest("pk")
    supplier = Supplier.objects.latest("pk")
    yield from (reverse(f"admin:{name}_changelist") for name in LISTS)
    yield from (reverse(f"admin:{name}_add") for name in NEW)
    for kind in KINDS:
        row = kind.objects.latest("pk")
        yield reverse(f"admin:{kind._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    yield from (f"/admin/suppliers/supplier/{supplier.pk}/setup/{step}/" for step in STEPS)
    yield reverse("admin:catalog_product_history", args=[product.pk])
    yield reverse("supply:texts", args=[product.pk, "az"])
    yield reverse("supply:titles", args=[product.family])
    yield reverse("supply:option_texts", args=["az"])
    yield reverse("supply:sale_obstacles", args=[product.pk])
    yield reverse("supply:merge_brand", args=[Brand.objects.latest("pk").pk])
    yield reverse("supply:split_offers", args=[variant.pk])
    yield reverse("supply:new_bulk_edit", args=["products"])
    for name in ("attributes", "matches", "duplicates", "new_import", "routing", "profits"):
        yield reverse(f"supply:{name}")


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (1280, "light"),
        pytest.param(768, "dark", marks=pytest.mark.full),
        pytest.param(390, "light", marks=pytest.mark.full),
    ],
)
def test_catalog_pages_are_accessible(office, browse, width, theme):
    page = browse(width, theme)
    sign_in(page, office)
    # High enough for most forms: their bar of buttons covers nothing.
    page.set_viewport_size({"width": width, "height": 3_000})

    for address in addresses():
        visit(page, office + address)
        look(page, levels=[*LEVELS, "best-practice"])


@pytest.fixture
def plain(office, browse):
    """A page without scripts, with a signed-in member of staff."""
    page = browse(scripts=False)
    page.goto(f"{office}/admin/")
    page.fill("[name=username]", WHO["email"])
    page.fill("[name=password]", WHO["password"])
    page.get_by_role("button", name="Log in").click()
    return page


def test_a_supplier_is_set_up_without_scripts(office, plain):
    plain.goto(f"{office}/admin/suppliers/supplier/add/")
    plain.fill("[name=name]", "Fenix Baku")
    plain.fill("[name=code]", "fenix-baku")
    plain.select_option("[name=kind]", label="File from a web server")
    plain.select_option("[name=country]", "DE")
    plain.select_option("[name=currency]", "EUR")
    plain.get_by_role("button", name="Save and continue").click()

    plain.fill("[name=base_url]", "https://files.example/")
    plain.fill("[name=option_products_at]", "products.csv")
    plain.fill("[name=option_orders_to]", "orders@example.com")
    plain.get_by_role("button", name="Save and continue").click()

    supplier = Supplier.objects.get(code="fenix-baku")
    assert supplier.connection.options["orders_to"] == "orders@example.com"
    for step in STEPS:
        plain.goto(f"{office}/admin/suppliers/supplier/{supplier.pk}/setup/{step}/")
        assert plain.get_by_role("navigation", name="Setup steps").is_visible(), step


def test_a_family_is_named_without_scripts(office, plain):
    family = ProductFamily.objects.earliest("pk")
    Category.objects.get_or_create(slug=family.category, defaults={"names": {"en": "Lamps"}})
    plain.goto(f"{office}/admin/catalog/productfamily/{family.pk}/change/")
    plain.get_by_label("Azerbaijani").fill("Alın fənəri")
    plain.get_by_role("button", name="Save", exact=True).click()

    family.refresh_from_db()
    assert family.names["az"] == "Alın fənəri"
