"""API documentation: render the OpenAPI schema as one plain page with examples."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from storefront.api.core import problem_types
from storefront.api.core.schema import API_KEY, CART_TOKEN, CUSTOMER_SESSION, ORDER_KEY

JSON = "application/json"
MAX_DEPTH = 9
# The only operation that takes a form: RFC 6749 prescribes it.
FORM = "-u fara_key_…:fara_key_… -d grant_type=client_credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    curl: str
    success: int
    example: str
    problems: list[problem_types.ProblemType]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Render the documentation page, in English like the schema."""
    schema = schema_in("en")
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, definition in methods.items():
            operation = describe(schema, path, method, definition)
            groups.setdefault(definition["tags"][0], []).append(operation)
    with override("en"):
        page = {"info": schema["info"], "groups": groups, "kinds": problem_types.ALL}
        return render(request, "api/docs.html", page)


@cache
def schema_in(language: str) -> dict[str, Any]:
    """Generate the schema once per language; it changes only with the code."""
    with override(language):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def describe(
    schema: dict[str, Any], path: str, method: str, definition: dict[str, Any]
) -> Operation:
    success = next(code for code in definition["responses"] if code.startswith("2"))
    content = definition["responses"][success].get("content", {}).get(JSON)
    slugs = {
        name
        for answer in definition["responses"].values()
        for kind in answer.get("content", {}).values()
        for name in _example_names(kind)
    }
    return Operation(
        id=definition["operationId"],
        method=method.upper(),
        path=path,
        summary=definition["summary"],
        description=definition.get("description", ""),
        parameters=definition.get("parameters", []),
        curl=_curl(schema, path, method, definition),
        success=int(success),
        example=_pretty(_sample(schema, content["schema"])) if content else "",
        problems=[kind for kind in problem_types.ALL if kind.slug in slugs],
    )


def _example_names(content: dict[str, Any]) -> set[str]:
    return {
        example["value"]["type"].partition("#")[2]
        for example in content.get("examples", {}).values()
    }


def _curl(schema: dict[str, Any], path: str, method: str, definition: dict[str, Any]) -> str:
    lines = [f"curl -X {method.upper()} {settings.PUBLIC_URL}{path}"]
    if any(
        parameter["in"] == "header" and parameter.get("required")
        for parameter in definition.get("parameters", [])
    ):
        lines.append("-H 'Idempotency-Key: 5f2c1e0a-8d4b-4c7e-9a55-0d6f1b7c3e21'")
    # The first of the alternatives.
    for scheme in definition.get("security", ())[:1]:
        lines += [_credential(name) for name in scheme]
    if body := definition.get("requestBody"):
        if JSON not in body["content"]:
            lines.append(FORM)
            return " \\\n  ".join(lines)
        content = body["content"][JSON]
        examples = [example["value"] for example in content.get("examples", {}).values()]
        sample = examples[0] if examples else _sample(schema, content["schema"])
        lines += ["-H 'Content-Type: application/json'", f"-d '{_pretty(sample)}'"]
    return " \\\n  ".join(lines)


def _credential(scheme: str) -> str:
    if scheme == CUSTOMER_SESSION:
        return "-H 'Cookie: sessionid=…; csrftoken=…' -H 'X-CSRFToken: …'"
    return f"-H 'Authorization: Bearer {BEARERS[scheme]}'"


def _sample(schema: dict[str, Any], part: dict[str, Any], depth: int = 0) -> Any:
    """Return an example value of a part of the schema."""
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    for joined in ("allOf", "oneOf", "anyOf"):
        if joined in part:
            return _sample(schema, part[joined][0], depth)
    if "enum" in part:
        return part["enum"][0]
    kind = part.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" and depth < MAX_DEPTH:
        named = part.get("properties", {})
        return {
            name: EXAMPLES_BY_NAME[name]
            if _has_named_example(name, inner)
            else _sample(schema, inner, depth + 1)
            for name, inner in named.items()
        }
    if kind == "array" and depth < MAX_DEPTH:
        return [_sample(schema, part["items"], depth + 1)]
    return EXAMPLES_BY_TYPE.get(part.get("format") or kind or "", "…")


def _has_named_example(name: str, part: dict[str, Any]) -> bool:
    """Return whether ``EXAMPLES_BY_NAME`` has an example of this name and type."""
    if name not in EXAMPLES_BY_NAME or "type" not in part:
        return False
    types = part["type"] if isinstance(part["type"], list) else [part["type"]]
    if isinstance(EXAMPLES_BY_NAME[name], list):
        return "array" in types and part["items"].get("type") == "string"
    return {str: "string", int: "integer"}[type(EXAMPLES_BY_NAME[name])] in types


# Examples of fields whose name says more than their type.
EXAMPLES_BY_NAME: dict[str, Any] = {
    "access_key": "q2VfS0yqkT3mX9bJ7cLhR4wZ",
    "amount": "39.99",
    "available": 7,
    "battery_format": "18650",
    "brand": "Northbeam",
    "carrier": "YunExpress",
    "category": "headlamps",
    "city": "Berlin",
    "claim": "Send the light to the guarantor, who repairs or replaces it.",
    "code": "water",
    "color": "Black",
    "confidence": "0.95",
    "country": "DE",
    "currency": "EUR",
    "delivered": 0,
    "family": "headlamp",
    "features": ["red_light"],
    "fulfillment_status": "unfulfilled",
    "gtin": "04006381333931",
    "guarantor": "Northbeam GmbH",
    "ip_rating": "IPX8",
    "line1": "Musterweg 1",
    "listing_id": 42,
    "locale": "en",
    "model": "NB-H100",
    "months": 36,
    "name": "Erika Muster",
    "number": "FL-261124-7K3QX",
    "options": ["Black"],
    "payment_status": "authorized",
    "phone": "+49301234567",
    "pointer": "#/prices/0",
    "postcode": "10115",
    "power": ["18650", "usb_c"],
    "sku": "HL-0042",
    "slug": "ridge-1800",
    "status": "pending_payment",
    "terms_url": "/en/p/ridge-1800/guarantee/",
    "territory": "European Union",
    "title": "Ridge 1800",
    "token": "Xb1nW8c3Yh0pQe5RkT7uLm2sVd9fGz4aJo6iHrNtCwE",
    "weight_g": 142,
}
BEARERS = {
    CART_TOKEN: EXAMPLES_BY_NAME["token"],
    ORDER_KEY: EXAMPLES_BY_NAME["access_key"],
    API_KEY: "fara_key_…",
}
EXAMPLES_BY_TYPE: dict[str, Any] = {
    "date-time": "2026-11-24T12:00:00Z",
    "date": "2026-12-01",
    "uri": "https://…",
    "email": "erika@example.org",
    "decimal": "2.5",
    "integer": 1,
    "boolean": True,
    "number": 1,
    "object": {},
    "array": [],
}


def _pretty(sample: Any) -> str:
    return json.dumps(sample, indent=2, ensure_ascii=False)
