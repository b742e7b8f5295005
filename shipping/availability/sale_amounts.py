"""Sale amounts: compute what lines are sold for, as the margin filter of routing needs it.

All channels use the same tax table, so that a page, a cart and an order at one price choose one
source. Taxes by region or tax service apply later, in the cart totals and the hold rules.
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
    """Return the sale amount per variant; empty if no rule or choice needs it.

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

    Free delivery is unknown here. A promotion that would give it counts as a discount on lines,
    which may at most exclude one source too many.
    """
    ids = [line.variant_id for line in view.lines]
    if not _is_needed(reached, ids):
        return {}, None
    held = promotions.find_applicable(
        cart=cart,
        wanted=view.counted,
        email=cart.email,
        now=reached.now,
        may_promote=view.may_promote,
    )
    off = promotions.calculate(held).outcome.deductions.lines
    nothing = Money.zero(cart.channel.currency)
    amounts = {line.variant_id: line.amount - off.get(line.id, nothing) for line in view.lines}
    amounts_by_line = by_variant(
        amounts=amounts, reached=reached, channel=cart.channel, country_rate=view.tax
    )
    return amounts_by_line, held


def _is_needed(reached: Reach, variant_ids: Iterable[int]) -> bool:
    return reached.rules.min_margin_rate is not None and reached.has_choice(variant_ids)
