"""Webhook schemas: describe each event that the shop sends, as ``webhooks`` of the OpenAPI schema."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from django.utils.translation import override

from storefront.events.event_types import EventType
from storefront.events.payloads import DATA_TYPES

PREFIX = "Event"
EXAMPLES = Path(__file__).parent / "examples.json"
HEADERS = (
    ("webhook-id", "The event's id: the same at each attempt. Ignore ids that you have."),
    ("webhook-timestamp", "Time of this attempt, in Unix seconds. Refuse old ones."),
    (
        "webhook-signature",
        "Separated by spaces: v1, a comma, Base64 of the HMAC-SHA256 of id.timestamp.body.",
    ),
)
ANSWERS = {
    "2XX": "Received. The body is not read, except its first characters for the log.",
    "410": "No longer wanted: the subscription is disabled.",
    "429": "Too many: sent again after Retry-After, at most an hour later than planned.",
    "default": "Failed, also a redirect: sent again, ten times over three days.",
}


@cache
def recorded_events() -> dict[str, dict[str, Any]]:
    """Return one published event of each type."""
    events: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text())
    return events


def add_webhooks(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the webhooks to a schema; a postprocessing hook of drf-spectacular."""
    data_types = list(DATA_TYPES.values())
    unique = sorted(set(data_types), key=data_types.index)
    schemas, components = msgspec.json.schema_components(
        unique, ref_template=f"#/components/schemas/{PREFIX}{{name}}"
    )
    by_type = dict(zip(unique, schemas, strict=True))
    known = result.setdefault("components", {}).setdefault("schemas", {})
    # Generators of clients name classes by the titles.
    known |= {
        f"{PREFIX}{name}": {**schema, "title": f"{PREFIX}{name}"}
        for name, schema in components.items()
    }
    with override("en"):
        result["webhooks"] = {
            kind.value: {"post": _operation(kind, by_type[DATA_TYPES[kind]])} for kind in EventType
        }
    return result


def _operation(kind: EventType, data: dict[str, Any]) -> dict[str, Any]:
    body = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "type": {"const": kind.value},
            "timestamp": {"type": "string", "format": "date-time"},
            "version": {"type": "integer"},
            "subject": {"type": "string"},
            "sequence": {"type": "integer"},
            "data": data,
        },
        "required": ["id", "type", "timestamp", "version", "subject", "sequence", "data"],
    }
    headers = [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in HEADERS
    ]
    content = {"schema": body, "example": recorded_events()[kind.value]}
    return {
        "operationId": f"on_{kind.value.replace('.', '_')}",
        "summary": str(kind.label),
        "tags": ["webhooks"],
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {code: {"description": text} for code, text in ANSWERS.items()},
    }
