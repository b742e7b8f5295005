"""The CJ sandbox in the test process: a real server on a free port with its own directory."""

import pytest

from storefront.dev.sandboxes.cj import order_lifecycle, webhooks
from storefront.dev.sandboxes.cj.server import Server
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY, Rules, SandboxState
from tests.fakes.running_server import RunningServer

PREFIX = "/api2.0/v1/"


class Sandbox(RunningServer):
    """The CJ sandbox with a logged-in client."""

    def __init__(self, folder, *, count=40, seed=7, **rules):
        rules = Rules(**{"qps": 0, "webhook_retry_s": 0.05} | rules)
        state = SandboxState(folder=folder, base_url="", count=count, seed=seed, rules=rules)
        server = Server(("127.0.0.1", 0), state=state)
        super().__init__(server, state, begin=(order_lifecycle.start, webhooks.start))

    def login(self):
        data = self.post("authentication/getAccessToken", {"apiKey": DEFAULT_KEY})["data"]
        self.client.headers["CJ-Access-Token"] = data["accessToken"]
        return data

    def get(self, path, **query):
        return self.client.get(PREFIX + path, params=query).json()

    def post(self, path, body=None):
        return self.client.post(PREFIX + path, json=body).json()

    def goods(self, *, lithium=True, country="CN", at_least=5):
        """Find a valid variant with enough stock."""
        for position in range(len(self.state.catalog)):
            product = self.state.catalog.at(position)
            if product.flaw or product.is_lithium is not lithium:
                continue
            if product.family == "batteries" or country not in self.state.stock_store.countries(
                product
            ):
                continue
            for variant in product.variants:
                level = self.state.stock_store.level(product, variant, country=country)
                if variant.has_cells is lithium and level.ready >= at_least:
                    return product, variant
        raise LookupError

    def order(self, number, variant, *, quantity=1, **words):
        return {
            "orderNumber": number,
            "shippingCountryCode": "DE",
            "shippingCountry": "Germany",
            "shippingProvince": "Berlin",
            "shippingCity": "Berlin",
            "shippingAddress": "Musterweg 1",
            "shippingCustomerName": "Erika Muster",
            "payType": 2,
            "logisticName": "CJPacket Sensitive",
            "fromCountryCode": "CN",
            "products": [
                {"vid": variant.vid, "quantity": quantity, "storeLineItemId": "88"},
            ],
        } | words

    def place(self, number, variant, **words):
        return self.post("shopping/order/createOrderV2", self.order(number, variant, **words))


@pytest.fixture
def run(tmp_path):
    """Start sandboxes with the given settings; stop them after the test."""
    running = []

    def start(folder="data", **rules):
        sandbox = Sandbox(tmp_path / folder, **rules)
        running.append(sandbox)
        sandbox.login()
        return sandbox

    yield start
    for sandbox in running:
        sandbox.close()


@pytest.fixture
def sandbox(run):
    return run()
