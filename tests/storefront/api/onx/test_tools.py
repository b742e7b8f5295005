import pytest

from storefront.api.models import Scope
from storefront.api.onx.tools import TOOLS
from tests.factories.catalog import make_channel

pytestmark = pytest.mark.django_db


def test_tools_are_listed_with_schemas_and_without_references(onx):
    listed = {tool["name"]: tool for tool in onx.request("tools/list")["result"]["tools"]}

    assert len(listed) == 12
    order = listed["create-sales-order"]["inputSchema"]["properties"]["order"]
    assert (order["type"], order["required"]) == ("object", ["lineItems"])
    assert order["properties"]["shippingAddress"]["properties"]["email"]["format"] == "email"
    assert order["properties"]["lineItems"]["items"]["properties"]["quantity"]["minimum"] == 1
    assert "$ref" not in str(listed)
    assert listed["get-orders"]["annotations"]["readOnlyHint"] is True


@pytest.mark.parametrize("tool", TOOLS)
def test_key_with_all_other_scopes_cannot_call_a_tool(client_of, tool):
    make_channel()
    scope = TOOLS[tool].scope

    error = client_of(*(other for other in Scope.values if other != scope)).refusal(tool, {})

    assert (error["code"], error["details"]["originalError"]) == (4001, "MISSING_SCOPE")
    assert error["details"]["context"] == {"scope": scope}


def test_wrong_arguments_name_their_field(onx):
    line = {"sku": "", "quantity": 1}

    absent = onx.refusal("create-sales-order", {"order": {}})
    short = onx.refusal("create-sales-order", {"order": {"lineItems": [line]}})
    unknown = onx.refusal("get-orders", {"color": "red"})
    local = onx.refusal("get-orders", {"createdAtMin": "2026-11-21T12:00:00+02:00"})
    no_object = onx.refusal("get-orders", "all")

    assert [error["code"] for error in (absent, short, unknown, local, no_object)] == [
        2002,
        2001,
        2001,
        2003,
        2001,
    ]
    assert absent["details"]["field"] == "order.lineItems"
    assert short["details"]["field"] == "order.lineItems[0].sku"
    assert local["details"]["field"] == "createdAtMin"
