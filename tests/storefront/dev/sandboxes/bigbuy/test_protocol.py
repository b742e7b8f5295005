"""Responses of the BigBuy sandbox and its ledger."""

import json

import httpx
import pytest

from storefront.dev.sandboxes.bigbuy.goods import FIRST_ID, Goods
from storefront.dev.sandboxes.bigbuy.lists import PRODUCT_LISTS
from storefront.dev.sandboxes.goods.catalog import Catalog
from tests.storefront.dev.sandboxes.bigbuy.running import bigbuy

__all__ = ["bigbuy"]


def error_code(answer):
    """Return the error code, which is in one of two places."""
    body = answer.json()
    inner = json.loads(body["message"]) if str(body["message"]).startswith("{") else {}
    return inner.get("code") or body["code"]


def test_only_the_right_key_is_answered(bigbuy):
    refused = bigbuy.client.get("/rest/user/purse.json", headers={"Authorization": "Bearer no"})
    known = bigbuy.get("user/auth/status")

    assert (refused.status_code, refused.json()) == (401, {"message": "Invalid Token"})
    assert (known.status_code, known.content) == (200, b"")
    assert bigbuy.get("user/purse").json() == "100000.00"


def test_lists_hold_each_product_once_in_different_sequences(bigbuy):
    listed = {name: [row["id"] for row in bigbuy.listed(name)] for name in PRODUCT_LISTS}
    products, prices = [row["id"] for row in bigbuy.listed("products")], listed["productprices"]

    assert all(ids and len(set(ids)) == len(ids) for ids in listed.values())
    assert set(products) == set(prices) == set(listed["productsstockbyhandlingdays"])
    assert products != prices != listed["productsstockbyhandlingdays"]


def test_lists_check_page_size_and_taxonomy(bigbuy):
    assert len(bigbuy.listed("products", pageSize=5)) == 5
    last = bigbuy.listed("products", pageSize=5, page=len(bigbuy.state.goods) // 5)
    assert len(last) == len(bigbuy.state.goods) % 5

    refused = bigbuy.get("catalog/products", page=0)
    assert (refused.status_code, refused.json()) == (400, {"code": "Bad request", "message": 400})
    assert bigbuy.get("catalog/products", pageSize=10_001).status_code == 400


def test_most_products_share_gtins_with_the_other_supplier():
    goods, other = Goods(40, 7), Catalog(40, 7)
    theirs = {v.barcode for p in range(40) for v in other.product(p).variants}

    ours = [goods.items(key) for key in goods.ids()[:40]]
    shared = [each for each in ours if {item.variant.barcode for item in each} <= theirs]

    assert len(shared) == 30
    assert len({item.sku for each in ours for item in each}) == sum(map(len, ours))
    assert 0 < sum(not goods.lists_gtin(each[0].product) for each in ours) < 20
    assert all(goods.by_sku(item.sku)[1] == item for each in ours for item in each)


def test_order_is_created_once_and_returns_its_location(bigbuy):
    (sku,) = bigbuy.skus()
    order = bigbuy.order("FL-1", sku)

    made, again = (bigbuy.post("order/create", order) for _ in range(2))

    assert (made.status_code, made.content) == (201, b"")
    key = made.headers["Location"].removeprefix("/rest/order/")
    assert (again.status_code, error_code(again)) == (409, "ER008")
    assert bigbuy.get("order/reference/FL-1").json()["id"] == key
    assert bigbuy.get(f"order/{key}").json()["internalReference"] == "FL-1"
    assert bigbuy.get("order/reference/FL-2").status_code == 404
    known = bigbuy.control("orders")
    assert [row["reference"] for row in known["orders"]] == ["FL-1"]
    assert [row["code"] for row in known["attempts"]] == ["ER008"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"products": [{"reference": "S9999999", "quantity": 1}]}, "ER001"),
        ({"products": [{"reference": "no such word", "quantity": 1}]}, "ER002"),
        ({"postcode": "1011"}, "ER004"),
        ({"country": "AQ", "postcode": "1"}, "ER010"),
        ({"carriers": [{"name": "owl"}]}, "ER010"),
        ({"paymentMethod": "gold"}, "ER011"),
    ],
)
@pytest.mark.parametrize("path", ["order/check", "order/create"])
def test_impossible_orders_are_rejected(bigbuy, path, changes, code):
    (sku,) = bigbuy.skus()

    refused = bigbuy.post(path, bigbuy.order("FL-1", sku, **changes))

    assert (refused.status_code, error_code(refused)) == (409, code)
    assert bigbuy.control("orders")["orders"] == []


@pytest.mark.parametrize(
    "changes", [{"address": "W" * 71}, {"town": ""}, {"internalReference": ""}]
)
def test_invalid_orders_return_nested_errors(bigbuy, changes):
    (sku,) = bigbuy.skus()

    refused = bigbuy.post("order/create", bigbuy.order("FL-1", sku, **changes))

    assert refused.status_code == 400
    assert "children" in refused.json()["errors"]
    assert bigbuy.control("orders")["orders"] == []


def test_orders_use_up_stock_and_balance(bigbuy):
    (sku,) = bigbuy.skus()
    bigbuy.control("stock", {"sku": sku, "quantity": 1})
    assert bigbuy.post("order/create", bigbuy.order("FL-1", sku)).status_code == 201

    assert error_code(bigbuy.post("order/create", bigbuy.order("FL-2", sku))) == "ER003"
    bigbuy.control("stock", {"sku": sku, "quantity": 9})
    bigbuy.control("purse", {"amount": "1"})
    assert error_code(bigbuy.post("order/create", bigbuy.order("FL-3", sku))) == "ER005"


def test_product_off_sale_is_inactive(bigbuy):
    (sku,) = bigbuy.skus()
    bigbuy.control("shelve", {"id": FIRST_ID})

    refused = bigbuy.post("order/check", bigbuy.order("FL-1", sku))

    assert "Inactive product." in refused.text
    assert next(row for row in bigbuy.listed("products") if row["id"] == FIRST_ID)["active"] == 0


def test_no_order_has_items_of_two_warehouses(bigbuy):
    skus = bigbuy.skus(2)
    for place, sku in enumerate(skus, start=1):
        for warehouse in (1, 2):
            stock = {"sku": sku, "warehouse": warehouse, "quantity": 9 * (warehouse == place)}
            bigbuy.control("stock", stock)

    refused = bigbuy.post("order/create", bigbuy.order("FL-1", *skus))

    warehouses = refused.json()["error_detail"]["warehouses"]
    assert [row["references"] for row in warehouses] == [[skus[0]], [skus[1]]]
    assert bigbuy.control("orders")["orders"] == []


def test_shipped_orders_get_a_tracking_number(bigbuy):
    (sku,) = bigbuy.skus()
    key = bigbuy.post("order/create", bigbuy.order("FL-1", sku)).headers["Location"].split("/")[-1]
    asked = {"track": {"orders": [{"id": int(key)}, {"id": 5}]}}
    assert bigbuy.post("tracking/orders", asked).json() == []

    bigbuy.control("advance", {"reference": "FL-1"})

    assert bigbuy.get(f"order/{key}").json()["status"] == "Shipped"
    (row,) = bigbuy.post("tracking/orders", asked).json()
    assert (row["id"], len(row["trackings"])) == (key, 1)


def test_canceled_order_restores_stock_and_balance(bigbuy):
    (sku,) = bigbuy.skus()
    bigbuy.post("order/create", bigbuy.order("FL-1", sku))

    bigbuy.control("advance", {"reference": "FL-1", "to": "Cancelled"})

    assert bigbuy.get("user/purse").json() == "100000.00"
    assert sku in bigbuy.skus(999)


def test_rate_limit_answers_in_plain_text(bigbuy):
    bigbuy.control("clock", {"hour_s": 60, "second_s": 60})
    for _ in range(5):
        answer = bigbuy.get("catalog/manufacturers")
    assert answer.headers["X-RateLimit-Remaining"] == "0"

    refused = bigbuy.get("catalog/manufacturers")

    assert (refused.status_code, refused.text) == (429, "You exceeded the rate limit")
    assert "Retry-After" not in refused.headers
    assert bigbuy.get("user/purse").status_code == 200
    assert bigbuy.get("user/purse").status_code == 429
    assert bigbuy.control("calls")["refused"] == {"manufacturers": 1, "user/purse": 1}


@pytest.mark.parametrize(
    ("kind", "status", "start"),
    [
        ("soft_409", 200, '{"code":409'),
        ("soft_500", 200, "HTTP/1.0 500"),
        ("swapped", 400, '{"code":"Bad'),
        ("429", 429, "You exceeded"),
        ("500", 504, "<html>"),
        ("garbage", 200, "<html>"),
        ("empty", 200, "[]"),
    ],
)
def test_faults_end_after_their_count(bigbuy, kind, status, start):
    bigbuy.control("faults", {"path": "user/purse", "kind": kind})

    answer, again = bigbuy.get("user/purse"), bigbuy.get("user/purse")

    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert again.json() == "100000.00"


def test_dropped_response_is_in_the_ledger(bigbuy):
    (sku,) = bigbuy.skus()
    bigbuy.control("faults", {"path": "order/create", "kind": "drop_after"})

    with pytest.raises(httpx.RemoteProtocolError):
        bigbuy.post("order/create", bigbuy.order("FL-1", sku))

    assert [row["fault"] for row in bigbuy.control("orders")["orders"]] == ["drop_after"]


def test_order_page_can_advance_orders(bigbuy):
    (sku,) = bigbuy.skus()
    bigbuy.post("order/create", bigbuy.order("FL-<1>", sku))

    page = bigbuy.client.get("/").text
    key = bigbuy.control("orders")["orders"][0]["id"]
    moved = bigbuy.client.post("/control/advance", data={"id": key, "to": "Shipped"})

    assert "FL-&lt;1&gt;" in page
    assert moved.status_code == 303
    assert bigbuy.control("orders")["orders"][0]["status"] == "Shipped"
