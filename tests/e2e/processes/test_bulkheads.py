"""A hanging supplier delays no other: real workers with two suppliers, one of which hangs."""

import pytest

from storefront.dev.bench.scenarios import bulkheads
from tests.e2e.ordering import CATEGORY_SLUGS
from tests.e2e.worker_process import surroundings
from tests.factories.catalog import (
    make_category,
    make_channel,
    make_exchange_rate,
    make_price_rule,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.full
def test_hanging_supplier_delays_no_other(tmp_path):
    channel = make_channel()
    make_price_rule(channel=channel)
    make_exchange_rate()
    for slug in CATEGORY_SLUGS:
        make_category(slug=slug, families=())

    rounds = bulkheads.measure(
        channel=channel,
        folder=tmp_path,
        env=surroundings(),
        products=16,
        orders=6,
        say=print,
    )

    alone, one_hangs, naive = rounds["alone"], rounds["one hangs"], rounds["no bulkheads"]
    for of in ("order_p95_s", "sync_s"):
        # A second of grace: these machines have other work to do, too.
        assert getattr(one_hangs, of) < getattr(alone, of) * 1.2 + 1
        assert getattr(naive, of) == bulkheads.NAIVE_PATIENCE_S
