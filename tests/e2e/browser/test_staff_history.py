"""History of a product in a real browser: read it, restore a value by keyboard."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from catalog.models import FieldChange, OtherStatement, Product, Spec, Variant
from catalog.products.spec_edits import edit_spec
from storefront.accounts.models import User
from storefront.lib.db.change_source import set_change_source
from tests.e2e.browser.conftest import PHONE_OR_DESKTOP, look, visit
from tests.e2e.browser.test_staff import WHO, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def product(world):
    """Change a product by a sync, by staff and by a bulk edit."""
    User.objects.create_superuser(**WHO)
    product = Product.objects.filter(spec__weight_g__gt=0).first()
    Product.objects.update(created_at=timezone.now() - timedelta(days=1))
    with transaction.atomic():
        set_change_source("sync:cj:12")
        Spec.objects.filter(product=product).update(cri=90, charging=["usb_c", "solar"])
    with transaction.atomic():
        set_change_source("staff", actor="leyla@fara.example")
        changes = {"weight_g": 85, "basis:weight_g": "own_measurement"}
        edit_spec(product=product, changes=changes, actor="Leyla", now=timezone.now())
    with transaction.atomic():
        set_change_source("bulk edit:7", actor="leyla@fara.example")
        Variant.objects.filter(product=product).update(hs_code="940540")
    stated = {"label": "Weight", "raw": "90 g", "value": 90}
    OtherStatement.objects.create(
        product=product,
        supplier_code="second",
        values={"weight_g": stated},
        stated_at=timezone.now(),
    )
    return product


@pytest.mark.parametrize(("width", "theme"), PHONE_OR_DESKTOP)
def test_history_and_specification_are_accessible(world, product, browse, width, theme):
    page = browse(width, theme)
    sign_in(page, world)

    for view in ("history", "change"):
        visit(page, f"{world}/admin/catalog/product/{product.pk}/{view}/")
        look(page)


def test_a_value_is_restored_by_keyboard(world, product, browse):
    before = FieldChange.objects.get(field="weight_g", record="spec").old
    page = browse(1280, "light")
    sign_in(page, world)
    visit(page, f"{world}/admin/catalog/product/{product.pk}/history/")

    page.get_by_role("button", name=f"Restore Weight, g: {before}").focus()
    page.keyboard.press("Enter")

    page.get_by_text("The field is locked: no import changes it.").wait_for()
    assert Spec.objects.get(product=product).weight_g == before
