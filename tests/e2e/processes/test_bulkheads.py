"""A hanging supplier delays no other: real workers with two suppliers, one of which hangs."""

import pytest

from storefront.dev.bench.scenarios import bulkheads
from tests.e2e.worker_process import surroundings
from tests.factories.feeds import make_shop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.full
def test_hanging_supplier_delays_no_other(tmp_path):
    rounds = bulkheads.measure(
        channel=make_shop(),
        folder=tmp_path,
        env=surroundings(),
        products=16,
        orders=6,
        say=print,
    )

    alone, one_hangs, naive = rounds["alone"], rounds["one hangs"], rounds["no bulkheads"]
    for of in ("order_p95_s", "sync_s"):
        # One second more, because the machine may be busy with other work.
        assert getattr(one_hangs, of) < getattr(alone, of) * 1.2 + 1
        assert getattr(naive, of) == bulkheads.NAIVE_PATIENCE_S
