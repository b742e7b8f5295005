"""Staff merge duplicates, split a product and merge brands in a real browser."""

import pytest
from django.urls import reverse

from catalog.models import Identifier, Product
from suppliers.matches import duplicates
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import office, sign_in  # noqa: F401 - a fixture
from tests.factories.catalog import NOON, make_brand, make_product, make_spec, make_variant
from tests.factories.suppliers import make_offer, make_supplier

pytestmark = pytest.mark.browser


@pytest.fixture
def pair(office):  # noqa: F811
    """Two products of one brand with the same part number."""
    variants = []
    for number, state in enumerate(("asserted", "conflict")):
        product = make_product(brand=make_brand(name="Fara"), title=f"Fara H10 headlamp {number}")
        make_spec(product)
        variant = make_variant(product)
        make_offer(variant, supplier=make_supplier(code=f"pair{number}"))
        Identifier.objects.create(
            variant=variant, scheme="mpn", value="fara:h10", raw="H10", state=state
        )
        variants.append(variant)
    duplicates.search_duplicates(now=NOON)
    return variants


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_duplicates_are_merged_and_products_split(office, browse, pair, theme):  # noqa: F811
    page = browse(theme=theme)
    sign_in(page, office)
    page.get_by_role("link", name="Duplicates").click()
    look(page)
    page.get_by_role("link", name=f"Compare {pair[0].sku}").click()
    look(page)
    page.get_by_role("button", name="Keep the first").click()
    page.get_by_text("is merged into").wait_for()
    assert Product.objects.get(pk=pair[1].product_id).status == "archived"

    base = page.url.partition("/admin/")[0]
    for name, row in (
        ("split_offers", pair[0].pk),
        ("split_product", pair[0].product_id),
        ("merge_brand", pair[0].product.brand_id),
    ):
        page.goto(base + reverse(f"supply:{name}", args=[row]))
        look(page)
