"""An implausible rate stays held until staff approve it or a plausible one comes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.exchange_rates import rates
from catalog.models import ExchangeRate, ExchangeRateUpdate
from tests.factories.catalog import NOON, make_channel, make_exchange_rate

pytestmark = pytest.mark.django_db
D = Decimal
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def dollar(settings):
    settings.RATES_MAX_MOVE_PERCENT = 5
    make_channel()
    make_exchange_rate(rate="0.90", as_of=NOON)


def tell(rate, *, as_of):
    return rates.import_rates(
        quote="EUR",
        rates={"USD": D(rate)},
        source="bank",
        as_of=as_of,
        actor="ann",
        now=as_of,
    )["USD"]


@pytest.mark.parametrize(
    ("days", "is_rejected"), [((1, 2, 3, 4), True), ((1, 4), True), ((1, 30), False)]
)
def test_waiting_does_not_make_a_rate_plausible(days, is_rejected):
    for day in days:
        assert tell("1.03", as_of=NOON + day * DAY) == "waiting"
        if is_rejected:
            update = ExchangeRateUpdate.objects.get(status="waiting")
            rates.reject(update=update, actor="ann", reason="a slip", now=NOON + day * DAY)

    later = NOON + (days[-1] + 1) * DAY
    assert ExchangeRate.objects.get().rate == D("0.90")
    assert tell("0.94", as_of=later) == "applied"  # within 5 % of the current rate
    assert tell("1.08", as_of=later + 3 * DAY) == "applied"  # and the accepted rate ends the doubt
