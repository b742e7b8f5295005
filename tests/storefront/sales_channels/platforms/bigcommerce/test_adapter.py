"""BigCommerce adapter: batches refused as a whole, unique names, quoted refunds, scopes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storefront.dev.sandboxes.bigcommerce.state import DEFAULT_SECRET
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import LoggingObserver
from storefront.lib.security.webhook_signing import InvalidSignatureError
from storefront.sales_channels.platforms.base import (
    PaymentState,
    PlatformContext,
    PriceWrite,
    StockWrite,
)
from storefront.sales_channels.platforms.bigcommerce import orders
from storefront.sales_channels.platforms.bigcommerce.adapter import BigCommerce
from storefront.sales_channels.platforms.bigcommerce.schemas import PaymentOption, Quote
from tests.storefront.sales_channels.platforms.contract.bigcommerce_store import BigCommerceStore
from tests.storefront.sales_channels.platforms.contract.cases import (
    headlamp,
    light,
    refund_of,
    written,
)
from tests.storefront.sales_channels.platforms.contract.test_products import unknown

STORE = BigCommerceStore  # of the fixture open_store
BLACK, SAND = "headlamp-h1-0", "headlamp-h1-3"


def calls(store):
    rows = store.running.control("usage")["by_path"]
    return {path.partition("/v")[2]: count for path, count in rows.items()}


def test_stock_of_all_variants_takes_one_call_and_prices_one_for_fifty(open_store):
    store = open_store()
    goods = written(store, *(headlamp(f"h{number}") for number in range(13)))
    ids = [one for each in goods for one in each.external_variants.values()]
    store.running.control("usage/forget", {})

    list(store.platform.write_stock([StockWrite(variant=one, quantity=3, key="k") for one in ids]))
    writes = [PriceWrite(variant=one, price=store.money("9.00"), compare_at=None) for one in ids]
    list(store.platform.write_prices(writes))

    assert calls(store) == {
        "3/inventory/adjustments/absolute:PUT": 1,
        "3/catalog/variants:PUT": 2,
    }


def test_lost_row_of_a_batch_is_found_by_halves(open_store):
    store = open_store()
    (product,) = written(store, headlamp())
    ids = list(product.external_variants.values())
    gone = unknown(store, ids[0])
    writes = [StockWrite(variant=one, quantity=8, key="k") for one in [*ids, gone]]
    store.running.control("usage/forget", {})

    results = list(store.platform.write_stock(writes))

    assert [one.variant for one in results if one.is_missing] == [gone]
    assert calls(store)["3/inventory/adjustments/absolute:PUT"] <= 7


def test_second_product_of_a_name_gets_its_sku_as_well(open_store):
    store = open_store()
    first, second = written(store, headlamp("h1"), headlamp("h2"))
    written(store, first, second)

    assert [row["title"] for row in store.products()] == [first.title, f"{first.title} (h2-0)"]


def test_refund_of_less_than_the_units_cost_overrides_the_quote(open_store):
    store = open_store()
    written(store, headlamp())
    order_id = store.sell({BLACK: 2})

    made = store.platform.refund(refund_of(store, order_id, "50.00", units={BLACK: 1}))

    assert made.amount == store.money("50.00")
    assert sum(made.units.values()) == 1


def test_refund_that_no_provider_can_pay_is_refused():
    offline = PaymentOption(provider_id="bankdeposit", amount=10, offline=True)
    credit = PaymentOption(provider_id="storecredit", amount=10)
    quote = Quote(total_refund_amount=10, refund_methods=[[offline], [credit]])

    with pytest.raises(PermanentError, match="refund it in BigCommerce"):
        orders.refund_body(None, [], quote)


def test_authorized_payment_is_pending_until_it_is_captured(open_store):
    store = open_store()
    written(store, headlamp())
    order_id = store.sell({BLACK: 1})
    documents = store.running.state.documents
    order = documents.get("order", int(order_id))

    documents.put("order", order | {"payment_status": "authorized"})
    authorized = store.platform.order(order_id).payment
    documents.put("order", order | {"payment_status": "captured"})

    assert authorized is PaymentState.PENDING
    assert store.platform.order(order_id).payment is PaymentState.PAID


def test_abandoned_checkout_is_no_order(open_store):
    store = open_store()
    written(store, headlamp())
    kept, abandoned = store.sell({BLACK: 1}), store.sell({SAND: 1}, paid=False)
    documents = store.running.state.documents
    documents.put("order", documents.get("order", int(abandoned)) | {"status_id": 0})
    since = store.platform.order(kept).placed_at

    assert [order.external_id for order in store.platform.orders_since(since)] == [kept]


def test_account_without_a_scope_lacks_it(open_store):
    info = open_store(scopes="store_v2_products store_v2_orders").platform.check()

    assert info.missing_scopes == ("store_inventory",)


def test_deactivated_webhook_is_activated_again(open_store):
    store = open_store()
    url = "http://127.0.0.1:9/hooks"
    store.platform.register_webhooks(url=url)
    documents = store.running.state.documents
    for hook in documents.all("hook"):
        documents.put("hook", hook | {"is_active": False})

    assert list(store.platform.register_webhooks(url=url)) == []

    assert all(hook["is_active"] for hook in documents.all("hook"))


def test_stale_webhook_is_refused(open_store):
    store = open_store()
    written(store, light())
    store.platform.register_webhooks(url="http://127.0.0.1:9/hooks")
    store.running.state.ahead_s = -timedelta(minutes=6).total_seconds()
    store.running.control("orders", {"units": {"light-1": 1}})
    message = store.messages()[-1]

    with pytest.raises(InvalidSignatureError):
        BigCommerce.verify_webhook(
            headers=message["headers"],
            body=message["body"].encode(),
            secrets={"client_secret": DEFAULT_SECRET},
        )


def test_added_picture_replaces_the_pictures(open_store):
    store = open_store()
    (product,) = written(store, light(picture_urls=("https://pictures.example/1.jpg",)))
    pictures = ("https://pictures.example/1.jpg", "https://pictures.example/2.jpg")

    written(store, replace(product, picture_urls=pictures))

    (held,) = store.running.state.documents.all("product")
    assert [row["image_url"] for row in held["images"]] == list(pictures)


def test_location_that_is_no_number_is_a_problem_that_staff_read():
    context = PlatformContext(
        base_url="https://bigcommerce.example",
        secrets={},
        options={"location_id": "Riga"},
        gate=LoggingObserver(),
    )

    with pytest.raises(PermanentError, match="location_id 'Riga' is no number"):
        BigCommerce(context)
