import re

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from storefront.api.core import problem_types
from storefront.api.core.docs import describe, recorded, schema_in
from tests.storefront.api.schema_client import components

pytestmark = pytest.mark.django_db
VERBS = {"get": ["list", "get"], "put": ["update"], "patch": ["update"], "delete": ["delete"]}


def test_schema_is_valid_complete_and_served(client, tmp_path):
    file = tmp_path / "schema.yml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))

    assert "openapi: 3.1.0" in file.read_text()
    assert "/api/v1/cart/checkout/" in client.get("/api/schema/").json()["paths"]


def test_no_url_contains_a_secret():
    found = set(re.findall(r"{(\w+)}", " ".join(schema_in("en")["paths"])))

    assert {name for name in found if not name.endswith("_id")} == {"slug", "number", "event"}


def test_every_operation_is_named_by_its_verb_and_its_object():
    for path, methods in schema_in("en")["paths"].items():
        action = path.split("/")[-2]  # such as cancel
        for method, described in methods.items():
            verb = described["operationId"].partition("_")[0]
            assert verb in VERBS.get(method, ["create", action]), described["operationId"]


def test_every_operation_documents_its_problems():
    schema = schema_in("en")

    for methods in schema["paths"].values():
        for described in methods.values():
            for status, answer in described["responses"].items():
                kinds_of_content = list(answer.get("content", ["application/json"]))
                is_problem = int(status) >= 400
                expected = "application/problem+json" if is_problem else "application/json"
                assert kinds_of_content == [expected], (described["operationId"], status)


def _operations():
    for path, methods in schema_in("en")["paths"].items():
        for method, described in methods.items():
            yield described["operationId"], describe(path, method, described), described


def test_every_operation_has_a_recorded_example():
    """To record missing ones: API_EXAMPLES=record pytest tests/storefront/api."""
    with_body = {
        name
        for name, operation, described in _operations()
        if "application/json" in described["responses"][str(operation.success)].get("content", {})
    }

    assert {*recorded()} == with_body


def test_every_example_matches_the_schema():
    for _name, operation, described in _operations():
        for part in (
            described.get("requestBody", {}),
            described["responses"][str(operation.success)],
        ):
            content = part.get("content", {}).get("application/json", {})
            stated = [example["value"] for example in content.get("examples", {}).values()]
            for example in [content["example"]] if "example" in content else stated:
                whole = {"allOf": [content["schema"]], "components": components()}
                Draft202012Validator(whole).validate(example)


def test_page_documents_every_operation_and_problem_and_loads_nothing_external(client):
    answer = client.get("/api/docs/")
    page = answer.content.decode()

    for path, methods in schema_in("en")["paths"].items():
        assert path in page
        for described in methods.values():
            assert f'id="{described["operationId"]}"' in page
    for kind in problem_types.ALL:
        assert f'id="{kind.slug}"' in page
    assert "Scope: <code>orders:read</code>" in page
    assert "<script" not in page
    assert " style=" not in page
    assert all(address.startswith("/") for address in re.findall(r'<link[^>]+href="([^"]+)"', page))
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
