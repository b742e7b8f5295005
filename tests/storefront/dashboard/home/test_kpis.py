from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import ExchangeRate
from orders.models import OrderLine
from storefront.dashboard.home import feed_freshness, kpis
from storefront.lib.money import Money
from suppliers.models import Supplier, SyncRun
from tests.factories.orders import make_paid_order, make_sellable
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db


def test_profit_is_net_revenue_minus_cost():
    make_paid_order(make_sellable(price="119.00", cost="40.00"), quantity=2)
    OrderLine.objects.update(tax_rate=Decimal("0.19"))

    (earned,) = kpis.profit(now=NOON)

    assert earned.revenue.rounded() == Money(Decimal("200.00"), "EUR")
    # 80.00 wholesale, 4.00 handling and 6.00 for the channel
    assert earned.cost.rounded() == Money(Decimal("90.00"), "EUR")
    assert earned.margin_percent == 55


def test_cost_without_landed_cost_uses_its_rate_or_is_left_out():
    def cost():
        return kpis.profit(now=NOON)[0].cost.rounded().amount

    make_paid_order(make_sellable(price="119.00", cost="40.00"))
    OrderLine.objects.update(tax_rate=0, cost_currency="USD", landed_amount=None, cost_rate=None)

    assert kpis.profit(now=NOON) == []
    ExchangeRate.objects.create(
        base="USD", quote="EUR", rate=Decimal("0.5"), source="test", as_of=NOON
    )
    assert cost() == Decimal("20.00")
    OrderLine.objects.update(cost_rate=Decimal("0.6"))  # the rate at the time of sale
    assert cost() == Decimal("24.00")


def test_job_is_late_after_twice_its_interval_and_shows_its_last_run():
    moments = {
        "status_since": NOON,
        "lease_until": NOON,
        "started_at": NOON - timedelta(minutes=31),
    }
    for kind in ("stock", "prices"):
        known = {"supplier": make_supplier(), "kind": kind, "status": "applied", "read": 420}
        SyncRun.objects.create(**known, **moments)

    jobs = {job.kind: job for job in feed_freshness.job_freshness(now=NOON)}

    assert {kind: job.is_late for kind, job in jobs.items()} == {
        "products": True,  # never
        "prices": False,  # every hour
        "stock": True,  # every 15 minutes
    }
    assert (jobs["stock"].last.read, jobs["products"].last) == (420, None)
    Supplier.objects.update(status="paused")
    assert feed_freshness.job_freshness(now=NOON) == []
