"""Read an order that is asked for, and refuse what the real one would refuse."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.carriers import BY_NAME, Carrier
from storefront.dev.sandboxes.bigbuy.errors import business, inactive, invalid
from storefront.dev.sandboxes.bigbuy.orders import Line, Wish
from storefront.dev.sandboxes.bigbuy.state import World

LONGEST_ADDRESS = 70
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


def wish_of(world: World, body: Body) -> Wish:
    """Read an order, and refuse what cannot be.

    Raises: RefusedError
    """
    order = part_of(body, "order")
    to = part_of(order, "shippingAddress")
    blank = "This value should not be blank."
    wrong = {f"shippingAddress.{name}": blank for name in ADDRESS if not to.get(name)}
    reference = order.get("internalReference")
    if not isinstance(reference, str) or not 0 < len(reference) <= 50:  # noqa: PLR2004
        wrong["internalReference"] = "This value is not valid."
    if len(str(to.get("address", ""))) > LONGEST_ADDRESS:
        wrong["shippingAddress.address"] = "This value is too long. It should have 70 characters."
    if wrong:
        raise invalid(wrong, ("language", "paymentMethod", "products"))
    if order.get("paymentMethod") not in PAYMENTS:
        raise business("ER011")
    country = str(to["country"])
    check_postcode(country, str(to["postcode"]))
    lines = lines_of(world, order)
    carrier, shipping = _cheapest(order, country, orders.weight_g(lines))
    return Wish(
        reference=str(reference),
        carrier=carrier.name,
        shipping=shipping,
        lines=orders.shelved(world, lines),
        body=order,
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


def lines_of(world: World, order: Body) -> list[Line]:
    wanted = order.get("products")
    if not isinstance(wanted, list) or not wanted:
        raise invalid({"products": "This value should not be blank."})
    lines, unknown, strange, asleep = [], [], [], []
    for row in wanted:
        sku, quantity = str(row.get("reference")), row.get("quantity")
        if not isinstance(quantity, int) or not 0 < quantity <= 10_000:  # noqa: PLR2004
            raise invalid({"products": "This value is not valid."})
        found = world.goods.by_sku(sku)
        price = world.stores.price(found[1]) if found else None
        if not SKU.fullmatch(sku):
            strange.append(sku)
        elif found is None or price is None:
            unknown.append(sku)
        elif not world.stores.is_active(world.goods.sku(found[0])):
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
