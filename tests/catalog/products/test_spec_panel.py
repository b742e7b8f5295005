import re
from html import unescape

import pytest
from django.urls import reverse

from catalog.models import Product
from tests.factories.product_records import CLAIMS, make_product_record, take_in

pytestmark = pytest.mark.django_db


def test_the_product_page_shows_values_sources_and_the_arithmetic_of_findings(staff):
    claims = {**CLAIMS, "Light output": "990,000 lm", "Run time (high)": "12 h"}
    take_in(make_product_record(claims=claims))

    page = staff.get(reverse("admin:catalog_product_change", args=[Product.objects.get().pk]))

    rows = [
        unescape(" ".join(re.sub(r"<[^>]+>", " ", row).split()))
        for row in re.findall(r"<tr>(.*?)</tr>", page.content.decode(), re.DOTALL)
    ]
    specs = staff.get(reverse("admin:catalog_spec_changelist")).content.decode()
    assert "990,000 lm; at most 100,000 is possible" in specs
    assert "Weight, g 75 Supplier cj states: Weight: 75 g" in rows
    assert (
        "Output, lm – Light output: 990,000 lm error 990,000 lm; at most 100,000 is possible"
        in rows
    )
