"""The API of the CJ sandbox: envelope, tokens, lists, details, stock and freight."""

import json
from decimal import Decimal

from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from tests.storefront.dev.sandboxes.conftest import PREFIX


def test_answers_have_the_envelope_and_errors_status_200(sandbox):
    good = sandbox.get("product/listV2")
    bad = sandbox.client.get(f"{PREFIX}product/query", params={"pid": "1"})

    assert (good["code"], good["result"], good["success"]) == (200, True, True)
    assert (good["message"], len(good["requestId"])) == ("Success", 32)
    assert (bad.status_code, bad.json()["code"], bad.json()["data"]) == (200, 1602001, None)


def test_unknown_paths_and_bad_bodies_return_error_codes(sandbox):
    assert sandbox.get("product/nothing")["code"] == 1600101
    assert sandbox.post("product/listV2", {})["code"] == 16900202
    assert sandbox.post("logistic/freightCalculate")["code"] == 16900204
    broken = sandbox.client.post(f"{PREFIX}logistic/freightCalculate", content=b"{")
    assert broken.json()["code"] == 16900205


def test_requests_need_a_valid_token(sandbox):
    del sandbox.client.headers["CJ-Access-Token"]
    assert sandbox.get("product/listV2")["code"] == 1600002

    sandbox.client.headers["CJ-Access-Token"] = "stolen"
    assert sandbox.get("product/listV2")["code"] == 1600001


def test_login_returns_the_same_tokens_all_day(sandbox):
    first, second = sandbox.login(), sandbox.login()
    wrong = sandbox.post("authentication/getAccessToken", {"apiKey": DEFAULT_KEY + "0"})

    assert first == second
    assert first["openId"] == 1000001
    assert first["accessTokenExpiryDate"].endswith("+08:00")
    assert wrong["code"] == 1600005


def test_refreshed_tokens_replace_the_old_ones(sandbox):
    old = sandbox.login()

    new = sandbox.post("authentication/refreshAccessToken", {"refreshToken": old["refreshToken"]})[
        "data"
    ]

    assert "openId" not in new
    assert sandbox.get("setting/get")["code"] == 1600001
    sandbox.client.headers["CJ-Access-Token"] = new["accessToken"]
    assert sandbox.get("setting/get")["data"]["openId"] == 1000001
    again = sandbox.post("authentication/refreshAccessToken", {"refreshToken": old["refreshToken"]})
    assert again["code"] == 1600003


def test_token_expires(run):
    assert run(token_life_s=-1).get("setting/get")["code"] == 1600001


def test_calls_a_second_and_points_a_day_run_out(run):
    fast, spent = run(qps=3), run(folder="other", points=60)

    assert [fast.get("setting/get")["code"] for _ in range(5)] == [200] * 3 + [1600200] * 2
    assert spent.get("product/listV2")["pointsInfo"]["remaining"] == 10
    used_up = spent.client.get(f"{PREFIX}product/listV2")
    assert (used_up.status_code, used_up.json()["code"]) == (429, 1600201)


def test_pages_list_every_product_once(sandbox):
    pages = [sandbox.get("product/listV2", page=page, size=20)["data"] for page in (1, 2, 3)]

    ids = [row["id"] for page in pages for row in page["content"][0]["productList"]]
    assert pages[0]["totalRecords"] == len(sandbox.state.catalog) == len(set(ids)) == len(ids)
    assert pages[0]["totalPages"] == 3
    assert sandbox.get("product/listV2", size=101)["code"] == 1600300


def test_lists_are_limited_to_six_thousand(run):
    sandbox = run(count=7000)

    data = sandbox.get("product/listV2", page=600, size=10)["data"]

    assert data["totalRecords"] == 6000
    assert len(data["content"][0]["productList"]) == 10
    after = sandbox.get("product/listV2", page=601, size=10)["data"]
    assert after["content"][0]["productList"] == []


def test_list_and_detail_agree_about_stock(sandbox):
    product, variant = sandbox.goods()
    sandbox.control("stock", {"vid": variant.vid, "warehouse": "CN", "quantity": 77})

    row = next(
        row
        for row in sandbox.get("product/listV2", size=100)["data"]["content"][0]["productList"]
        if row["id"] == product.pid
    )
    page = sandbox.get("product/query", pid=product.pid, features="enable_inventory")["data"]
    by_pid = sandbox.get("product/stock/getInventoryByPid", pid=product.pid)["data"]

    def in_china(rows, name):
        return next(row[name] for row in rows if row["countryCode"] == "CN")

    listed = next(
        each for each in json.loads(row["variantInventories"]) if each["vid"] == variant.vid
    )
    detailed = next(each for each in page["variants"] if each["vid"] == variant.vid)
    counted = next(each for each in by_pid["variantInventories"] if each["vid"] == variant.vid)
    assert in_china(listed["inventory"], "totalInventory") == 77
    assert in_china(detailed["inventories"], "cjInventory") == 77
    assert in_china(counted["inventory"], "totalInventoryNum") == 77


def test_detail_describes_the_product(sandbox):
    product, variant = sandbox.goods()
    sandbox.control("price", {"vid": variant.vid, "price": "12.30"})

    page = sandbox.get("product/query", pid=product.pid)["data"]
    body = sandbox.client.get(f"{PREFIX}product/query", params={"pid": product.pid}).text

    assert page["productProEnSet"] == ["HAVE_ELECTRICITY", "HAVE_BATTERY"]
    assert "<td>Light output</td>" in page["description"]
    assert '"variantSellPrice":12.30' in body  # a number; the list has a string
    assert "12.30" in page["sellPrice"]


def test_bad_records_appear_in_responses(sandbox):
    catalog = sandbox.state.catalog
    bad = {catalog.at(place).flaw: catalog.at(place) for place in range(len(catalog))}

    def page(flaw):
        return sandbox.get("product/query", pid=bad[flaw].pid, features="enable_inventory")["data"]

    assert page("missing_price")["variants"][0]["variantSellPrice"] is None
    assert " -- " in page("price_range")["sellPrice"]
    assert page("negative_stock")["variants"][0]["inventories"][0]["totalInventory"] < 0
    assert page("null_fields")["description"] is None
    assert page("missing_variants")["variants"] == []
    assert page("weight_range")["productWeight"] == "110.00-140.00"
    assert "<script>" in page("hostile_html")["description"]


def test_products_off_sale_return_error_codes(sandbox):
    product, variant = sandbox.goods()
    sandbox.control("shelve", {"pid": product.pid, "on": False})

    assert sandbox.get("product/query", pid=product.pid)["code"] == 1602002
    assert sandbox.place("FL-1", variant)["code"] == 1602003


def quote(sandbox, variant, *, quantity=1, country="DE"):
    body = {
        "startCountryCode": "CN",
        "endCountryCode": country,
        "products": [{"vid": variant.vid, "quantity": quantity}],
    }
    return sandbox.post("logistic/freightCalculate", body)


def test_services_that_refuse_batteries_are_not_quoted_for_them(sandbox):
    _, lamp = sandbox.goods(lithium=True)
    _, strap = sandbox.goods(lithium=False)

    for_strap, for_lamp = (
        {row["logisticName"] for row in quote(sandbox, each)["data"]} for each in (strap, lamp)
    )
    refused = sandbox.place("FL-1", lamp, logisticName="CJPacket Ordinary")

    assert "CJPacket Ordinary" in for_strap - for_lamp
    assert "CJPacket Sensitive" in for_lamp
    assert refused["code"] == 1605001
    assert "lithium" in refused["message"]


def test_freight_depends_on_weight_and_country(sandbox):
    _, lamp = sandbox.goods()

    one, four = (quote(sandbox, lamp, quantity=units)["data"][0] for units in (1, 4))

    assert Decimal(str(four["totalPostageFee"])) > Decimal(str(one["totalPostageFee"]))
    assert quote(sandbox, lamp, country="XX")["code"] == 1605002
    assert quote(sandbox, lamp, quantity=0)["code"] == 1600300
