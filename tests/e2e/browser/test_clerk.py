"""Staff create a product in a browser: specification, modes, an image, a returned field, a GTIN."""

import pytest

from catalog.models import Identifier, Product
from storefront.accounts.models import User
from tests.e2e.browser.conftest import look
from tests.e2e.browser.test_staff import WHO, sign_in
from tests.e2e.browser.test_staff_clerks_day import create_product
from tests.factories.compliance import make_picture

pytestmark = pytest.mark.browser


@pytest.fixture
def page(world, browse):
    """A page with a signed-in member of staff."""
    User.objects.create_superuser(**WHO)
    page = browse()
    sign_in(page, world)
    return page


def open_tab(page, name):
    page.goto(f"{page.url.partition('#')[0]}#{name}")
    page.reload()  # the menu hides tabs while its font loads
    look(page)


def save(page):
    look(page)
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("was changed successfully").wait_for()


def test_a_clerk_makes_a_product(world, page):
    variant = create_product(page, world)

    open_tab(page, "spec")
    page.fill("[name=spec-0-output_lm]", "370")
    page.check("[name=spec-0-power_sources][value=built_in]")
    save(page)
    assert "Edited by staff: staff@fara.example" in page.inner_text("#spec-group")

    open_tab(page, "modes")
    page.get_by_role("link", name="Add another Mode").click()
    page.fill("[name=modes-0-name]", "High")
    page.fill("[name=modes-0-output_lm]", "370")
    save(page)

    open_tab(page, "images")
    picture = {"name": "weir.png", "mimeType": "image/png", "buffer": make_picture(size=(400, 300))}
    page.set_input_files("[name=images-0-upload]", picture)
    page.fill("[name=images-0-alt_en]", "In the rain")
    save(page)

    open_tab(page, "general")
    button = page.get_by_role("button", name="Return to supplier data: Output, lm")
    assert button.count() == 0, "no feed fills it"
    Identifier.objects.create(variant=variant, scheme="supplier", value="cj:weir-370")
    open_tab(page, "general")
    button.click()
    page.get_by_text("Returned to supplier data: Output, lm").wait_for()

    product = Product.objects.get(pk=variant.product_id)
    assert (product.spec.output_lm, product.modes.get().name) == (370, "High")
    assert product.images.get().alt_texts == {"en": "In the rain"}
    assert {"title", "images", "modes", "power_sources"} <= {*product.overridden_fields}
    assert "output_lm" not in product.overridden_fields


def test_a_clerk_adds_a_gtin(world, page):
    variant = Product.objects.earliest("pk").variants.earliest("pk")
    page.goto(f"{world}/admin/catalog/variant/{variant.pk}/change/")
    look(page)
    known = variant.identifiers.filter(scheme__in=["gtin", "mpn"]).count()

    open_tab(page, "identifiers")
    page.get_by_role("link", name="Add another Identifier").click()
    page.fill(f"[name=identifiers-{known}-raw]", "0 12345 67890 5")
    save(page)

    added = Identifier.objects.get(value="00012345678905")
    assert (added.variant, added.state) == (variant, "verified")
