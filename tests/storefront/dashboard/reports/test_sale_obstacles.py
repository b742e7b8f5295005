import pytest
from django.urls import reverse

from catalog.models import Listing, Product, Spec, Variant
from storefront.dashboard.reports import sale_obstacles
from suppliers.models import StockLevel, Supplier, SupplierOffer
from tests.factories.accounts import make_staff
from tests.factories.catalog import NOON, make_listing
from tests.factories.suppliers import make_level, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    listing = make_listing()
    make_level(make_offer(listing.variant), quantity=5)
    return listing.variant.product


def texts():
    product = Product.objects.get()
    (row,) = sale_obstacles.find_rows(product, now=NOON)
    return [one.text for one in row.obstacles]


def test_a_product_that_is_sold_has_no_obstacles(product):
    assert texts() == []


@pytest.mark.parametrize(
    ("model", "changes", "expected"),
    [
        (Product, {"status": "in_review"}, "The product is in review. Approve it."),
        (Variant, {"status": "discontinued"}, "The variant is discontinued."),
        (Spec, {"power_sources": []}, "Missing: Power source"),
        (Listing, {"is_delisted": True}, "Staff unpublished the listing. Publish it again."),
        (Listing, {"is_published": False, "price_amount": None}, "Missing: Price"),
        (Supplier, {"status": "paused"}, "Lumen, DE: Supplier is not active"),
        (
            SupplierOffer,
            {"missing_certificates": "ce"},
            "Lumen, DE: No valid compliance document: CE declaration",
        ),
        (StockLevel, {"reported_quantity": 0}, "Lumen, DE: No stock above the safety stock"),
    ],
)
def test_each_obstacle_is_named(product, model, changes, expected):
    model.objects.update(**changes)

    assert expected in texts()


def test_the_page_links_to_where_it_is_mended(staff, product, django_assert_max_num_queries):
    Product.objects.update(status="ready")
    Spec.objects.update(power_sources=[])
    page = reverse("supply:sale_obstacles", args=[product.pk])

    with django_assert_max_num_queries(12):
        html = staff.get(page).content.decode()

    target = reverse("admin:catalog_product_change", args=[product.pk])
    assert f'<a href="{target}#id_spec-0-power_sources">Missing: Power source</a>' in html
    assert page in staff.get(target).content.decode()


def test_the_page_needs_the_right_to_see_offers(client, product):
    client.force_login(make_staff("reader", "view_product"))

    assert client.get(reverse("supply:sale_obstacles", args=[product.pk])).status_code == 403
