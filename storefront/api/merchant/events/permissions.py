"""Event permissions: which scope a key needs for the events of a type."""

from collections.abc import Iterable

from storefront.api.core import api_keys
from storefront.api.core.api_keys import Client
from storefront.api.models import Scope
from storefront.events.event_types import SUBSCRIBABLE, EventType

# By the first part of a type.
SCOPES = {
    "order": Scope.ORDERS_READ,
    "return": Scope.ORDERS_READ,
    "purchase_order": Scope.ORDERS_READ,
    "attention": Scope.ORDERS_READ,
    "stock": Scope.INVENTORY_READ,
    "price": Scope.PRICES_READ,
    "webhook": Scope.WEBHOOKS_READ,
}


def scope_of(kind: str) -> Scope:
    return SCOPES[kind.partition(".")[0]]


def require_types(client: Client, types: Iterable[str]) -> None:
    """Check that the key may read events of these types; none means all. Raises ProblemError."""
    for kind in types or SUBSCRIBABLE:
        if kind in EventType.values:
            api_keys.require_scope(client, scope_of(kind))


def readable_types(client: Client) -> list[str]:
    return [kind.value for kind in EventType if scope_of(kind) in client.scopes]
