"""Event permissions: which scopes a key needs for the events of a type."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storefront.api.core import api_keys, problem_types
from storefront.api.core.api_keys import Client
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import ApiKey, Scope
from storefront.events.event_types import SUBSCRIBABLE, EventType
from storefront.lib.db.transactions import requires_transaction

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


@requires_transaction
def locked_key(client: Client, *, now: datetime) -> dict[str, Any]:
    """Return what a subscription stores of the key that sets its address.

    Locks: the API key. It cannot be revoked in this transaction, and two requests of a key do not
    create the same hook.

    Raises: ProblemError: the key was revoked since the request began.
    """
    key = ApiKey.objects.select_for_update(of=["self"]).get(pk=client.key.pk)
    if not key.is_valid(now):
        raise ProblemError(problem_types.INVALID_API_KEY)
    return {"api_key": key.prefix, "api_key_ends_at": key.expires_at}
