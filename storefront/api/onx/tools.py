"""onX tools: list the tools of the standard with their scopes, call one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from storefront.api.core import api_keys
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.models import Scope
from storefront.api.onx import actions, errors, queries, schemas
from storefront.api.onx.queries import Result

WRITE, READ = Scope.ORDERS_WRITE, Scope.ORDERS_READ


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: the scope of the same operation in the merchant API, its input, what it does."""

    scope: Scope
    input: type[schemas.Members]
    run: Callable[[MerchantEndpoint, Any], Result]
    description: str


# fmt: off
TOOLS: Mapping[str, Tool] = {
    "create-sales-order": Tool(
        WRITE, schemas.CreateSalesOrder, actions.create_sales_order,
        "Place an order at our prices. It is reserved, and shipped once it is paid by the paymentUrl"
        " in customFields. externalId, shippingAddress and an e-mail address are needed; the same"
        " externalId never places two orders. A totalPrice that is not ours is refused."),
    "update-order": Tool(
        WRITE, schemas.UpdateOrder, actions.update_order,
        "Change the shippingAddress of an order within its country. Nothing else can change."),
    "cancel-order": Tool(
        WRITE, schemas.CancelOrder, actions.cancel,
        "Cancel an order, or units of its lines: quantity is how many of the line are to be canceled"
        " in all, so that a repeated call cancels no more. Suppliers that have them are asked."),
    "fulfill-order": Tool(
        WRITE, schemas.FulfillOrder, actions.fulfill_order,
        "Report one parcel that a supplier has sent: one tracking number, its shippingCarrier, and"
        " the items in it. Without items, all that are in no parcel."),
    "create-return": Tool(
        WRITE, schemas.CreateReturn, actions.create_return,
        "Open a return with the outcome refund. The same externalId opens it once. Send the same"
        " returnReason for all lines."),
    "get-orders": Tool(
        READ, schemas.GetOrders, queries.get_orders,
        "Read orders, newest first. id and name are the order number."),
    "get-customers": Tool(
        Scope.CUSTOMERS_READ, schemas.GetCustomers, queries.get_customers,
        "Read customer accounts, newest first. Guests have none."),
    "get-products": Tool(
        Scope.PRODUCTS_READ, schemas.GetProducts, queries.get_products,
        "Read products, newest first."),
    "get-product-variants": Tool(
        Scope.PRODUCTS_READ, schemas.GetProductVariants, queries.get_product_variants,
        "Read variants, newest first, with their price if the key may read prices."),
    "get-inventory": Tool(
        Scope.INVENTORY_READ, schemas.GetInventory, queries.get_inventory,
        "Read how many units can be ordered now; with locationIds, the stock of those warehouses."),
    "get-fulfillments": Tool(
        READ, schemas.GetFulfillments, queries.get_fulfillments,
        "Read parcels with their tracking numbers, newest first."),
    "get-returns": Tool(
        READ, schemas.GetReturns, queries.get_returns, "Read returns, newest first."),
}
# fmt: on


def describe() -> list[dict[str, Any]]:
    """Return the tools as ``tools/list`` shows them."""
    return [
        {
            "name": name,
            "description": tool.description,
            "inputSchema": schemas.json_schema(tool.input),
            "annotations": {"readOnlyHint": is_read(name), "openWorldHint": False},
        }
        for name, tool in TOOLS.items()
    ]


def is_read(name: Any) -> bool:
    return isinstance(name, str) and name in TOOLS and name.startswith("get-")


def call(view: MerchantEndpoint, name: str, arguments: Any) -> Result:
    """Run a tool. Raises OnxError, and the exceptions that ``exception_handler`` knows."""
    tool = TOOLS[name]
    api_keys.require_scope(view.client, tool.scope)
    try:
        wanted = msgspec.convert(arguments, tool.input)
    except msgspec.ValidationError as error:
        raise errors.of_input(error) from error
    return {"success": True, **tool.run(view, wanted)}
