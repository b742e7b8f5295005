"""API documentation: render the OpenAPI schema as one plain page with recorded examples.

An example in the code, which a test sends, takes precedence. Tests record the others from real calls:
``API_EXAMPLES=record pytest tests/storefront/api``.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from storefront.api.core import problem_types
from storefront.api.core.schema import API_KEY, CART_TOKEN, CUSTOMER_SESSION, ORDER_KEY

JSON = "application/json"
EXAMPLES = Path(__file__).parent.parent / "examples"
MAX_LINE = 100
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
            operation = describe(path, method, definition)
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


def describe(path: str, method: str, definition: dict[str, Any]) -> Operation:
    success = next(code for code in definition["responses"] if code.startswith("2"))
    content = definition["responses"][success].get("content", {}).get(JSON)
    summary, description = definition["summary"], definition.get("description", "")
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
        summary=summary,
        description="" if description == summary else _html(description),
        parameters=[
            {**parameter, "description": _html(parameter.get("description", ""))}
            for parameter in definition.get("parameters", [])
        ],
        curl=_curl(path, method, definition),
        success=int(success),
        example=pretty(content["example"]) if content and "example" in content else "",
        problems=[kind for kind in problem_types.ALL if kind.slug in slugs],
    )


def _html(text: str) -> SafeString:
    """Return a description with its code spans, the only Markdown in it."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped


def _example_names(content: dict[str, Any]) -> set[str]:
    return {
        example["value"]["type"].partition("#")[2]
        for example in content.get("examples", {}).values()
    }


def _curl(path: str, method: str, definition: dict[str, Any]) -> str:
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
        stated = [example["value"] for example in content.get("examples", {}).values()]
        sample = stated[0] if stated else content.get("example", {})
        lines += ["-H 'Content-Type: application/json'", f"-d '{pretty(sample)}'"]
    return " \\\n  ".join(lines)


def _credential(scheme: str) -> str:
    if scheme == CUSTOMER_SESSION:
        return "-H 'Cookie: sessionid=…; csrftoken=…' -H 'X-CSRFToken: …'"
    return f"-H 'Authorization: Bearer {BEARERS[scheme]}'"


BEARERS = {
    CART_TOKEN: "Xb1nW8c3Yh0pQe5RkT7uLm2sVd9fGz4aJo6iHrNtCwE",
    ORDER_KEY: "q2VfS0yqkT3mX9bJ7cLhR4wZ",
    API_KEY: "fara_key_…",
}


def pretty(value: Any, indent: str = "") -> str:
    """Return JSON in which an object or list that fits into a line is one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(flat) <= MAX_LINE:
        return flat
    inner = f"{indent}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {pretty(each, inner)}" for name, each in value.items()]
    else:
        parts = [pretty(each, inner) for each in value]
    lines = ",\n".join(f"{inner}{part}" for part in parts)
    return f"{flat[0]}\n{lines}\n{indent}{flat[-1]}"


# Examples of the schema


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Return ``{"request", "response"}`` by operation; without a body, there is no request."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(EXAMPLES.glob("*.json"))}


def add_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the recorded examples to a schema (a hook of drf-spectacular)."""
    for methods in result["paths"].values():
        for definition in methods.values():
            example = recorded().get(definition["operationId"])
            if example is not None:
                _add(definition.get("requestBody"), example.get("request"))
                for status, answer in definition["responses"].items():
                    if status.startswith("2"):
                        _add(answer, example["response"])
    return result


def _add(part: dict[str, Any] | None, example: Any) -> None:
    content = (part or {}).get("content", {}).get(JSON)
    if content is not None and example is not None and "examples" not in content:
        content["example"] = example
