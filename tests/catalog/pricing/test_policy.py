"""Pricing policy: the costing of orders is read at most once a second."""

import pytest

from catalog.pricing import policy
from tests.factories.catalog import make_channel
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kept_ns", "queries"), [(10**12, 2), (-1, 4)])
def test_a_recent_costing_is_not_read_again(
    monkeypatch, django_assert_num_queries, kept_ns, queries
):
    monkeypatch.setattr(policy, "COSTING_KEPT_NS", kept_ns)
    channel = make_channel()

    with django_assert_num_queries(queries):  # rates and terms
        first, second = (
            policy.load_recent_costing(channel, now=NOON, country="DE") for _ in range(2)
        )

    assert (second == first, second is first) == (True, kept_ns > 0)
