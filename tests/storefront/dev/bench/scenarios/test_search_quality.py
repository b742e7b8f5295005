from collections import Counter

import pytest

from storefront.dev.bench.scenarios import search_quality
from tests.factories.catalog import NOON

pytestmark = pytest.mark.django_db


def test_judged_queries_find_what_customers_mean():
    judged = search_quality.measure(NOON)

    weakest = sorted(judged, key=lambda each: each.ndcg)[:10]
    assert [each.query for each in judged if not each.total] == []
    assert search_quality.mean_ndcg(judged) >= 0.9, weakest
    assert Counter(each.language for each in judged) == {"en": 60, "az": 60}
