"""Purchase margin: calculate the margin of a purchase order and its lines at current costs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from catalog.pricing import policy
from catalog.pricing.landed_cost import DUTY_CURRENCY, Costing, CostTerms
from orders.models import PurchaseLine, PurchaseOrder
from orders.pricing import margins
from orders.pricing.margins import Margin
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseMargin:
    """Margins of a parcel and its lines, as far as known.

    Shape:  ``lines`` by purchase line id; ``missing_rates`` are pairs such as ``USD-EUR``;
            ``missing_selling_costs`` names what has no selling costs
    """

    parcel: Margin | None
    lines: Mapping[int, Margin]
    missing_rates: Sequence[str]
    missing_selling_costs: str


def calculate(  # noqa: PLR0913 - inputs of one calculation
    *,
    purchase_order: PurchaseOrder,
    lines: Sequence[PurchaseLine],
    freight: Money | None,
    items_cost: Money | None,
    now: datetime,
    other_charges: Decimal = Decimal(0),
) -> PurchaseMargin:
    """Return the margins at confirmed exchange rates only, for the destination country.

    Shape:  ``freight`` and ``items_cost`` are what the supplier charges now for shipping and items;
            None uses terms and list costs. ``other_charges`` is what is charged for active lines
            that are not in ``lines``
    """
    order = purchase_order.order
    country = order.ship_to["country"]
    costing = policy.load_costing(order.channel, now=now, country=country).confirmed_only
    origin, code = purchase_order.location.country, purchase_order.supplier.code
    terms = costing.terms_of(origin=origin, supplier_code=code)
    costs = {line.pk: _unit_cost(line) for line in lines}
    stated = [money for money in (freight, items_cost) if money is not None]
    missing = _missing_rates(
        {money.currency for money in (*costs.values(), *stated)}, costing, origin, terms
    )
    line_margins = {}
    for line in lines:
        landed = costing.landed(costs[line.pk], origins=(origin,), supplier_code=code)
        if landed is not None:
            order_line = line.order_line
            line_margins[line.pk] = margins.line_margin(
                landed if freight is None else landed.without_freight,
                quantity=line.quantity,
                gross=Money(order_line.customer_charge_amount, order.currency),
                tax_rate=order_line.tax_rate,
            )
    parcel = None
    if terms is not None and not missing:
        active = [line for line in lines if line.is_active]
        items_charge = sum((line.order_line.customer_charge_amount for line in active), Decimal(0))
        parcel = margins.parcel_margin(
            [line_margins[line.pk] for line in active],
            terms=terms,
            delivery=purchase_order.charge - Money(items_charge + other_charges, order.currency),
            tax_rate=active[0].order_line.tax_rate if active else Decimal(0),
            freight=freight and _converted(freight, costing, order.currency),
            items_cost=items_cost and _converted(items_cost, costing, order.currency),
        )
    return PurchaseMargin(
        parcel=parcel,
        lines=line_margins,
        missing_rates=[f"{currency}-{order.currency}" for currency in missing],
        missing_selling_costs="" if terms else f"items of {code} from {origin}",
    )


def _unit_cost(line: PurchaseLine) -> Money:
    """Return the current unit cost; the agreed cost if the supplier no longer lists it."""
    offer = line.offer
    if offer.cost_amount:
        return Money(offer.cost_amount, offer.currency)
    return Money(line.agreed_cost_amount, line.cost_currency)


def _missing_rates(
    currencies: Iterable[str], costing: Costing, origin: str, terms: CostTerms | None
) -> list[str]:
    needed = set(currencies)
    if terms is not None and costing.owes_flat_duty(origin=origin, terms=terms):
        needed.add(DUTY_CURRENCY)
    return sorted(needed - costing.rates.keys())


def _converted(money: Money, costing: Costing, currency: str) -> Money:
    return money.converted(rate=costing.rates[money.currency], currency=currency)
