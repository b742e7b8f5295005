"""API client for tests: every answer must match the OpenAPI schema."""

import json
import re
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from django.test import Client
from jsonschema import Draft202012Validator

from storefront.api.core.docs import schema_in
from tests.support import api_examples

CART = "/api/v1/cart/"


@cache
def components():
    """Return the components of the schema. Only a problem may have members that none documents."""
    schemas = schema_in("en")["components"]["schemas"].items()
    return {
        "schemas": {
            name: {"additionalProperties": name == "Problem", **schema} for name, schema in schemas
        }
    }


class Caller:
    """Sends requests and validates every answer against the schema."""

    def __init__(self, bearers=()):
        self.client = Client(raise_request_exception=False)
        self.schema = schema_in("en")
        self.seen = set()
        self.bearers = dict(bearers)  # by path prefix

    def open_cart(self, body=None):
        """Open a cart, and send its token with each later request to it."""
        token = self.post("/api/v1/carts/", body or {}).json()["token"]
        self.bearers[CART] = token
        return token

    def get(self, path, query=None, **headers):
        return self.call("GET", path, query=query, headers=headers)

    def follow(self, page):
        """Read the next page of a list."""
        url = urlsplit(page["next"])
        return self.get(url.path, dict(parse_qsl(url.query)))

    def post(self, path, body=None, *, key=None, **headers):
        return self.call("POST", path, body=body, key=key, headers=headers)

    def call(self, method, path, *, query=None, body=None, key=None, headers=None):
        if key is not None:
            headers = {**(headers or {}), "idempotency-key": key}
        content = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, content, query=query, headers=headers)

    def send(
        self, method, path, content, *, content_type="application/json", query=None, headers=None
    ):
        bearers = [key for start, key in self.bearers.items() if path.startswith(start)]
        if bearers:
            headers = {"authorization": f"Bearer {bearers[0]}", **(headers or {})}
        response = self.client.generic(
            method,
            path,
            content,
            content_type=content_type,
            query_params=query,
            headers=headers,
        )
        self.check(method, path, response, content)
        return response

    def check(self, method, path, response, content=b""):
        """Validate one answer against the schema."""
        operation, name = self._operation(method, path)
        if operation is None:
            assert response.headers["content-type"] == "application/problem+json"
            return
        documented = operation["responses"].get(str(response.status_code))
        assert documented, (
            f"{name} does not document {response.status_code}: {response.content[:300]}"
        )
        self.seen.add((name, response.status_code))
        if response.status_code in (204, 304):
            return
        content_type = response.headers["content-type"]
        assert content_type in documented["content"], f"{name}: {content_type}"
        part = documented["content"][content_type]["schema"]
        whole = {"allOf": [part], "components": components()}
        Draft202012Validator(whole).validate(response.json())
        if api_examples.IS_RECORDING and response.status_code < 300:
            api_examples.record(name, content, response)

    def _operation(self, method, path):
        for template, methods in self.schema["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in methods:
                operation = methods[method.lower()]
                return operation, operation["operationId"]
        return None, ""


def kind_of(response):
    """Return the slug of a problem."""
    return response.json()["type"].rpartition("#")[2]


def pointers(response):
    return [error["pointer"] for error in response.json()["errors"]]
