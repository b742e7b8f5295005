"""Shopify sandbox: the schema, the cost limit and the rules of idempotency refuse what Shopify refuses."""

import pytest

from storefront.dev.sandboxes.shopify.dispatch import GRAPHQL, TOKEN
from storefront.dev.sandboxes.shopify.state import gid
from tests.storefront.sales_channels.platforms.contract.cases import light, written
from tests.storefront.sales_channels.platforms.contract.shopify_store import ShopifyStore

RULES = ShopifyStore.RULES

SET_STOCK = """
mutation inventorySetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field } }
}
"""


@pytest.fixture
def store(tmp_path):
    opened = ShopifyStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ask(store):
    """Return a function that sends a document as the app."""

    def send(document, **variables):
        answer = store.running.client.post(
            GRAPHQL,
            json={"query": document, "variables": variables},
            headers={"X-Shopify-Access-Token": RULES.access_token},
        )
        assert answer.status_code == 200
        return answer.json()

    return send


def stock(store, quantity, **words):
    """Return the input that sets the stock of the only variant."""
    ids = [each.variant.inventory_id for each in store.platform.read_variants()]
    row = {
        "inventoryItemId": ids[0] if ids else gid("InventoryItem", 1),
        "locationId": gid("Location", 1),
        "quantity": quantity,
        "changeFromQuantity": None,
    } | words
    return {"name": "available", "reason": "correction", "quantities": [row]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ shop { nickname } }", "Cannot query field 'nickname'"),
        ("{ order(id: 5.5) { id } }", "ID cannot represent"),
        ('{ locations(first: "two") { nodes { id } } }', "Int cannot represent"),
        ("mutation { productDelete { id } }", "Cannot query field 'productDelete'"),
        ("{ shop { name }", "Syntax Error"),
    ],
)
def test_schema_refuses_wrong_documents(ask, document, message):
    assert message in ask(document)["errors"][0]["message"]


def test_input_of_a_wrong_type_is_refused(ask):
    said = ask(SET_STOCK, input={"name": "available", "rows": []}, key="k")

    assert "rows" in said["errors"][0]["message"]


def test_query_over_1000_points_is_refused(ask):
    said = ask(
        '{ orders(first: 250, query: "x") { nodes { lineItems(first: 250) { nodes { variant'
        " { product { variants(first: 250) { nodes { id } } } } } } } } }"
    )

    assert said["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_cost_is_that_of_the_one_published_measurement(ask):
    """250 variants with their inventory items cost 25 points."""
    said = ask("{ productVariants(first: 250) { nodes { inventoryItem { id } } } }")

    assert said["extensions"]["cost"]["requestedQueryCost"] == 25
    assert said["extensions"]["cost"]["throttleStatus"]["maximumAvailable"] == 2000


def test_call_without_points_is_throttled_and_counted(store, ask):
    store.running.control("limits", {"restore": 1, "maximum": 10})

    said = ask("{ productVariants(first: 250) { nodes { inventoryItem { id } } } }")

    assert said["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert store.violations() == 1


def test_stock_needs_an_idempotency_key(store, ask):
    document = SET_STOCK.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")

    assert (
        "@idempotent directive is required"
        in ask(document, input=stock(store, 1))["errors"][0]["message"]
    )


def test_repeated_key_changes_nothing_and_other_arguments_are_refused(store, ask):
    written(store, light())
    assert ask(SET_STOCK, input=stock(store, 5), key="a")["data"]["inventorySetQuantities"] == {
        "userErrors": []
    }
    ask(SET_STOCK, input=stock(store, 9), key="b")

    ask(SET_STOCK, input=stock(store, 5), key="a")
    said = ask(SET_STOCK, input=stock(store, 6), key="a")

    assert said["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert [each.quantity for each in store.platform.read_variants()] == [9]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"changeFromQuantity": 1}, "CHANGE_FROM_QUANTITY_STALE"),
        ({"locationId": gid("Location", 2)}, "INVALID_LOCATION"),
        ({"inventoryItemId": gid("InventoryItem", 99)}, "INVALID_INVENTORY_ITEM"),
        ({"quantity": -1}, "INVALID_QUANTITY_NEGATIVE"),
    ],
)
def test_stock_row_is_checked(store, ask, change, code):
    written(store, light())

    body = stock(store, 5)
    body["quantities"][0] |= change
    said = ask(SET_STOCK, input=body, key=code)

    (error,) = said["data"]["inventorySetQuantities"]["userErrors"]
    assert error["code"] == code
    assert error["field"][:3] == ["input", "quantities", "0"]


def test_expected_quantity_that_fits_is_set(store, ask):
    written(store, light())

    said = ask(SET_STOCK, input=stock(store, 5, changeFromQuantity=7), key="k")

    assert said["data"]["inventorySetQuantities"]["userErrors"] == []


def test_token_needs_a_form_with_the_right_secret(store):
    form = {"grant_type": "client_credentials", "client_id": RULES.client_id}

    wrong = store.running.client.post(TOKEN, data={**form, "client_secret": "guess"})
    right = store.running.client.post(TOKEN, data={**form, "client_secret": RULES.client_secret})

    assert (wrong.status_code, right.status_code) == (400, 200)
    assert right.json()["expires_in"] == 86_399


def test_request_without_a_token_and_of_another_version_is_refused(store):
    client = store.running.client

    assert client.post(GRAPHQL, json={"query": "{ shop { name } }"}).status_code == 401
    assert client.post(GRAPHQL.replace("2026-10", "2020-01"), json={}).status_code == 404
