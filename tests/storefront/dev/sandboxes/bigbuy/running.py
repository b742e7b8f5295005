"""The BigBuy sandbox in the test process: a real server on a free port with its own directory."""

import pytest

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.lists import LIGHTING
from storefront.dev.sandboxes.bigbuy.server import Server
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY, Rules, SandboxState
from tests.fakes.running_server import RunningServer

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


class BigBuySandbox(RunningServer):
    def __init__(self, folder, *, count=24, seed=7):
        rules = Rules(hour_s=0, second_s=0)
        state = SandboxState(folder=folder, base_url="", count=count, seed=seed, rules=rules)
        headers = {"Authorization": f"Bearer {DEFAULT_KEY}"}
        server = Server(("127.0.0.1", 0), state=state)
        super().__init__(server, state, begin=(orders.start,), headers=headers)

    def get(self, path, **query):
        return self.client.get(f"/rest/{path}.json", params=query)

    def post(self, path, body):
        return self.client.post(f"/rest/{path}.json", json=body)

    def listed(self, name, **query):
        words = {"page": 0, "pageSize": 10_000, "parentTaxonomy": LIGHTING, **query}
        return self.get(f"catalog/{name}", **words).json()

    def skus(self, count=1):
        items = self.control("items")
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
