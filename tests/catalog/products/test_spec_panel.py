import re
from html import unescape

import pytest
from django.db import transaction
from django.urls import reverse

from catalog.models import OtherStatement, Product
from catalog.products.spec_edits import edit_spec
from storefront.lib.db.change_source import set_change_source
from tests.factories.catalog import NOON
from tests.factories.product_records import CLAIMS, make_product_record, take_in

pytestmark = pytest.mark.django_db


def lines(page):
    return [
        unescape(" ".join(re.sub(r"<span class=\"material.*?</span>|<[^>]+>", " ", row).split()))
        for row in re.findall(r"<tr>(.*?)</tr>", page.content.decode(), re.DOTALL)
    ]


def test_a_value_shows_its_basis_earlier_values_and_what_other_suppliers_state(staff):
    take_in(make_product_record(), run=7)
    product = Product.objects.get()
    with transaction.atomic():
        set_change_source("staff", actor="Leyla")
        for grams in (80, 81, 82, 83):
            changes = {"weight_g": grams, "basis:weight_g": "own_measurement"}
            edit_spec(product=product, changes=changes, actor="Leyla", now=NOON)
    OtherStatement.objects.create(
        product=product,
        supplier_code="second",
        values={
            "weight_g": {"label": "Weight", "raw": "90 g", "value": 90},
            "battery_energy_wh": {"label": "Battery", "raw": "4.44 Wh", "value": "4.44"},
            "cri": {"label": "CRI", "raw": "90", "value": 90},
        },
        stated_at=NOON,
    )

    rows = lines(staff.get(reverse("admin:catalog_product_change", args=[product.pk])))

    (weight,) = (row for row in rows if row.startswith("Weight, g"))
    assert "Supplier cj states: Weight: 75 g (first in sync run 7, 24 Nov 2026) Basis:" in weight
    assert "Basis: Measured by us Differs: Weight: 90 g" in weight
    assert re.findall(r"(\d+) until", weight) == ["82", "81", "80"]
    assert "Then: Edited on a staff page Leyla" in weight
    (energy,) = (row for row in rows if row.startswith("Energy, Wh"))
    assert "Battery: 4.44 Wh (second" in energy
    assert "Differs" not in energy
    assert any(row.startswith("Color rendering – Differs: CRI: 90 (second") for row in rows)


def test_the_product_page_shows_values_sources_and_the_arithmetic_of_findings(staff):
    claims = {**CLAIMS, "Light output": "990,000 lm", "Run time (high)": "12 h"}
    take_in(make_product_record(claims=claims))

    page = staff.get(reverse("admin:catalog_product_change", args=[Product.objects.get().pk]))

    rows = lines(page)
    specs = staff.get(reverse("admin:catalog_spec_changelist")).content.decode()
    assert "990,000 lm; at most 100,000 is possible" in specs
    assert "Weight, g 75 Supplier cj states: Weight: 75 g (first on 24 Nov 2026)" in rows
    assert any(row.startswith("Charging USB-C Supplier") for row in rows)
    assert any(row.startswith("Chemistry Li-Po Supplier") for row in rows)
    assert "Output, lm – Light output: 990,000 lm 990,000 lm; at most 100,000 is possible" in rows
