"""CJ subscription endpoints: subscribe to webhooks of single products, up to a limit."""

from typing import Any

from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, ApiError, Call, Route

CAP_REACHED = 1606011
AT_ONCE = 100
FACT = "subscribed"


def subscribe(call: Call) -> dict[str, Any]:
    """Subscribe to the products that exist, or to none if that would exceed the limit."""
    wanted = _ids(call)
    state = call.state
    with state.ledger.writing():
        present = list(state.ledger.fact(FACT, []))
        known = [ref for ref in wanted if state.catalog.by_pid(ref) is not None]
        merged = list(dict.fromkeys([*present, *known]))
        if len(merged) > state.rules.subscriptions:
            raise ApiError(CAP_REACHED, f"{state.rules.subscriptions} products at most")
        state.ledger.set_fact(FACT, merged)
    return {
        "successProductIds": known,
        "failProductIds": [ref for ref in wanted if ref not in known],
    }


def unsubscribe(call: Call) -> dict[str, Any]:
    gone = set(_ids(call))
    ledger = call.state.ledger
    with ledger.writing():
        left = [ref for ref in ledger.fact(FACT, []) if ref not in gone]
        ledger.set_fact(FACT, left)
    return {"successProductIds": sorted(gone), "failProductIds": []}


def subscriptions(call: Call) -> dict[str, Any]:
    refs = call.state.ledger.fact(FACT, [])
    return call.page([{"productId": ref} for ref in refs], size=20, most=200)


def _ids(call: Call) -> list[str]:
    ids = call.texts("productIds")
    if len(ids) > AT_ONCE:
        raise ApiError(BAD_PARAM, f"productIds: {AT_ONCE} at most")
    return ids


ROUTES = (
    Route(method="POST", path="webhook/product/subscribe", handler=subscribe, points=10),
    Route(method="POST", path="webhook/product/unsubscribe", handler=unsubscribe, points=10),
    Route(method="GET", path="webhook/product/subscribe/list", handler=subscriptions),
)
