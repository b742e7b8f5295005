"""WooCommerce API: check the key of a call, find its route, page and filter lists."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from storefront.dev.sandboxes.core.faults import Fault, retry_after
from storefront.dev.sandboxes.core.http_server import Reply, Request, as_json
from storefront.dev.sandboxes.store.server import answer_with_faults, find_route, parameter
from storefront.dev.sandboxes.store.state import ApiError, Document
from storefront.dev.sandboxes.woocommerce import orders, parcels, products, webhooks
from storefront.dev.sandboxes.woocommerce.state import (
    CORE,
    EXTENSIONS,
    SandboxState,
    error,
    invalid,
)

type Call = Callable[[SandboxState, Request, list[int]], Any]

ROOT = "/wp-json/"
MAX_PER_PAGE, PER_PAGE, DIGITS = 100, 10, 2
THROTTLED_CALLS, BLOCK_S = 4, 1
ORDER = "woocommerce_rest_shop_order_invalid_id"
SETTINGS = {"tax/woocommerce_prices_include_tax": "yes", "products/woocommerce_weight_unit": "kg"}


def answer_to(state: SandboxState, asked: Request) -> Reply:
    return answer_with_faults(
        state, asked, answer=lambda request: _answer(state, request), before=BEFORE
    )


def _answer(state: SandboxState, asked: Request) -> Reply:
    try:
        _check_limit(state)
        with state.ledger.writing():
            return _routed(state, asked)
    except ApiError as refused:
        return as_json(refused.body, status=refused.status, headers=refused.headers)


def _check_limit(state: SandboxState) -> None:
    """Let the host refuse calls, if it is throttled; a call before its wait is a violation."""
    if not state.is_throttled:
        return
    if state.now() < state.blocked_until_s:
        state.violations += 1
    elif state.calls_since_block < THROTTLED_CALLS:
        state.calls_since_block += 1
        return
    else:
        state.blocked_until_s, state.calls_since_block = state.now() + BLOCK_S, 0
    raise ApiError(429, "Too many requests", {"Retry-After": str(BLOCK_S)})


def _routed(state: SandboxState, asked: Request) -> Reply:
    _check_key(state, asked)
    path = asked.path.removeprefix(ROOT) if asked.path.startswith(ROOT) else "-"
    found = find_route(ROUTES, path, asked.method)
    if found is None or not _is_installed(state, path):
        raise error(404, "rest_no_route",
                    "No route was found matching the URL and request method.")  # fmt: skip
    call, ids = found
    done = call(state, asked, ids)
    if isinstance(done, Reply):
        return done
    is_created = asked.method == "POST" and not path.endswith("/batch")
    return as_json(done, status=201 if is_created else 200)


def _is_installed(state: SandboxState, path: str) -> bool:
    rules = state.rules
    if path.startswith("wc/v3/variations"):
        return state.has_version(10, 3)
    if path.startswith("wc/v3/products/brands"):
        return state.has_version(9, 6)
    if "/fulfillments" in path:
        return rules.tracking == CORE
    if path.startswith("wc-"):
        return path.startswith(EXTENSIONS.get(rules.tracking, "-"))
    return True


def _check_key(state: SandboxState, asked: Request) -> None:
    pair = f"{state.rules.consumer_key}:{state.rules.consumer_secret}"
    expected = f"Basic {b64encode(pair.encode()).decode()}"
    if not hmac.compare_digest(asked.headers["Authorization"] or "", expected):
        raise error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
    if asked.method != "GET" and state.rules.permissions == "read":
        raise error(401, "woocommerce_rest_authentication_error",
                    "The API key provided does not have write permissions.")  # fmt: skip


def _body(asked: Request) -> Document:
    try:
        found = json.loads(asked.body or b"{}")
    except ValueError:
        raise error(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    if not isinstance(found, dict):
        raise invalid("body")
    return found


# Lists


def _listed(asked: Request, rows: list[Document]) -> Reply:
    """Return one page with the fields that were asked for."""
    per_page, page = (
        int(parameter(asked, name) or default)
        for name, default in (("per_page", PER_PAGE), ("page", 1))
    )
    if not 1 <= per_page <= MAX_PER_PAGE:
        raise invalid("per_page")
    fields = [name for name in parameter(asked, "_fields").split(",") if name]
    shown = rows[(page - 1) * per_page : page * per_page]
    if fields:
        shown = [{name: row[name] for name in fields if name in row} for row in shown]
    pages = -(-len(rows) // per_page)
    return as_json(shown, headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})


def _products(state: SandboxState, asked: Request, _: list[int]) -> Reply:
    rows = state.documents.all("product")
    if skus := parameter(asked, "sku"):
        wanted = set(skus.split(","))
        rows = [row for row in [*rows, *state.documents.all("variation")] if row["sku"] in wanted]
    if include := parameter(asked, "include"):
        numbers = {int(part) for part in include.split(",")}
        rows = [row for row in rows if row["id"] in numbers]
    return _listed(asked, rows)


def _orders(state: SandboxState, asked: Request, _: list[int]) -> Reply:
    rows = state.documents.all("order")
    if after := parameter(asked, "modified_after"):
        if parameter(asked, "dates_are_gmt") != "true":
            raise invalid("dates_are_gmt")  # the sandbox has no time zone of the site
        rows = [row for row in rows if row["date_modified_gmt"] > after]
    if parameter(asked, "orderby") == "modified":
        rows.sort(key=lambda row: row["date_modified_gmt"])
    if parameter(asked, "order") != "asc":
        rows.reverse()
    return _listed(asked, [_shown(asked, row) for row in rows])


def _shown(asked: Request, order: Document) -> Document:
    return orders.shown(order, digits=int(parameter(asked, "dp") or DIGITS))


# Routes


def _index(state: SandboxState, _: Request, __: list[int]) -> Document:
    own = EXTENSIONS.get(state.rules.tracking)
    return {
        "name": state.rules.name,
        "home": "https://ridge-lights.example",
        "namespaces": ["wp/v2", "wc/v3", *([own] if own else [])],
    }


def _setting(_: SandboxState, asked: Request, __: list[int]) -> Document:
    name = asked.path.partition("settings/")[2]
    if name not in SETTINGS:
        raise error(404, "rest_setting_setting_invalid", "Invalid setting.")
    return {"id": name.partition("/")[2], "value": SETTINGS[name]}


def _batch_products(state: SandboxState, asked: Request, _: list[int]) -> Any:
    done = products.batch(
        _body(asked),
        create=lambda row: products.create_product(state, row),
        update=lambda row: products.update_product(state, row),
    )
    return done or []  # PHP does not know an empty object


def _batch_variations(state: SandboxState, asked: Request, ids: list[int]) -> Document:
    parent = ids[0]
    return products.batch(
        _body(asked),
        create=lambda row: products.create_variation(state, parent, row),
        update=lambda row: products.update_variation(state, parent, row),
        delete=lambda number: products.delete_variation(state, parent, number),
    )


def _batch_orders(_: SandboxState, asked: Request, __: list[int]) -> list[Document]:
    if _body(asked):
        raise invalid("body")  # the sandbox changes orders one by one
    return []  # PHP does not know an empty object


def _batch_webhooks(state: SandboxState, asked: Request, _: list[int]) -> Document:
    return products.batch(
        _body(asked),
        create=lambda row: webhooks.create(state, row),
        update=lambda row: webhooks.update(state, row),
    )


def _order(state: SandboxState, ids: list[int]) -> Document:
    found = state.documents.get("order", ids[0])
    if found is None:
        raise error(404, ORDER, "Invalid ID.")
    return found


def _fulfillments(state: SandboxState, _: Request, ids: list[int]) -> list[Document]:
    number = str(_order(state, ids)["id"])
    return list(state.documents.where("fulfillment", entity_id=number))


def _update_fulfillment(state: SandboxState, asked: Request, ids: list[int]) -> Document:
    found = state.documents.get("fulfillment", ids[1])
    if found is None or found["entity_id"] != str(ids[0]):
        raise error(404, "woocommerce_rest_fulfillment_invalid_id", "Fulfillment not found.")
    return parcels.update_fulfillment(state, _order(state, ids), found, _body(asked))


def _of_order(kind: str) -> Call:
    return lambda state, _, ids: list(state.documents.where(kind, order=_order(state, ids)["id"]))


def _refunds(state: SandboxState, asked: Request, ids: list[int]) -> Reply:
    rows = list(state.documents.where("refund", order=_order(state, ids)["id"]))
    return _listed(asked, rows[::-1])


def _delete_tracking(state: SandboxState, asked: Request, ids: list[int]) -> Document:
    key = asked.path.rpartition("/")[2]
    for row in list(state.documents.where("tracking", order=ids[0], tracking_id=key)):
        state.documents.delete("tracking", row["id"])
        return row
    raise error(404, "woocommerce_rest_order_shipment_tracking_invalid_id", "Invalid ID.")


ROUTES: dict[str, dict[str, Call]] = {
    r"": {"GET": _index},
    r"wc/v3/data/currencies/current": {"GET": lambda state, _, __: {"code": state.rules.currency}},
    r"wc/v3/settings/.+": {"GET": _setting},
    r"wc/v3/products": {"GET": _products},
    r"wc/v3/products/batch": {"POST": _batch_products, "PUT": _batch_products},
    r"wc/v3/products/(\d+)/variations": {
        "GET": lambda state, asked, ids: _listed(
            asked, list(state.documents.where("variation", parent_id=ids[0]))
        )
    },
    r"wc/v3/products/(\d+)/variations/batch": {"POST": _batch_variations},
    r"wc/v3/variations": {
        "GET": lambda state, asked, _: _listed(asked, state.documents.all("variation"))
    },
    r"wc/v3/products/categories": {
        "GET": lambda state, asked, _: _listed(asked, state.documents.all("category")),
        "POST": lambda state, asked, _: products.create_term(state, "category", _body(asked)),
    },
    r"wc/v3/products/brands": {
        "GET": lambda state, asked, _: _listed(asked, state.documents.all("brand")),
        "POST": lambda state, asked, _: products.create_term(state, "brand", _body(asked)),
    },
    r"wc/v3/orders": {"GET": _orders},
    r"wc/v3/orders/batch": {"POST": _batch_orders, "PUT": _batch_orders},
    r"wc/v3/orders/(\d+)": {
        "GET": lambda state, asked, ids: _shown(asked, _order(state, ids)),
        "PUT": lambda state, asked, ids: _shown(
            asked, orders.update(state, _order(state, ids), _body(asked))
        ),
    },
    r"wc/v3/orders/(\d+)/refunds": {
        "GET": _refunds,
        "POST": lambda state, asked, ids: orders.refund(state, _order(state, ids), _body(asked)),
    },
    r"wc/v3/orders/(\d+)/notes": {
        "GET": _of_order("note"),
        "POST": lambda state, asked, ids: parcels.create_note(
            state, _order(state, ids), _body(asked)
        ),
    },
    r"wc/v3/orders/(\d+)/fulfillments": {
        "GET": _fulfillments,
        "POST": lambda state, asked, ids: parcels.create_fulfillment(
            state, _order(state, ids), _body(asked)
        ),
    },
    r"wc/v3/orders/(\d+)/fulfillments/(\d+)": {"PUT": _update_fulfillment},
    r"wc-[a-z-]+/v3/orders/(\d+)/shipment-trackings": {
        "GET": _of_order("tracking"),
        "POST": lambda state, asked, ids: parcels.create_tracking(
            state, _order(state, ids), _body(asked)
        ),
    },
    r"wc-[a-z-]+/v3/orders/(\d+)/shipment-trackings/\w+": {"DELETE": _delete_tracking},
    r"wc/v3/webhooks": {"GET": lambda state, asked, _: _listed(asked, webhooks.listed(state))},
    r"wc/v3/webhooks/batch": {"POST": _batch_webhooks, "PUT": _batch_webhooks},
}


def _busy(fault: Fault) -> Reply:
    return Reply(status=429, body=b"busy", type="text/plain", headers=retry_after(fault))


def _broken(_: Fault) -> Reply:
    body = {"code": "internal_server_error", "message": "There has been a critical error."}
    return as_json(body, status=500)


BEFORE: Mapping[str, Callable[[Fault], Reply]] = {
    "500": _broken,
    "429": _busy,
    "empty": lambda _: Reply(),
}
