"""BigCommerce API: check token, scope and quota of a call, find its route, page lists."""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from storefront.dev.sandboxes.bigcommerce import orders, products, webhooks
from storefront.dev.sandboxes.bigcommerce.state import SandboxState, refused, refused_v2
from storefront.dev.sandboxes.core.faults import Fault
from storefront.dev.sandboxes.core.http_server import Reply, Request, as_json
from storefront.dev.sandboxes.store.server import answer_with_faults, find_route, parameter
from storefront.dev.sandboxes.store.state import ApiError, Document

type Call = Callable[[SandboxState, Request, list[int]], Any]

MAX_PAGE, PAGE_V2, PAGE_V3 = 250, 50, 50
# The scope that a change needs, by the start of its path.
SCOPES = {
    "v3/catalog": "store_v2_products",
    "v3/inventory": "store_inventory",
    "v2/orders": "store_v2_orders",
    "v3/orders": "store_v2_orders",
    "v3/hooks": "store_v2_information",
    "v2/store": "store_v2_information",
}
INCLUDED = ("variants", "custom_fields", "images", "options")


def answer_to(state: SandboxState, asked: Request) -> Reply:
    return answer_with_faults(
        state, asked, answer=lambda request: _answer(state, request), before=BEFORE
    )


def _answer(state: SandboxState, asked: Request) -> Reply:
    is_allowed, headers = state.quota.count(state.now())
    if not is_allowed:
        state.violations += 1
        return Reply(status=429, headers=headers)
    try:
        with state.ledger.writing():
            reply = _routed(state, asked)
    except ApiError as error:
        reply = as_json(error.body, status=error.status)
    return Reply(status=reply.status, body=reply.body, headers=headers)


def _routed(state: SandboxState, asked: Request) -> Reply:
    root = f"/stores/{state.rules.store_hash}/"
    if not hmac.compare_digest(asked.headers["X-Auth-Token"] or "", state.rules.access_token):
        raise refused(401, "Unauthorized")
    path = asked.path.removeprefix(root) if asked.path.startswith(root) else "-"
    if path.startswith("v2/") and "json" not in (asked.headers["Accept"] or ""):
        return Reply(status=406, body=b"<xml/>")
    _check_scope(state, asked, path)
    found = find_route(ROUTES, path, asked.method)
    if found is None:
        raise refused(404, "Resource not found")
    call, ids = found
    done = call(state, asked, ids)
    if isinstance(done, Reply):
        return done
    is_created = asked.method == "POST" and path.startswith("v2/")
    return Reply(status=204) if done is None else as_json(done, status=201 if is_created else 200)


def _check_scope(state: SandboxState, asked: Request, path: str) -> None:
    needed = next((scope for start, scope in SCOPES.items() if path.startswith(start)), "")
    if asked.method != "GET" and needed not in state.rules.scopes.split():
        raise refused(403, "You don't have a required scope to access the endpoint")


def _body(asked: Request) -> Any:
    try:
        return json.loads(asked.body or b"null")
    except ValueError:
        raise refused(400, "Input is invalid") from None


# Lists


def _window(asked: Request, rows: list[Any], *, usual: int) -> tuple[list[Any], int, int]:
    size, page = int(parameter(asked, "limit") or usual), int(parameter(asked, "page") or 1)
    if not 1 <= size <= MAX_PAGE:
        raise refused(422, f"limit must be between 1 and {MAX_PAGE}")
    return rows[(page - 1) * size : page * size], page, size


def _page(asked: Request, rows: list[Any]) -> Document:
    shown, page, size = _window(asked, rows, usual=PAGE_V3)
    pagination = {
        "total": len(rows),
        "count": len(shown),
        "per_page": size,
        "current_page": page,
        "total_pages": max(-(-len(rows) // size), 1),
    }
    return {"data": shown, "meta": {"pagination": pagination}}


def _data(value: Any) -> Document:
    return {"data": value, "meta": {}}


def _products(state: SandboxState, asked: Request, _: list[int]) -> Document:
    rows = state.documents.all("product")
    if skus := parameter(asked, "sku:in"):
        wanted = set(skus.split(","))
        rows = [row for row in rows if row["sku"] in wanted]
    if ids := parameter(asked, "id:in"):
        numbers = {int(part) for part in ids.split(",")}
        rows = [row for row in rows if row["id"] in numbers]
    included = set(parameter(asked, "include").split(","))
    fields = {name for name in parameter(asked, "include_fields").split(",") if name}
    answer = _page(asked, rows)
    answer["data"] = [
        {
            name: value
            for name, value in row.items()
            if name == "id"
            or (name in included if name in INCLUDED else not fields or name in fields)
        }
        for row in answer["data"]
    ]
    return answer


def _orders(state: SandboxState, asked: Request, _: list[int]) -> Any:
    rows = state.documents.all("order")
    if since := parameter(asked, "min_date_modified"):
        after = datetime.fromisoformat(since)
        rows = [row for row in rows if parsedate_to_datetime(row["date_modified"]) >= after]
    if parameter(asked, "sort") == "date_modified:asc":
        rows.sort(key=lambda row: parsedate_to_datetime(row["date_modified"]))
    shown, *_ = _window(asked, rows, usual=PAGE_V2)
    return [_shown(asked, row) for row in shown] or None


def _shown(asked: Request, order: Document) -> Document:
    has_lines = (
        parameter(asked, "include") == "consignments.line_items"
        and parameter(asked, "consignment_structure") == "object"
    )
    return orders.shown(order, has_lines=has_lines)


# Routes


def _order(state: SandboxState, ids: list[int]) -> Document:
    found = state.documents.get("order", ids[0])
    if found is None:
        raise refused_v2(404, "The requested resource was not found.")
    return found


def _product(call: Callable[..., Any]) -> Call:
    """Return a call on one product with the rest of the path's ids and the body."""

    def answer(state: SandboxState, asked: Request, ids: list[int]) -> Any:
        product = products.product_of(state, ids[0])
        body = [] if asked.method in {"GET", "DELETE"} else [_body(asked)]
        done = call(state, product, *ids[1:], *body)
        return None if done is None else _data(done)

    return answer


def _variant(_: SandboxState, product: Document, number: int) -> Document:
    for variant in product["variants"]:
        if variant["id"] == number:
            found: Document = variant
            return found
    raise refused(404, "Variant not found")


def _part(kind: str) -> dict[str, Call]:
    return {"POST": _product(lambda state, one, row: products.add_part(state, one, kind, row))}


def _one_part(kind: str) -> dict[str, Call]:
    delete = _product(lambda state, one, number: products.delete_part(state, one, kind, number))
    return {"DELETE": delete}


def _set_stock(state: SandboxState, asked: Request, _: list[int]) -> Document:
    products.set_stock(state, _body(asked))
    return {"transaction_id": f"t-{state.documents.next_id()}"}


def _assign(state: SandboxState, asked: Request, _: list[int]) -> None:
    for row in _body(asked):
        product = products.product_of(state, row["product_id"])
        state.documents.put("product", {**product, "channel_id": row["channel_id"]})


def _shipments(state: SandboxState, _: Request, ids: list[int]) -> Any:
    return list(state.documents.where("shipment", order_id=_order(state, ids)["id"])) or None


def _update_shipment(state: SandboxState, asked: Request, ids: list[int]) -> Document:
    found = state.documents.get("shipment", ids[1])
    if found is None or found["order_id"] != ids[0]:
        raise refused_v2(404, "The requested resource was not found.")
    return orders.update_shipment(state, found, _body(asked))


def _store(state: SandboxState, _: Request, __: list[int]) -> Document:
    rules = state.rules
    return {
        "id": rules.store_hash,
        "name": rules.name,
        "currency": rules.currency,
        "is_price_entered_with_tax": True,
        "weight_units": "KGS",
    }


PRODUCT = r"v3/catalog/products/(\d+)"
ORDER = r"v2/orders/(\d+)"
ACTIONS = r"v3/orders/(\d+)/payment_actions"
ROUTES: dict[str, dict[str, Call]] = {
    r"v2/store": {"GET": _store},
    r"v3/catalog/products": {
        "GET": _products,
        "POST": lambda state, asked, _: _data(products.create(state, _body(asked))),
        "PUT": lambda state, asked, _: _data(products.update_batch(state, _body(asked))),
    },
    r"v3/catalog/products/channel-assignments": {"PUT": _assign},
    PRODUCT: {"GET": _product(lambda _, product: product)},
    PRODUCT + r"/options": {"GET": _product(lambda _, product: product["options"])},
    PRODUCT + r"/options/(\d+)/values": {"POST": _product(products.add_option_value)},
    PRODUCT + r"/variants": {"POST": _product(products.add_variant)},
    PRODUCT + r"/variants/(\d+)": {
        "GET": _product(_variant),
        "DELETE": _product(products.delete_variant),
    },
    PRODUCT + r"/custom-fields": _part("custom_fields"),
    PRODUCT + r"/custom-fields/(\d+)": _one_part("custom_fields"),
    PRODUCT + r"/images": _part("images"),
    PRODUCT + r"/images/(\d+)": _one_part("images"),
    r"v3/catalog/variants": {
        "PUT": lambda state, asked, _: _data(products.update_variants(state, _body(asked)))
    },
    r"v3/catalog/categories": {
        "GET": lambda state, asked, _: _page(asked, state.documents.all("category")),
        "POST": lambda state, asked, _: _data(products.create_category(state, _body(asked))),
    },
    r"v3/inventory/adjustments/absolute": {"PUT": _set_stock},
    r"v3/inventory/locations": {
        "GET": lambda state, asked, _: _page(asked, state.documents.all("location"))
    },
    r"v2/orders": {"GET": _orders},
    ORDER: {
        "GET": lambda state, asked, ids: _shown(asked, _order(state, ids)),
        "PUT": lambda state, asked, ids: orders.shown(
            orders.update(state, _order(state, ids), _body(asked)), has_lines=True
        ),
    },
    ORDER + r"/shipments": {
        "GET": _shipments,
        "POST": lambda state, asked, ids: orders.ship(state, _order(state, ids), _body(asked)),
    },
    ORDER + r"/shipments/(\d+)": {"PUT": _update_shipment},
    ACTIONS + r"/refund_quotes": {
        "POST": lambda state, asked, ids: _data(
            orders.quote(state, _order(state, ids), _body(asked))
        )
    },
    ACTIONS + r"/refunds": {
        "GET": lambda state, _, ids: _data(
            list(state.documents.where("refund", order_id=_order(state, ids)["id"]))
        ),
        "POST": lambda state, asked, ids: _data(
            orders.refund(state, _order(state, ids), _body(asked))
        ),
    },
    r"v3/hooks": {
        "GET": lambda state, asked, _: _page(asked, state.documents.all("hook")),
        "POST": lambda state, asked, _: _data(webhooks.create(state, _body(asked))),
    },
    r"v3/hooks/(\d+)": {
        "PUT": lambda state, asked, ids: _data(webhooks.update(state, ids[0], _body(asked)))
    },
}


def _busy(fault: Fault) -> Reply:
    headers = {"X-Rate-Limit-Time-Reset-Ms": str(max(int(fault.delay_s * 1000), 1))}
    return Reply(status=429, headers=headers | {"X-Rate-Limit-Requests-Left": "0"})


BEFORE: Mapping[str, Callable[[Fault], Reply]] = {
    "500": lambda _: as_json({"status": 500, "title": "Internal server error"}, status=500),
    "429": _busy,
    "empty": lambda _: Reply(),
}
