"""Recorded BigBuy answers, a purchase order request, and a connector."""

import json
from dataclasses import replace
from pathlib import Path

import httpx

from suppliers.connectors.bigbuy import BigBuy
from tests.factories.connector_contexts import HOME, MemoryBudget, make_context, make_request

BASE = "https://bigbuy.example/rest/"
RECORDED = Path(__file__).parents[1] / "recorded" / "bigbuy"
LISTS = (
    "products", "productsinformation", "productsimages", "productprices",
    "productvariationprices", "productsstockbyhandlingdays",
    "productsvariationsstockbyhandlingdays", "productsvariations", "variations", "attributes",
    "attributegroups", "manufacturers", "taxonomies",
)  # fmt: skip
ALONE, MANY = "70047", "70001"
ALONE_SKU = "S7100046"
BLACK_SKU, SECOND_SKU, THIRD_SKU = "V001120016", "V001120017", "V001120018"
STATUSES = {"Payment accepted": "accepted", "Shipped": "shipped", "Delivered": "delivered"}
REQUEST = make_request(
    BLACK_SKU,
    ship_to=replace(HOME, name="Erika Maria Muster"),
    location="1",
    country_from="ES",
    carrier_service="gls",
)


class EndlessSeconds(MemoryBudget):
    """Counts calls against the hourly quotas only; the per-second quotas are never used up."""

    def spend(self, quota, *, points=1, is_for_order=False):
        if quota.window_s > 1:
            super().spend(quota, points=points, is_for_order=is_for_order)


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def said(name):
    return httpx.Response(200, json=recorded(name))


def business(code, *, is_outside=False, **data):
    """Return a 409 with a business code: beside ``message`` if ``is_outside``, else inside it."""
    inner = {"info": "words that must not be relied on", "data": data}
    message = json.dumps(inner if is_outside else {"code": code, **inner})
    return httpx.Response(409, json={"code": code if is_outside else 409, "message": message})


def open_bigbuy(folder, *, memory=None, budget=None, **options):
    words = {"taxonomies": [19657], "email": "orders@shop.example", "order_statuses": STATUSES}
    changes = {"state": memory} if memory else {}
    return BigBuy(
        make_context(
            BASE,
            currency="EUR",
            secrets={"api_key": "key-1"},
            options={**words, **options},
            quotas=budget or EndlessSeconds(),
            folder=folder,
            **changes,
        )
    )


def answer_lists(mocked, **instead):
    """Mock the answer of each list: as recorded, or as ``instead`` says."""
    return {
        name: mocked.get(f"catalog/{name}.json").mock(return_value=instead.get(name) or said(name))
        for name in LISTS
    }


def json_answer(rows):
    return httpx.Response(200, json=rows)
