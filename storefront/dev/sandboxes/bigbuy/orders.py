"""BigBuy orders: validate an order, create it once, move it through its statuses.

Invalid orders are rejected as by BigBuy.
"""

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.bigbuy import carriers
from storefront.dev.sandboxes.bigbuy.carriers import BY_NAME, Carrier
from storefront.dev.sandboxes.bigbuy.errors import business, inactive, invalid
from storefront.dev.sandboxes.bigbuy.goods import Item
from storefront.dev.sandboxes.bigbuy.state import FIRST_ORDER, SandboxState
from storefront.dev.sandboxes.bigbuy.stock import FAR, MAIN, InsufficientStockError
from storefront.dev.sandboxes.core.http_server import repeat_in_thread

ACCEPTED, PACKING, SHIPPED, DELIVERED, CANCELED = (
    "Payment accepted",
    "In preparation",
    "Shipped",
    "Delivered",
    "Cancelled",
)
INVOICE = "PENDING INVOICE"
STATUSES = (ACCEPTED, PACKING, SHIPPED, DELIVERED, CANCELED, INVOICE)
NEXT = {ACCEPTED: PACKING, PACKING: SHIPPED, SHIPPED: DELIVERED}
TAX = Decimal("1.21")
IDLE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    item: Item
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidOrder:
    """A valid order. ``lines`` are grouped by warehouse."""

    reference: str
    carrier: str
    shipping: Decimal
    lines: dict[int, list[Line]]

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for lines in self.lines.values() for line in lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.goods + self.shipping


def weight_g(lines: Sequence[Line]) -> int:
    return sum(line.item.variant.packed_g * line.quantity for line in lines)


def group_by_warehouse(state: SandboxState, lines: Sequence[Line]) -> dict[int, list[Line]]:
    """Return the lines by warehouse: one warehouse for all lines if possible, else one for each.

    Raises: ApiError  no warehouse has enough units of a line
    """
    stock = {
        line.item.sku: {
            level.warehouse: level.soon + level.later
            for level in state.stock_store.levels(line.item)
        }
        for line in lines
    }
    short = [
        line.item.sku
        for line in lines
        if max(stock[line.item.sku].values(), default=0) < line.quantity
    ]
    if short:
        raise business("ER003", skus=short)
    for warehouse in (MAIN, FAR):
        if all(stock[each.item.sku].get(warehouse, 0) >= each.quantity for each in lines):
            return {warehouse: list(lines)}
    found: dict[int, list[Line]] = {}
    for line in lines:
        able = [w for w, units in stock[line.item.sku].items() if units >= line.quantity]
        found.setdefault(able[0], []).append(line)
    return found


def create(state: SandboxState, order: ValidOrder, *, fault: str) -> int:
    """Create the order once, even if the answer gets lost; return its id.

    Raises: ApiError  the number exists, the balance is too low, or stock is short
    """
    ((warehouse, lines),) = order.lines.items()
    now_s = state.now()
    with state.ledger.writing():
        if (known := by_reference(state, order.reference)) is not None:
            raise business("ER008", orderId=str(known["id"]))
        left = purse(state) - order.total
        if left < 0:
            raise business("ER005", moneyBoxAmount=str(purse(state)), totalOrder=str(order.total))
        set_purse(state, left)
        for line in lines:
            try:
                state.stock_store.move(
                    line.item, warehouse=warehouse, quantity=line.quantity, at_s=now_s
                )
            except InsufficientStockError as error:
                raise business("ER003", skus=[line.item.sku]) from error
        count = state.ledger.fact("orders_made", 0)
        state.ledger.set_fact("orders_made", count + 1)
        rows = [
            {
                "id": place,
                "reference": line.item.sku,
                "quantity": line.quantity,
                "priceTaxExcl": str(line.price),
                "priceTaxIncl": str((line.price * TAX).quantize(line.price)),
                "warehouse": warehouse,
            }
            for place, line in enumerate(lines, start=1)
        ]
        return state.ledger.insert(
            "orders",
            id=FIRST_ORDER + count,
            reference=order.reference,
            status=ACCEPTED,
            lines=json.dumps(rows),
            carrier=order.carrier,
            goods=str(order.goods),
            shipping=str(order.shipping),
            created_s=now_s,
            moved_s=now_s,
            fault=fault,
        )


def by_reference(state: SandboxState, reference: str) -> dict[str, Any] | None:
    return state.ledger.row("SELECT * FROM orders WHERE reference = ?", reference)


def by_id(state: SandboxState, key: str) -> dict[str, Any] | None:
    number = int(key) if key.isdecimal() else 0
    return state.ledger.row("SELECT * FROM orders WHERE id = ?", number)


def purse(state: SandboxState) -> Decimal:
    return Decimal(state.ledger.fact("purse", state.rules.purse_eur))


def set_purse(state: SandboxState, amount: Decimal) -> None:
    state.ledger.set_fact("purse", str(amount))


class StatusNotAllowedError(ValueError):
    """The order's status does not allow the change. Nothing was changed."""


def advance(state: SandboxState, order: dict[str, Any], *, to: str) -> None:
    """Move the order through the statuses up to this one.

    Raises: StatusNotAllowedError
    """
    if to not in STATUSES:
        raise StatusNotAllowedError(f"{to!r} is none of {', '.join(STATUSES)}")
    if to in {CANCELED, INVOICE}:
        if order["status"] not in {ACCEPTED, PACKING, INVOICE}:
            raise StatusNotAllowedError(f"{order['id']} is {order['status']}")
        _set_status(state, order, to)
        return
    while order["status"] != to:
        if order["status"] not in NEXT:
            raise StatusNotAllowedError(f"{order['id']} is {order['status']}")
        _set_status(state, order, NEXT[order["status"]])


def _set_status(state: SandboxState, order: dict[str, Any], status: str) -> None:
    tracking = order["tracking"]
    if status == SHIPPED:
        tracking = carriers.tracking_number(order["carrier"], order=order["id"])
    with state.ledger.writing():
        if status == CANCELED:
            set_purse(state, purse(state) + Decimal(order["goods"]) + Decimal(order["shipping"]))
            for line in json.loads(order["lines"]):
                found = state.goods.by_sku(line["reference"])
                if found is not None:
                    back = -line["quantity"]
                    state.stock_store.move(
                        found[1], warehouse=line["warehouse"], quantity=back, at_s=state.now()
                    )
        changes = {"status": status, "tracking": tracking, "moved_s": state.now()}
        state.ledger.run(
            "UPDATE orders SET status = ?, tracking = ?, moved_s = ? WHERE id = ?",
            *changes.values(),
            order["id"],
        )
        order.update(changes)


def advance_due(state: SandboxState) -> None:
    """Move every order whose time in its status is over."""
    pace_s = state.pace_s
    if pace_s <= 0:
        return
    for order in state.ledger.rows(
        "SELECT * FROM orders WHERE status IN (?, ?, ?) AND moved_s <= ? ORDER BY moved_s",
        *NEXT,
        state.now() - pace_s,
    ):
        advance(state, order, to=NEXT[order["status"]])


def start(state: SandboxState) -> threading.Thread:
    """Move due orders in a thread until the sandbox stops."""
    return repeat_in_thread(lambda: advance_due(state), every_s=IDLE_S, stopping=state.stopping)


# Validation

MAX_ADDRESS_LENGTH = 70
ADDRESS = ("firstName", "lastName", "country", "postcode", "town", "address", "phone", "email")
POSTCODES = {
    **dict.fromkeys(("DE", "ES", "FR", "IT", "FI", "EE"), (r"\d{5}", "28001")),
    **dict.fromkeys(("AT", "BE", "CH", "DK", "HU", "NO"), (r"\d{4}", "1010")),
    "NL": (r"\d{4} ?[A-Z]{2}", "1234 AB"),
    "PT": (r"\d{4}-\d{3}", "1000-001"),
    "PL": (r"\d{2}-\d{3}", "00-001"),
}
PAYMENTS = frozenset({"moneybox", "paypal", "bankwire"})
SKU = re.compile(r"[SV]\d{5,12}")

type Body = dict[str, Any]


def validate_order(state: SandboxState, body: Body) -> ValidOrder:
    """Parse and validate an order.

    Raises: ApiError
    """
    order = part_of(body, "order")
    to = part_of(order, "shippingAddress")
    blank = "This value should not be blank."
    wrong = {f"shippingAddress.{name}": blank for name in ADDRESS if not to.get(name)}
    reference = order.get("internalReference")
    if not isinstance(reference, str) or not 0 < len(reference) <= 50:  # noqa: PLR2004
        wrong["internalReference"] = "This value is not valid."
    if len(str(to.get("address", ""))) > MAX_ADDRESS_LENGTH:
        wrong["shippingAddress.address"] = "This value is too long. It should have 70 characters."
    if wrong:
        raise invalid(wrong, ("language", "paymentMethod", "products"))
    if order.get("paymentMethod") not in PAYMENTS:
        raise business("ER011")
    country = str(to["country"])
    check_postcode(country, str(to["postcode"]))
    lines = lines_of(state, order)
    carrier, shipping = _cheapest(order, country, weight_g(lines))
    return ValidOrder(
        reference=str(reference),
        carrier=carrier.name,
        shipping=shipping,
        lines=group_by_warehouse(state, lines),
    )


def _cheapest(order: Body, country: str, weight: int) -> tuple[Carrier, Decimal]:
    named = order.get("carriers")
    rows = [row for row in named if isinstance(row, dict)] if isinstance(named, list) else []
    names = [str(row.get("name")).casefold() for row in rows]
    able = [BY_NAME[name] for name in names if name in BY_NAME and country in BY_NAME[name].ends]
    if not able:
        raise business("ER010")
    best = min(able, key=lambda carrier: carrier.cost(weight, place=0))
    return best, best.cost(weight, place=0)


def check_postcode(country: str, postcode: str) -> None:
    pattern, example = POSTCODES.get(country, (r".+", ""))
    if not re.fullmatch(pattern, postcode):
        raise business("ER004", zipExample=example)


def lines_of(state: SandboxState, order: Body) -> list[Line]:
    wanted = order.get("products")
    if not isinstance(wanted, list) or not wanted:
        raise invalid({"products": "This value should not be blank."})
    lines, unknown, strange, asleep = [], [], [], []
    for row in wanted:
        sku, quantity = str(row.get("reference")), row.get("quantity")
        if not isinstance(quantity, int) or not 0 < quantity <= 10_000:  # noqa: PLR2004
            raise invalid({"products": "This value is not valid."})
        found = state.goods.by_sku(sku)
        price = state.stock_store.price(found[1]) if found else None
        if not SKU.fullmatch(sku):
            strange.append(sku)
        elif found is None or price is None:
            unknown.append(sku)
        elif not state.stock_store.is_active(state.goods.sku(found[0])):
            asleep.append(sku)
        else:
            lines.append(Line(item=found[1], quantity=quantity, price=price))
    if strange:
        raise business("ER002", skus=strange)
    if unknown:
        raise business("ER001", skus=unknown)
    if asleep:
        raise inactive(asleep)
    return lines


def part_of(body: Any, name: str) -> Body:
    part = body.get(name) if isinstance(body, dict) else None
    if not isinstance(part, dict):
        raise invalid({name: "This value should not be blank."})
    return part
