"""The BigBuy sandbox in the test process: a real server on a free port with its own directory."""

import threading

import httpx
import pytest

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.lists import LIGHTING
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY, Rules, open_state

ADDRESS = {
    "firstName": "Erika",
    "lastName": "Muster",
    "country": "DE",
    "postcode": "10115",
    "town": "Berlin",
    "address": "Musterweg 1",
    "phone": "+49301234567",
    "email": "e@example.org",
    "comment": "",
}


class BigBuySandbox:
    """A running server."""

    def __init__(self, folder, *, count=24, seed=7, **rules):
        rules = Rules(**({"hour_s": 0, "second_s": 0} | rules))
        self.state = open_state(folder=folder, base_url="", count=count, seed=seed, rules=rules)
        self.server = Server(("127.0.0.1", 0), state=self.state)
        self.url = self.state.base_url = f"http://127.0.0.1:{self.server.server_address[1]}"
        headers = {"Authorization": f"Bearer {DEFAULT_KEY}"}
        self.client = httpx.Client(base_url=self.url, trust_env=False, headers=headers)
        self.threads = [
            threading.Thread(target=self.server.serve_forever, args=(0.02,)),
            orders.start(self.state),
        ]
        self.threads[0].start()

    def close(self):
        self.client.close()
        self.state.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        for thread in self.threads:
            thread.join(timeout=10)
        self.state.ledger.close()

    def get(self, path, **query):
        return self.client.get(f"/rest/{path}.json", params=query)

    def post(self, path, body):
        return self.client.post(f"/rest/{path}.json", json=body)

    def listed(self, name, **query):
        words = {"page": 0, "pageSize": 10_000, "parentTaxonomy": LIGHTING, **query}
        return self.get(f"catalog/{name}", **words).json()

    def control(self, path, body=None):
        method = "GET" if body is None else "POST"
        return self.client.request(method, f"/control/{path}", json=body).json()

    def skus(self, count=1):
        items = self.control("items", None)
        return [row["sku"] for row in items if not row["flaw"] and row["stock"]["1"][0] > 3][:count]

    def order(self, number, *skus, **words):
        address = {**ADDRESS, **{key: words.pop(key) for key in list(words) if key in ADDRESS}}
        return {
            "order": {
                "internalReference": number,
                "language": "en",
                "paymentMethod": "moneybox",
                "carriers": [{"name": "gls"}, {"name": "dhl"}],
                "shippingAddress": address,
                "products": [{"reference": sku, "quantity": 1} for sku in skus],
                **words,
            }
        }


@pytest.fixture
def bigbuy(tmp_path):
    sandbox = BigBuySandbox(tmp_path / "bigbuy")
    yield sandbox
    sandbox.close()
