"""The CJ connector against the sandbox over HTTP: lists, batches, claims and subscriptions."""

from decimal import Decimal

import pytest

from storefront.lib.http import retries
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.cj import order_status, product_list
from suppliers.connectors.records import (
    Acknowledgement,
    ClaimReason,
    ClaimRequest,
    ClaimResolution,
    ClaimStatus,
    OrderReference,
    ProductSummary,
    PurchaseOrderRequestLine,
    QuotaExceededError,
)
from tests.storefront.dev.sandboxes.cj.contexts import (
    effects,
    make_connector,
    open_connector,
    request_for,
)


@pytest.fixture(autouse=True)
def without_waits(monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    monkeypatch.setattr(order_status, "BATCH_GAP_S", 0)


@pytest.fixture
def cj(sandbox):
    with open_connector(sandbox) as opened:
        yield opened


def product_ids(sandbox):
    state = sandbox.state
    return {state.catalog.at(place).pid for place in range(state.visible)}


@pytest.mark.parametrize("most", [6_000, 60, 12])
def test_list_is_split_until_each_slice_fits(run, monkeypatch, most):
    """With 200 products, a limit of 60 splits the list by category, a limit of 12 also by time."""
    sandbox = run(count=200, most_listed=most)
    monkeypatch.setattr(product_list, "MAX_LISTED", most)
    monkeypatch.setattr(product_list, "PAGE_SIZE", 10)
    sandbox.control("usage/clear", {})

    with open_connector(sandbox) as cj:
        rows = list(cj.product_rows())

    external_ids = [row.external_id for row in rows if isinstance(row, ProductSummary)]
    assert len(external_ids) == len(set(external_ids))
    assert set(external_ids) == product_ids(sandbox)
    assert sandbox.control("usage")["by_path"]["product/listV2"] < 300


def test_products_listed_at_the_same_time_are_split_by_price(run, monkeypatch):
    sandbox = run(count=60, most_listed=5)
    monkeypatch.setattr(product_list, "MAX_LISTED", 5)
    monkeypatch.setattr(product_list, "MIN_SLICE_MS", 10_000_000_000_000)  # never split by time
    for place in range(len(sandbox.state.catalog)):
        for variant in sandbox.state.catalog.at(place).variants:
            sandbox.state.stock_store.set_price(variant.vid, Decimal(place).scaleb(-2) + 1)

    with open_connector(sandbox) as cj:
        external_ids = [
            row.external_id for row in cj.product_rows() if isinstance(row, ProductSummary)
        ]

    assert sorted(external_ids) == sorted(product_ids(sandbox))


def test_daily_quota_is_restored_at_midnight(run):
    sandbox = run(points=60)
    product, _ = sandbox.goods()

    with open_connector(sandbox) as cj:
        list(cj.product_rows())
        cj.stock(external_id=product.pid)
        with pytest.raises(QuotaExceededError):
            cj.stock(external_id=product.pid)
        sandbox.control("clock", {"seconds": 86_400})
        assert cj.stock(external_id=product.pid)


def test_order_statuses_are_read_in_a_batch(sandbox, cj):
    _, variant = sandbox.goods(at_least=9)
    names = []
    for place in range(1, 4):
        state = cj.place(request_for(variant, f"FL-{place}-1"))
        names.append(
            OrderReference(number=state.number, supplier_reference=state.supplier_reference)
        )
    sandbox.control("advance", {"orderNumber": "FL-2-1", "to": "SHIPPED"})
    sandbox.control("advance", {"orderNumber": "FL-3-1", "to": "DELIVERED"})
    names.append(OrderReference(number="FL-9-9", supplier_reference=""))
    sandbox.control("usage/clear", {})

    states = {state.number: state for state in cj.track(names)}

    assert {number: state.answer for number, state in states.items()} == {
        "FL-1-1": Acknowledgement.ACCEPTED,
        "FL-2-1": Acknowledgement.SHIPPED,
        "FL-3-1": Acknowledgement.DELIVERED,
    }
    assert [parcel.carrier_text for parcel in states["FL-3-1"].parcels] == ["Delivered"]
    assert sandbox.control("usage")["by_path"] == {
        "shopping/order/getOrderDetailBatch": 1,
        "logistic/trackInfo": 1,
    }


def test_101_orders_take_two_calls(sandbox, cj):
    names = [OrderReference(number=f"FL-{place}-1", supplier_reference="") for place in range(101)]

    assert list(cj.track(names)) == []
    usage = sandbox.control("usage")["by_path"]
    assert usage["shopping/order/getOrderDetailBatch"] == 2


def test_sign_in_stores_the_rate_limit(run):
    sandbox = run(qps=50)
    cj = make_connector(sandbox)

    assert cj.sign_in() == "sandbox"
    assert cj._state.load() == {"calls_per_second": 50}
    cj.close()


@pytest.fixture
def delivered(sandbox, cj):
    _, variant = sandbox.goods()
    state = cj.place(request_for(variant))
    sandbox.control("advance", {"orderNumber": "FL-1-1", "to": "DELIVERED"})
    line = PurchaseOrderRequestLine(sku=variant.vid, quantity=1, reference="88")
    return lambda **changes: ClaimRequest(
        **{
            "number": "R-1",
            "supplier_reference": state.supplier_reference,
            "remedy": ClaimResolution.REFUND,
            "claim_reason": ClaimReason.DAMAGED,
            "message": "The head is dented.",
            "lines": (line,),
        }
        | changes
    )


def test_granted_claim_is_refunded(sandbox, cj, delivered):
    opened = cj.open_claim(delivered())
    before = sandbox.control("orders")["balance_cents"]
    sandbox.control(
        "decide", {"disputeId": opened.supplier_claim_reference, "deal": 1, "amount": "3.20"}
    )

    (decided,) = cj.claims(supplier_reference=opened.raw["orderId"])

    assert (decided.answer, decided.amount) == (
        ClaimStatus.REFUNDED,
        Money(Decimal("3.20"), "USD"),
    )
    assert sandbox.control("orders")["balance_cents"] == before + 320


@pytest.mark.parametrize(("deal", "answer"), [(2, ClaimStatus.RESENT), (3, ClaimStatus.REFUSED)])
def test_claim_can_end_without_a_refund(sandbox, cj, delivered, deal, answer):
    opened = cj.open_claim(delivered(remedy=ClaimResolution.RESEND))
    sandbox.control("decide", {"disputeId": opened.supplier_claim_reference, "deal": deal})

    (decided,) = cj.claims(supplier_reference=delivered().supplier_reference)

    assert (decided.answer, decided.amount) == (answer, None)


def test_claim_for_goods_not_ordered_is_rejected(sandbox, cj, delivered):
    line = PurchaseOrderRequestLine(sku="1", quantity=1, reference="1")

    with pytest.raises(PermanentError, match="no dispute about 1"):
        cj.open_claim(delivered(lines=(line,)))
    with pytest.raises(PermanentError):
        cj.open_claim(delivered(number="R-2", lines=(line,)))
    assert "disputed" not in effects(sandbox)


def test_subscriptions_stop_at_the_account_limit(run):
    sandbox = run(count=240, subscriptions=150)
    external_ids = sorted(product_ids(sandbox))

    with open_connector(sandbox) as cj:
        agreed = cj.subscribe(external_ids=[*external_ids[:99], "unknown", *external_ids[99:]])
        subscribed = cj.subscribed()
        cj.unsubscribe(external_ids=external_ids[:50])

        assert sorted(agreed) == external_ids[:99]  # the next hundred would exceed the limit
        assert subscribed == frozenset(external_ids[:99])
        assert cj.subscribed() == frozenset(external_ids[50:99])


@pytest.mark.parametrize(("level", "most"), [(None, 1_000), (1, 1_000), (3, 3_000), (5, 10_000)])
def test_account_level_sets_the_subscription_limit(sandbox, level, most):
    with open_connector(sandbox, level=level) as cj:
        assert cj.max_subscriptions() == most


def test_webhook_url_must_respond(run):
    sandbox = run(tries_callbacks=True)

    with open_connector(sandbox) as cj:
        with pytest.raises(PermanentError, match="1607003"):
            cj.register_webhook(url="http://127.0.0.1:9/hooks/")
        with pytest.raises(PermanentError, match="1606001"):
            cj.register_webhook(url="http://shop.example/hooks/")
