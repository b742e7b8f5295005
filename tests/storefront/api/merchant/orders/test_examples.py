"""The documented request examples are accepted, with the line ids of an order."""

import pytest

from storefront.api.core.docs import schema_in
from tests.factories.api import ADMIN
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.returns import declare, make_delivered, receive
from tests.factories.shipping import make_accepted_purchase_order

pytestmark = pytest.mark.django_db


def example_of(name):
    """Return the request example of an operation."""
    for methods in schema_in("en")["paths"].values():
        for operation in methods.values():
            if operation["operationId"] == name:
                content = operation["requestBody"]["content"]["application/json"]
                (example,) = content["examples"].values()
                return example["value"]
    raise AssertionError(name)


def unshipped():
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=9), quantity=2)
    return purchase_order.order, f"orders/{purchase_order.order.number}/cancel/"


def shipping():
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=2)
    return purchase_order.order, f"purchase-orders/{purchase_order.number}/parcels/"


def delivered(act):
    order = make_delivered()
    return order, f"orders/{order.number}/{act}/"


def returned(act):
    made = declare(make_delivered(), 1)
    if act == "inspect":
        receive(made)
    return made.order, f"returns/{made.number}/{act}/"


@pytest.mark.parametrize(
    ("name", "prepare"),
    [
        ("cancel_order", unshipped),
        ("create_parcel", shipping),
        ("create_refund", lambda: delivered("refunds")),
        ("create_return", lambda: delivered("returns")),
        ("receive_return", lambda: returned("receive")),
        ("inspect_return", lambda: returned("inspect")),
    ],
)
def test_example_is_accepted(merchant, name, prepare):
    order, path = prepare()
    body = example_of(name)
    body = {**body, "lines": [{**body["lines"][0], "line_id": order.lines.get().pk}]}

    answer = merchant.post(f"{ADMIN}{path}", body, key="e1")

    assert answer.status_code in {200, 201}, answer.content
