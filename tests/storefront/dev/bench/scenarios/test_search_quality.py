from collections import Counter

import pytest

from catalog.models import Identifier
from storefront.dev.bench.scenarios import search_quality
from tests.factories.catalog import NOON, make_variant

pytestmark = pytest.mark.django_db


def test_judged_queries_find_what_customers_mean_beside_a_synced_product():
    gtin = search_quality._read("products")[0]["gtin"].zfill(14)
    synced = Identifier.objects.create(
        variant=make_variant(), scheme=Identifier.Scheme.GTIN, value=gtin
    )

    judged = search_quality.measure(NOON)

    weakest = sorted(judged, key=lambda each: each.ndcg)[:10]
    assert [each.query for each in judged if not each.total] == []
    assert search_quality.mean_ndcg(judged) >= 0.9, weakest
    assert Identifier.objects.filter(pk=synced.pk).exists()
    assert Counter(each.language for each in judged) == {"en": 60, "az": 66}
