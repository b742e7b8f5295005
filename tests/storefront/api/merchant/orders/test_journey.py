"""A program of the merchant works an order over HTTP: from the list to the refund."""

from uuid import uuid4

import httpx
import pytest

from tests.factories.api import ADMIN, make_api_key
from tests.factories.full_shop import settle
from tests.factories.orders import make_order, make_sellable
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order

pytestmark = pytest.mark.django_db(transaction=True)


def test_program_ships_and_refunds_a_paid_order(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    listing = make_sellable(quantity=20)
    paid = make_accepted_purchase_order(listing, quantity=2).order
    settle(paid)
    for number in range(3):
        make_order(listing, email=f"{number}@example.org")
    bearer = {"authorization": f"Bearer {make_api_key()}"}

    with httpx.Client(base_url=live_server.url, headers=bearer, timeout=20) as client:

        def post(path, body):
            answer = client.post(ADMIN + path, json=body, headers={"idempotency-key": str(uuid4())})
            assert answer.is_success, answer.text
            return answer.json()

        def get(path, **query):
            answer = client.get(ADMIN + path, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()

        page = get("orders/", limit=2, expand="lines,purchase_orders")
        orders = page["results"]
        while page["next"]:
            page = client.get(page["next"]).json()
            orders += page["results"]
        (order,) = [each for each in orders if each["payment_status"] == "paid"]
        (line,), (purchase_order,) = order["lines"], order["purchase_orders"]

        tracking = {"carrier": "CJPacket", "tracking_number": CJ_NUMBER}
        parcel = post(f"purchase-orders/{purchase_order['number']}/parcels/", tracking)
        assert get(f"orders/{order['number']}/")["fulfillment_status"] == "shipped"
        post(f"parcels/{parcel['id']}/deliver/", {"reason": "the customer called"})
        assert get(f"orders/{order['number']}/")["fulfillment_status"] == "delivered"

        units = {"lines": [{"line_id": line["id"], "quantity": 1}], "kind": "damaged"}
        (refund,) = post(f"orders/{order['number']}/refunds/", {**units, "reason": "scratched"})[
            "refunds"
        ]
        settle(paid)  # the gateway refunds it
        shown = get(f"refunds/{refund['id']}/")

    assert len(orders) == 4
    assert (shown["status"], shown["amount"]["amount"]) == ("succeeded", "39.99")
