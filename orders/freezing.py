"""Write the lines of an order: words, prices and costs as they are at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from catalog import policies
from catalog.landing import Costing
from orders import carts, earning
from orders.models import CartLine, Order, OrderLine
from orders.routing import Candidate, PlannedLine
from orders.totaling import Totals
from storefront.lib.money import Money
from suppliers.models import Supplier


def freeze(  # noqa: PLR0913 - whose lines, from where, and for how much
    *,
    order: Order,
    lines: list[CartLine],
    planned: Mapping[int, PlannedLine],
    units: Mapping[int, Decimal],
    totals: Totals,
    now: datetime,
) -> list[OrderLine]:
    """Write what was promised, and beside it what it costs from where routing takes it.

    A price that does not pay that stands all the same: the gate holds its purchase order.

    Shape:  ``planned`` by variant, ``units`` and the lines of ``totals`` by the line of the cart
    """
    pictures = carts.pictures(lines)
    costing = policies.costing_of(order.channel, now=now, country=order.ship_to["country"])
    suppliers = {one.candidate.supplier_id for one in planned.values()}
    codes = dict(Supplier.objects.filter(pk__in=suppliers).values_list("pk", "code"))
    frozen = []
    for line in lines:
        variant = line.listing.variant
        candidate = planned[variant.pk].candidate
        options = f", {variant.options_text}" if variant.options_text else ""
        share = totals.lines[line.pk]
        frozen.append(
            OrderLine(
                order=order,
                variant=variant,
                offer_id=candidate.offer_id,
                level_id=candidate.level_id,
                sku=variant.sku,
                title=f"{variant.product.title}{options}"[:200],
                picture=pictures.get(variant.product_id, ""),
                quantity=line.quantity,
                unit_amount=units[line.pk],
                line_amount=share.amount.amount,
                discount_amount=share.discount.amount,
                tax_rate=totals.treatment.rate,
                tax_amount=share.tax.amount,
                added_tax_amount=share.added.amount,
                cost_amount=candidate.wholesale.amount,
                cost_currency=candidate.wholesale.currency,
                **_costs(
                    candidate,
                    costing,
                    codes[candidate.supplier_id],
                    line.quantity,
                    share.charge,
                    totals.treatment.rate,
                ),
            )
        )
    return OrderLine.objects.bulk_create(frozen)


def _costs(  # noqa: PLR0913, PLR0917 - from where, and what is paid for how many
    candidate: Candidate,
    costing: Costing,
    code: str,
    quantity: int,
    gross: Money,
    tax_rate: Decimal,
) -> dict[str, Decimal | None]:
    """Count what units land at from their candidate; nothing where nobody can say."""
    rate = costing.dearest(candidate.wholesale.currency)
    landed = costing.landed(candidate.wholesale, origins=(candidate.country,), supplier_code=code)
    if landed is None:
        return {"cost_rate": rate}
    account = earning.of_line(landed, quantity=quantity, gross=gross, tax_rate=tax_rate)
    goods = Money(landed.of(quantity), gross.currency)
    return {
        "cost_rate": rate,
        "landed_amount": goods.rounded().amount,
        "fees_amount": (account.outlay - goods).rounded().amount,
    }
