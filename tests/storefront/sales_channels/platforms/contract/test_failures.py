"""Contract: each failure is temporary or permanent, and says whether its outcome is known."""

import pytest

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.sales_channels.platforms.base import PriceWrite, StockWrite
from tests.storefront.sales_channels.platforms.contract.cases import (
    headlamp,
    light,
    parcel,
    refund_of,
    shown,
    written,
)
from tests.storefront.sales_channels.platforms.contract.test_orders import LONG_AGO

BLACK = "headlamp-h1-0"
SLOW_S = 1.0
WRITES = ("write_products", "write_stock", "write_prices", "write_fulfillment", "refund",
          "cancel_order")  # fmt: skip
READS = ("check", "read_variants", "orders_since", "order")
LOSSES = ("drop_after", "slow", "500")
DAILY = {"drop_after", "garbage"}


def kinds(*names):
    """Return faults as parameters; those that differ little run in the full suite only."""
    return [pytest.param(e, marks=() if e in DAILY else pytest.mark.full) for e in names]


@pytest.fixture
def call(store, goods):
    """Return a function that calls one method with valid arguments."""
    order_id = store.sell({BLACK: 2})
    ids = goods[0].external_variants[BLACK]
    platform = store.platform
    fulfillment = parcel(store, order_id)
    refund = refund_of(store, order_id, "5.00")
    price = PriceWrite(variant=ids, price=store.money("11.00"), compare_at=None)
    calls = {
        "check": platform.check,
        "write_products": lambda: list(platform.write_products([headlamp("new")])),
        "write_stock": lambda: list(
            platform.write_stock([StockWrite(variant=ids, quantity=2, key="k")])
        ),
        "write_prices": lambda: list(platform.write_prices([price])),
        "read_variants": lambda: list(platform.read_variants()),
        "orders_since": lambda: list(platform.orders_since(LONG_AGO)),
        "order": lambda: platform.order(order_id),
        "write_fulfillment": lambda: platform.write_fulfillment(fulfillment),
        "cancel_order": lambda: platform.cancel_order(order_id, reason="Out of stock"),
        "refund": lambda: platform.refund(refund),
    }
    return lambda method: calls[method]()


@pytest.mark.parametrize("kind", kinds(*LOSSES))
@pytest.mark.parametrize("method", WRITES)
def test_lost_write_has_an_unknown_outcome(store, call, method, kind):
    store.fault(method, kind, count=0, delay=SLOW_S)

    with pytest.raises(TemporaryError) as raised:
        call(method)

    assert raised.value.is_outcome_unknown


@pytest.mark.parametrize("kind", kinds(*LOSSES))
@pytest.mark.parametrize("method", READS)
def test_lost_read_is_temporary(store, call, method, kind):
    store.fault(method, kind, count=0, delay=SLOW_S)

    with pytest.raises(TemporaryError):
        call(method)


@pytest.mark.parametrize("kind", kinds("garbage", "truncated", "empty", "redirect"))
@pytest.mark.parametrize("method", [*READS, *WRITES])
def test_damaged_answer_is_an_error(store, call, method, kind):
    store.fault(method, kind, count=0)

    with pytest.raises(ExternalServiceError):
        call(method)


@pytest.mark.parametrize("method", [*READS, "write_stock", "write_prices"])
def test_rate_limit_is_waited_for(store, call, method):
    store.fault(method, "429", count=1, delay=0.2)

    call(method)


def test_revoked_key_is_a_permanent_error(store):
    with pytest.raises(PermanentError):
        store.reconnect(**store.wrong_secrets).check()


def test_store_describes_itself(store):
    info = store.platform.check()

    assert info.name
    assert info.currency == "EUR"
    assert info.prices_include_tax
    assert info.missing_scopes == ()


def test_identity_of_a_store_does_not_change(store):
    first = store.platform.identity()

    assert first
    assert store.reconnect().identity() == first


def test_limit_of_the_platform_is_obeyed(store):
    products = [light(f"light-{number}") for number in range(12)]
    store.throttle()

    goods = written(store, *products)
    for turn in range(3):
        writes = [
            StockWrite(variant=ids, quantity=turn, key=f"{turn}-{sku}")
            for each in goods
            for sku, ids in each.external_variants.items()
        ]
        list(store.platform.write_stock(writes))
        list(
            store.platform.write_prices(
                [
                    PriceWrite(variant=each.variant, price=store.money(20 + turn), compare_at=None)
                    for each in writes
                ]
            )
        )

    assert store.violations() == 0
    assert len(shown(store)) == len(products)
