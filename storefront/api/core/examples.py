"""API examples: read the recorded request and answer of each operation, put them into the schema.

An example in the code, which a test sends, takes precedence. Tests record the others from real calls:
``API_EXAMPLES=record pytest tests/storefront/api``.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "examples"
JSON = "application/json"


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Return ``{"request", "response"}`` by operation; the request is null without a body."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the recorded examples to a schema (a hook of drf-spectacular)."""
    for methods in result["paths"].values():
        for definition in methods.values():
            example = recorded().get(definition["operationId"])
            if example is not None:
                _add(definition.get("requestBody"), example["request"])
                for status, answer in definition["responses"].items():
                    if status.startswith("2"):
                        _add(answer, example["response"])
    return result


def _add(part: dict[str, Any] | None, example: Any) -> None:
    content = (part or {}).get("content", {}).get(JSON)
    if content is not None and example is not None and "examples" not in content:
        content["example"] = example
