from collections.abc import Mapping

import pytest
from django.test import Client

from tests.factories.api import make_api_key

ONX = "/api/v1/onx/"


class OnxClient:
    """A program that calls tools with a key of some scopes, by default all."""

    def __init__(self, *scopes, name="partner"):
        self.bearer = make_api_key(*scopes, name=name)

    def send(self, message, **headers):
        headers = {"authorization": f"Bearer {self.bearer}", **headers}
        return Client().post(ONX, message, content_type="application/json", headers=headers)

    def request(self, method, params=None):
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        answer = self.send(message).json()
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", 1)
        return answer

    def call(self, tool, arguments):
        """Return the result of a tool that succeeds."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert result["isError"] is False, result
        return result["structuredContent"]

    def refusal(self, tool, arguments):
        """Return the error of a tool that refuses."""
        result = self.request("tools/call", {"name": tool, "arguments": arguments})["result"]
        assert result["isError"] is True, result
        assert isinstance(result["structuredContent"], Mapping)
        return result["error"]


@pytest.fixture
def onx():
    return OnxClient()


@pytest.fixture
def client_of():
    return OnxClient


@pytest.fixture
def wanted(listing):
    """The arguments that order two headlamps."""
    return {
        "order": {
            "externalId": "S-1001",
            "billingAddress": {"email": "buyer@example.org"},
            "shippingAddress": {
                "firstName": "Erika",
                "lastName": "Muster",
                "address1": "Musterweg 1",
                "zipCodeOrPostalCode": "10115",
                "city": "Berlin",
                "country": "DE",
            },
            "lineItems": [{"sku": listing.variant.sku, "quantity": 2}],
        }
    }
