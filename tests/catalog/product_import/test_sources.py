"""Sources of values: the date and the sync run that first stated a supplier's text."""

from datetime import timedelta

import pytest

from catalog.models import Spec
from tests.factories.catalog import NOON
from tests.factories.product_records import CLAIMS, make_product_record, take_in

pytestmark = pytest.mark.django_db


def test_a_source_keeps_the_run_that_first_stated_its_text():
    record = make_product_record()
    take_in(record, run=7)
    later = {"run": 8, "now": NOON + timedelta(days=2)}

    assert take_in(record, **later).updated == 0
    take_in(make_product_record(claims={**CLAIMS, "Weight": "80 g"}), **later)

    sources = Spec.objects.get().sources
    assert (sources["output_lm"]["on"], sources["output_lm"]["run"]) == ("2026-11-24", 7)
    assert (sources["weight_g"]["on"], sources["weight_g"]["run"]) == ("2026-11-26", 8)
