"""Shopify execution: validate a document against the schema, charge its cost, carry it out."""

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    execute_sync,
    get_directive_values,
    parse,
    validate,
)

from storefront.dev.sandboxes.shopify import catalog, cost, order_mutations, orders, stock
from storefront.dev.sandboxes.shopify import webhooks as hooks
from storefront.dev.sandboxes.shopify.state import (
    LOCATIONS,
    ONLINE_STORE,
    SandboxState,
    connection,
    gid,
)

SCHEMA = build_schema((Path(__file__).parent / "schema.graphql").read_text())
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
type Resolver = Callable[..., Any]


def answer(state: SandboxState, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole answer to one request, which has HTTP status 200 even if it failed."""
    text, variables = str(body.get("query") or ""), body.get("variables") or {}
    try:
        document = parse(text)
    except GraphQLError as failure:
        return {"errors": [_shown(failure)]}
    if failures := validate(SCHEMA, document):
        return {"errors": [_shown(each) for each in failures]}
    operations = [e for e in document.definitions if isinstance(e, OperationDefinitionNode)]
    named = body.get("operationName")
    operation = next(
        (e for e in operations if not named or (e.name and e.name.value == named)), None
    )
    if operation is None:
        return {"errors": [{"message": f"No operation named {named}"}]}
    name = operation.name.value if operation.name else ""
    requested = cost.Calculator(SCHEMA, document, variables).of(operation)
    if requested > cost.MAX_QUERY:
        text = f"Query cost is {requested}, which exceeds the single query max cost limit (1000)."
        return {"errors": [{"message": text, "extensions": {"code": "MAX_COST_EXCEEDED"}}]}
    if not state.bucket.take(requested, now_s=state.now()):
        state.violations += 1
        return throttled(state, requested)
    with state.ledger.writing():
        done = execute_sync(
            SCHEMA,
            document,
            root_value=_root(state),
            variable_values=dict(variables),
            operation_name=named,
        )
    is_mutation = operation.operation is OperationType.MUTATION
    used = min(cost.actual(done.data, is_mutation=is_mutation), requested)
    state.bucket.give_back(requested - used)
    state.usage.count(name, points=math.ceil(requested))
    said: dict[str, Any] = {"data": done.data} if done.data is not None else {}
    if done.errors:
        said["errors"] = [_shown(each) for each in done.errors]
    return said | {"extensions": {"cost": _cost(state, requested, used)}}


def throttled(state: SandboxState, requested: float) -> dict[str, Any]:
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": _cost(state, requested, None)},
    }


def _cost(state: SandboxState, requested: float, used: float | None) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": used,
        "throttleStatus": state.bucket.status(now_s=state.now()),
    }


def _shown(failure: GraphQLError) -> dict[str, Any]:
    extensions = dict(failure.extensions or {})
    return {"message": failure.message, "path": failure.path, "extensions": extensions}


# Fields of the roots


def _root(state: SandboxState) -> dict[str, Resolver]:
    return {name: _guarded(state, name, *field) for name, field in FIELDS.items()}


def _guarded(state: SandboxState, name: str, resolve: Resolver, scope: str) -> Resolver:
    def field(info: GraphQLResolveInfo[Any], **asked: Any) -> Any:
        granted = set(state.rules.scopes.split())
        granted |= {each.replace("write_", "read_") for each in granted}
        if scope not in {"", *granted}:
            raise GraphQLError(
                f"Access denied for {name} field. Required access: `{scope}` access scope.",
                extensions={"code": "ACCESS_DENIED"},
            )
        arguments = {CAMEL.sub("_", key).lower(): value for key, value in asked.items()}
        if name in stock.IDEMPOTENT_FIELDS:
            return stock.once(state, name, _key(info), arguments, resolve)
        return resolve(state, **arguments)

    return field


def _key(info: GraphQLResolveInfo[Any]) -> str:
    """Return the key of the directive ``@idempotent``. Raises GraphQLError: it is required."""
    node: FieldNode = info.field_nodes[0]
    directive = info.schema.get_directive("idempotent")
    assert directive is not None  # noqa: S101 - the schema has it
    found = get_directive_values(directive, node, info.variable_values)
    key = str((found or {}).get("key") or "")
    if not key:
        raise GraphQLError(
            "The @idempotent directive is required for this mutation but was not provided.",
            extensions={"code": "BAD_REQUEST"},
        )
    return key


def _shop(state: SandboxState) -> dict[str, Any]:
    rules = state.rules
    return {
        "id": gid("Shop", 1),
        "name": rules.name,
        "currencyCode": rules.currency,
        "taxesIncluded": True,
    }


def _installation(state: SandboxState) -> dict[str, Any]:
    return {"accessScopes": [{"handle": each} for each in state.rules.scopes.split()]}


def _locations(_: SandboxState, first: int | None = None) -> dict[str, Any]:
    rows = [{"id": gid("Location", key), "name": name} for key, name in LOCATIONS.items()]
    return connection(rows, first)


def _publications(
    _: SandboxState, first: int | None = None, catalog_type: str | None = None
) -> dict[str, Any]:
    row = {"id": gid("Publication", ONLINE_STORE), "catalog": {"title": "Online Store"}}
    return connection([row] if catalog_type in {None, "APP"} else [], first)


# Field -> how it is resolved, and the scope that it needs.
FIELDS: dict[str, tuple[Resolver, str]] = {
    "shop": (_shop, ""),
    "currentAppInstallation": (_installation, ""),
    "locations": (_locations, "read_locations"),
    "publications": (_publications, "read_publications"),
    "productVariants": (catalog.product_variants, "read_products"),
    "productSet": (catalog.product_set, "write_products"),
    "productUpdate": (catalog.product_update, "write_products"),
    "productVariantsBulkUpdate": (catalog.bulk_update, "write_products"),
    "publishablePublish": (catalog.publish, "write_publications"),
    "metafieldDefinitionCreate": (catalog.define_metafield, "write_products"),
    "inventorySetQuantities": (stock.set_quantities, "write_inventory"),
    "orders": (orders.orders, "read_orders"),
    "order": (orders.order, "read_orders"),
    "fulfillment": (orders.fulfillment, ""),
    "orderCancel": (order_mutations.cancel, "write_orders"),
    "refundCreate": (order_mutations.refund, "write_orders"),
    "fulfillmentCreate": (order_mutations.fulfill, "write_merchant_managed_fulfillment_orders"),
    "fulfillmentTrackingInfoUpdate": (
        order_mutations.update_tracking,
        "write_merchant_managed_fulfillment_orders",
    ),
    "webhookSubscriptions": (hooks.subscriptions, ""),
    "webhookSubscriptionCreate": (hooks.subscribe, ""),
}
