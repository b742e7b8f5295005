"""Sale amounts: compute what lines are sold for, as the margin filter of routing needs it.

All amounts use the tax table, so that a page, a cart and an order with the same price choose the
same source. Taxes by region or tax service apply later, in the cart totals and the hold rules.
"""

from collections.abc import Iterable, Mapping

from catalog.models import Channel
from orders.cart.view import CartView
from orders.models import Cart
from orders.promotions import promotions
from orders.promotions.promotions import ApplicablePromotions
from orders.routing.margin_filter import SaleAmount
from orders.tax import rates
from orders.tax.rates import CountryRate
from shipping.availability.reach import Reach
from shipping.rates import quotes
from storefront.lib.money import Money


def by_variant(
    *,
    amounts: Mapping[int, Money],
    reached: Reach,
    channel: Channel,
    country_rate: CountryRate | None = None,
) -> dict[int, SaleAmount]:
    """Return the sale amount per variant; empty without a minimum margin or a choice of sources.

    Shape:  ``amounts`` are whole lines after discounts, by variant; ``country_rate`` as in
            ``rates.find_treatment``
    """
    if not _is_needed(reached, amounts):
        return {}
    treatment = quotes.cached(
        ("tax", channel.pk, reached.country),
        reached.now,
        lambda: rates.find_table_treatment(
            channel=channel,
            country=reached.country,
            on=reached.now.date(),
            country_rate=country_rate,
        ),
    )
    return {variant_id: SaleAmount.at(amount, treatment) for variant_id, amount in amounts.items()}


def for_cart(
    *, cart: Cart, view: CartView, reached: Reach
) -> tuple[dict[int, SaleAmount], ApplicablePromotions | None]:
    """Return the sale amounts of a cart after its promotions, and the promotions read.

    Delivery prices are unknown here, so a discount on lines always wins over free delivery. Lines
    may then seem cheaper than they are sold, which may exclude a source unnecessarily.
    """
    ids = [line.variant_id for line in view.lines]
    if not _is_needed(reached, ids):
        return {}, None
    applicable = promotions.find_applicable(
        cart=cart,
        wanted=view.counted,
        email=cart.email,
        now=reached.now,
        may_promote=view.may_promote,
    )
    off = promotions.calculate(applicable).outcome.deductions.lines
    nothing = Money.zero(cart.channel.currency)
    amounts = {line.variant_id: line.amount - off.get(line.id, nothing) for line in view.lines}
    amounts_by_line = by_variant(
        amounts=amounts, reached=reached, channel=cart.channel, country_rate=view.tax
    )
    return amounts_by_line, applicable


def _is_needed(reached: Reach, variant_ids: Iterable[int]) -> bool:
    return reached.rules.min_margin_rate is not None and reached.has_choice(variant_ids)
