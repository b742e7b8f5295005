"""Store shop: what a platform defines of its sandbox, the controls of buyers and staff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions
from storefront.dev.sandboxes.core.http_server import Reply, Request
from storefront.dev.sandboxes.store.sales import DELIVERY
from storefront.dev.sandboxes.store.state import Document, StoreState
from storefront.dev.sandboxes.store.webhooks import messages, redeliver
from storefront.dev.sandboxes.supplier import advance_clock

type Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What a buyer orders; ``presentment`` is their currency, if it is not that of the store."""

    units: Mapping[str, int]  # by SKU
    is_paid: bool
    discount: Decimal
    delivery: Decimal
    is_test: bool
    presentment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop[S: StoreState[Any]]:
    """One platform: how it answers, and what buyers and staff do in a store.

    Orders are kept in the platform's dialect, so each defines the actions. They may raise
    ValueError.
    """

    title: str
    reply: Callable[[S, Request], Reply]
    controls: Actions[S]  # beyond those of every store
    fault_example: str  # the end of a path, for the status page
    place: Callable[[S, Sale], Document]
    pay: Callable[[S, Document], None]
    cancel: Callable[[S, Document], None]
    edit: Callable[[S, Document, str, int], None]  # the quantity that is left of a SKU
    refund: Callable[[S, Document, Mapping[str, int], Decimal], Document]
    parcels: Callable[[S, Document], list[Document]]
    refunds: Callable[[S, Document], list[Document]]
    products: Callable[[S], list[Document]]  # id, title, is_active and skus of each
    uninstall: Callable[[S], None]
    summary: Callable[[S, Document], tuple[str, str, str]]  # name, status and details of an order
    id_of: Callable[[Document], str] = lambda order: str(order["id"])


def order_of(state: StoreState[Any], arguments: Arguments) -> Document:
    """Return the order that a control call names by its number or global id."""
    found = state.documents.get("order", int(str(arguments["id"]).rpartition("/")[2]))
    if found is None:
        raise ValueError("no such order")
    return found


def _sale(arguments: Arguments) -> Sale:
    units = arguments["units"]
    if isinstance(units, str):  # from the form of the status page
        units = {units: 1}
    if not units:
        raise ValueError("units are required")
    return Sale(
        units={str(sku): int(count) for sku, count in units.items()},
        is_paid=bool(arguments.get("paid", True)),
        discount=Decimal(str(arguments.get("discount", "0"))),
        delivery=Decimal(str(arguments.get("delivery", DELIVERY))),
        is_test=bool(arguments.get("test", False)),
        presentment=str(arguments.get("presentment", "")),
    )


def actions_of[S: StoreState[Any]](shop: Shop[S]) -> Actions[S]:
    """Return all controls of a store."""

    def place(state: S, arguments: Arguments) -> Document:
        return {"id": shop.id_of(shop.place(state, _sale(arguments)))}

    def edit(state: S, arguments: Arguments) -> None:
        order = order_of(state, arguments)
        shop.edit(state, order, arguments["sku"], int(arguments["quantity"]))

    def refund(state: S, arguments: Arguments) -> Document:
        units = {str(sku): int(count) for sku, count in (arguments.get("units") or {}).items()}
        amount = Decimal(str(arguments["amount"]))
        return {"id": shop.refund(state, order_of(state, arguments), units, amount)["id"]}

    return {
        **FAULT_ACTIONS,
        ("POST", "orders"): place,
        ("POST", "orders/pay"): lambda state, asked: shop.pay(state, order_of(state, asked)),
        ("POST", "orders/cancel"): lambda state, asked: shop.cancel(state, order_of(state, asked)),
        ("POST", "orders/edit"): edit,
        ("POST", "orders/refund"): refund,
        ("GET", "parcels"): lambda state, asked: shop.parcels(state, order_of(state, asked)),
        ("GET", "refunds"): lambda state, asked: shop.refunds(state, order_of(state, asked)),
        ("GET", "products"): lambda state, _: shop.products(state),
        ("POST", "uninstall"): lambda state, _: shop.uninstall(state),
        ("GET", "messages"): messages,
        ("POST", "messages/redeliver"): redeliver,
        ("GET", "usage"): lambda state, _: state.usage.report(),
        ("POST", "usage/forget"): lambda state, _: state.usage.clear(),
        ("GET", "violations"): lambda state, _: {"count": state.violations},
        ("POST", "advance_clock"): advance_clock,
        ("POST", "reset"): lambda state, _: state.reset(),
        **shop.controls,
    }
