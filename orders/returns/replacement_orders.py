"""Replacement orders: create a free order with lines, delivery plan and reserved stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from catalog.models import Variant
from catalog.texts.titles import full_titles
from orders import links, numbers, order_lines
from orders.cart import carts
from orders.inventory import reservations
from orders.models import Order, OrderLine, PurchaseLine, PurchaseOrder
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.inventory.ledger import NotEnoughStockError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementSource:
    """Source of a replacement line, and its delivery.

    Shape:  ``entry`` as in ``Order.delivery_plan``
    Units:  ``cost`` per unit, ``landed`` for all units in the order's currency; ``landed`` and
            ``rate`` are None if unknown
    """

    variant_id: int
    offer_id: int
    level_id: int
    location_id: int
    cost: Money
    rate: Decimal | None
    landed: Decimal | None
    entry: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementItem:
    """Units of an order line: what is sent for them and from where."""

    sold: OrderLine
    variant: Variant
    quantity: int
    source: ReplacementSource


def original_source(
    purchase_line: PurchaseLine, *, purchase_order: PurchaseOrder, quantity: int, now: datetime
) -> ReplacementSource:
    """Return the original source of a line, with delivery dates moved by the age of the order.

    Shape:  ``purchase_order`` is the one of the line, loaded with its order
    Raises: CannotReturnError  the purchase order has no delivery plan
    """
    order_line, entry = purchase_line.order_line, purchase_order.entry
    if not entry:
        raise CannotReturnError(
            gettext("There is no shipping method from this location. Refund the return instead.")
        )
    landed = None
    if order_line.landed_amount is not None:
        landed = (order_line.landed_amount * quantity / order_line.quantity).quantize(
            Decimal("0.01")
        )
    return ReplacementSource(
        variant_id=purchase_line.offer.variant_id or order_line.variant_id,
        offer_id=purchase_line.offer_id,
        level_id=purchase_line.level_id,
        location_id=purchase_order.location_id,
        cost=Money(purchase_line.agreed_cost_amount, purchase_line.cost_currency),
        rate=order_line.cost_rate
        if purchase_line.cost_currency == order_line.cost_currency
        else None,
        landed=landed,
        entry=_move_dates(entry, purchase_order.order, now),
    )


@requires_transaction
def create_replacement_order(
    order: Order,
    items: Sequence[ReplacementItem],
    *,
    ship_to: Mapping[str, str],
    routing_decision: Mapping[str, Any],
    now: datetime,
) -> Order:
    """Create the order and hold its stock.

    Shape:  one line for each of ``items``, in their order
    Locks:  the stock rows, in id order
    Raises: CannotReturnError  out of stock
    """
    cart = carts.open_cart(
        channel=order.channel, country=ship_to["country"], locale=order.locale, now=now
    )
    # The customer's account owns the cart, so that erasing the account includes this order.
    cart.owner_id = order.cart.owner_id
    cart.save(update_fields=["owner"])
    plan = _plan(items)
    replacement = Order.objects.create(
        number=numbers.order_number(now),
        access_key=links.new_key(),
        channel=order.channel,
        cart=cart,
        email=order.email,
        locale=order.locale,
        ship_to=dict(ship_to),
        address_verification=order.address_verification,
        currency=order.currency,
        subtotal_amount=0,
        delivery_amount=0,
        tax_amount=0,
        total_amount=0,
        status_since=now,
        placed_at=now,
        payment_due_at=now,
        delivery_plan=plan,
        routing_decision=dict(routing_decision),
        arrives_from=min(_days(plan, "arrives_from"), default=None),
        arrives_to=max(_days(plan, "arrives_to"), default=None),
    )
    guarantees = order_lines.snapshot_guarantees([item.variant.product for item in items])
    lines = [_line(replacement, item, guarantees) for item in items]
    OrderLine.objects.bulk_create(lines)
    try:
        reservations.hold(lines=lines, until=now, now=now)
    except NotEnoughStockError as error:
        message = gettext("The item is out of stock. Refund the return, or wait for new stock.")
        raise CannotReturnError(message) from error
    return replacement


def _line(
    replacement: Order, item: ReplacementItem, guarantees: Mapping[int, dict[str, Any]]
) -> OrderLine:
    order_line, source, zero = item.sold, item.source, Decimal(0)
    return OrderLine(
        order=replacement,
        variant=item.variant,
        offer_id=source.offer_id,
        level_id=source.level_id,
        sku=item.variant.sku,
        title=_title(item),
        titles=_titles(item),
        picture=_picture(item),
        guarantee_months=item.variant.product.guarantee_months,
        guarantee=_guarantee(item, guarantees),
        quantity=item.quantity,
        unit_amount=zero,
        line_amount=zero,
        discount_amount=zero,
        tax_rate=order_line.tax_rate,
        tax_amount=zero,
        additional_tax_amount=zero,
        cost_amount=source.cost.amount,
        cost_currency=source.cost.currency,
        cost_rate=source.rate,
        landed_amount=source.landed,
        fees_amount=zero,
    )


def _guarantee(item: ReplacementItem, guarantees: Mapping[int, dict[str, Any]]) -> dict[str, Any]:
    """Return the guarantee that was sold; for another product, the one it has now."""
    if item.variant.product_id == item.sold.variant.product_id and item.sold.guarantee:
        return dict(item.sold.guarantee)
    return guarantees.get(item.variant.product_id, {})


def _title(item: ReplacementItem) -> str:
    if item.variant.pk == item.sold.variant_id:
        return item.sold.title
    return item.variant.full_title


def _titles(item: ReplacementItem) -> dict[str, str]:
    if item.variant.pk == item.sold.variant_id:
        return dict(item.sold.titles)
    return full_titles(item.variant)


def _picture(item: ReplacementItem) -> str:
    if item.variant.pk == item.sold.variant_id:
        return item.sold.picture
    return order_lines.picture_of(item.variant)


def _plan(items: Sequence[ReplacementItem]) -> list[Mapping[str, Any]]:
    """Return one free parcel per location."""
    entries: dict[int, dict[str, Any]] = {}
    for item in items:
        source = item.source
        free_entry = {**source.entry, "amount": "0", "tax": "0", "levels": {}}
        entry = entries.setdefault(source.location_id, free_entry)
        # Two lines of a variant may use two stock levels of a location.
        key = str(item.variant.pk)
        key = key if key not in entry["levels"] else f"{key}:{source.level_id}"
        entry["levels"][key] = source.level_id
    return list(entries.values())


def _days(plan: Sequence[Mapping[str, Any]], name: str) -> list[date]:
    return [date.fromisoformat(entry[name]) for entry in plan if entry.get(name)]


def _move_dates(entry: Mapping[str, Any], order: Order, now: datetime) -> dict[str, Any]:
    """Return the entry with its delivery dates moved by the days since the order."""
    age = now.date() - order.placed_at.date()
    days = {
        name: (date.fromisoformat(entry[name]) + age).isoformat()
        for name in ("arrives_from", "arrives_to")
        if entry.get(name)
    }
    return {**entry, **days}
