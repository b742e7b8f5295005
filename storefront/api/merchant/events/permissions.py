"""Event permissions: which scopes a key needs for the events of a type."""

from collections.abc import Iterable

from storefront.api.core import api_keys
from storefront.api.core.api_keys import Client
from storefront.api.models import Scope
from storefront.events.event_types import SUBSCRIBABLE, EventType

# By the first part of a type.
SCOPES = {
    "order": (Scope.ORDERS_READ,),
    "return": (Scope.ORDERS_READ,),
    # Their payloads name the supplier and its SKUs.
    "purchase_order": (Scope.ORDERS_READ, Scope.COSTS_READ),
    "attention": (Scope.ORDERS_READ,),
    "stock": (Scope.INVENTORY_READ,),
    "price": (Scope.PRICES_READ,),
    "webhook": (Scope.WEBHOOKS_READ,),
}


def scopes_of(kind: str) -> tuple[Scope, ...]:
    return SCOPES[kind.partition(".")[0]]


def require_types(client: Client, types: Iterable[str]) -> None:
    """Check that the key may read events of these types; none means all. Raises ProblemError."""
    for kind in types or SUBSCRIBABLE:
        if kind in EventType.values:
            for scope in scopes_of(kind):
                api_keys.require_scope(client, scope)


def readable_types(client: Client) -> list[str]:
    return [kind.value for kind in EventType if client.scopes.issuperset(scopes_of(kind))]
