"""App definitions of Zapier and Make: each request is one that the API's schema describes."""

import copy
import re

import pytest
from jsonschema import Draft202012Validator

from storefront.api.core.docs import recorded, schema_in
from tests.fakes import automation_hub
from tests.fakes.automation_hub import INTEGRATIONS, Make, Zapier, load

ACCOUNT = {"shop_url": "https://shop.example", "api_key": "key"}
# Values of fields that are neither a choice, an integer nor any text.
VALUES = {
    "amount": "12.50",
    "country": "DE",
    "currency": "EUR",
    "email": "erika@example.org",
    "lines": [{"sku": "HL-1", "quantity": 2}],
}


@pytest.fixture
def answers(monkeypatch):
    """Validate requests instead of sending them; collect the recorded answers to them."""
    schema, collected = copy.deepcopy(schema_in("en")), []
    for component in schema["components"]["schemas"].values():
        if "properties" in component:  # the API refuses unknown members
            component["additionalProperties"] = False

    def answer(method, url, headers, body=None):
        path, _mark, query = url.removeprefix(ACCOUNT["shop_url"]).partition("?")
        (operation,) = (
            methods[method.lower()]
            for known, methods in schema["paths"].items()
            if re.fullmatch(re.sub(r"{\w+}", "[^/{]+", known), path) and method.lower() in methods
        )
        parameters = operation.get("parameters", ())
        assert set(re.findall(r"(\w+)=", query)) <= {each["name"] for each in parameters}
        needed = {
            each["name"] for each in parameters if each["in"] == "header" and each.get("required")
        }
        assert needed <= headers.keys()
        if body is not None:
            content = operation["requestBody"]["content"]["application/json"]["schema"]
            whole = {"allOf": [content], "components": schema["components"]}
            Draft202012Validator(whole).validate(body)
        collected.append(recorded().get(operation["operationId"], {}).get("response"))
        return 200, collected[-1]

    monkeypatch.setattr(automation_hub, "send", answer)
    return collected


def inputs(fields):
    """Yield what a user may enter: only the required fields, then each choice of all fields."""
    values = {field.get("key") or field["name"]: _values(field) for field in fields}
    needed = {field.get("key") or field["name"] for field in fields if field.get("required")}
    yield {name: values[name][0] for name in needed}
    for at in range(max(map(len, values.values()))):
        yield {name: known[at % len(known)] for name, known in values.items()}


def _values(field):
    choices = field.get("choices") or [option["value"] for option in field.get("options", ())]
    usual = 1 if field.get("type") == "integer" else "text"
    return [*choices] or [VALUES.get(field.get("key") or field["name"], usual)]


def test_each_step_of_zapier_sends_what_the_schema_describes(answers):
    zapier = Zapier(**ACCOUNT)
    for name, step in zapier.app["creates"].items():
        for fields in inputs(step["inputFields"]):
            zapier.act(name, **fields)
            assert step["sample"].keys() <= answers[-1].keys(), name
    (listing, *_) = zapier.find("find_listing", sku="HL-1", channel="shop")
    assert zapier.app["searches"]["find_listing"]["sample"].keys() <= listing.keys()


def test_each_trigger_of_zapier_subscribes_to_an_event_of_the_schema(answers):
    zapier = Zapier(**ACCOUNT)
    zapier.test_connection()
    for name in zapier.app["triggers"]:
        hook = zapier.turn_on(name, "https://hooks.zapier.com/1")
        zapier.samples(name)
        zapier.turn_off(name, hook)


def test_each_module_of_make_sends_what_the_schema_describes(answers):
    make = Make(**ACCOUNT)
    make.test_connection()
    for name, module in make.manifest["components"]["module"].items():
        if module["moduleType"] == "action":
            for fields in inputs(make._file("module", name, "mappableParams")):
                make.act(name, **fields)
                assert make._file("module", name, "samples").keys() <= answers[-1].keys(), name
    (listing, *_) = make.find("find-listing", sku="HL-1", channel="shop")
    assert make._file("module", "find-listing", "samples").keys() <= listing.keys()
    for option in make.events():
        make.detach(make.attach(option["value"], "https://hook.eu1.make.com/1"))
        make.poll("list-events", event=option["value"])


def test_every_file_of_the_make_app_exists_and_is_named():
    """A file that the manifest does not name would never be deployed."""
    manifest = load("make/makecomapp.json")
    named = {name for name in manifest["generalCodeFiles"].values() if name}
    for kind in manifest["components"].values():
        for component in kind.values():
            named |= set(component["codeFiles"].values())
    folder = INTEGRATIONS / "make"
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert present - {"makecomapp.json"} == named
    for group in load("make/modules/groups.json"):
        assert set(group["modules"]) <= manifest["components"]["module"].keys()
