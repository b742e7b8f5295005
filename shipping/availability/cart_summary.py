"""Cart summary: plan the parcels of a cart, quote delivery methods, sum totals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orders.cart.lines import CartContent
from orders.cart.view import CartView, DeliveryPromise, LineView
from orders.checkout import network_limits
from orders.checkout.cart_totals import BuyerContext, CartTotals, calculate, quote_shipping_charges
from orders.models import Cart
from orders.pricing.totals import Totals
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from orders.routing.engine import Plan, PlannedLine
from shipping.availability import availability, delivery_methods
from shipping.availability.availability import CheckedCart, UnavailableLine
from shipping.rates import quotes
from shipping.rates.quotes import LiveRates
from shipping.rates.refusal_reasons import RefusalReason
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelItem:
    """Units of a line in a parcel; ``is_first``: this parcel shows the line with all its units."""

    line: LineView
    quantity: int
    is_first: bool

    @property
    def is_part(self) -> bool:
        return self.quantity < self.line.quantity

    @property
    def amount(self) -> Money:
        return self.line.unit * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryParcel:
    """One parcel with its content; ``quoted`` is None without a shipping service."""

    country: str
    contents: tuple[ParcelItem, ...]
    quoted: QuotedParcel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartSummary:
    """A cart with all that a customer must know before paying.

    ``quotes`` as ``delivery_methods.quote_delivery_methods`` returns them. ``limits`` maps variants
    with too many units for one order to the number that one order may reserve.
    """

    cart: CartView
    country: str
    parcels: tuple[SummaryParcel, ...]
    short: tuple[UnavailableLine, ...]
    quotes: Sequence[ShippingQuote]
    quote: ShippingQuote | None
    reasons: Sequence[RefusalReason]
    limits: Mapping[int, int]
    codes: Sequence[str]
    buyer: BuyerContext
    cart_totals: CartTotals

    @property
    def totals(self) -> Totals:
        return self.cart_totals.totals

    @property
    def total(self) -> Money:
        return self.totals.total

    @property
    def knows_region(self) -> bool:
        """Whether the region is known, on which added tax depends."""
        return bool(self.buyer.region)

    @property
    def other_split(self) -> ShippingQuote | None:
        """The option of the same tier that splits differently: separate parcels or the fewest."""
        others = [
            quote for quote in self.quotes if self.quote and quote.is_split != self.quote.is_split
        ]
        same = (quote for quote in others if self.quote and quote.tier == self.quote.tier)
        return next(same, next(iter(others), None))

    def sooner(self, line: LineView) -> tuple[date, date] | None:
        """Return when a line would arrive in a parcel of its own, if that is sooner; else None."""
        other = self.other_split
        if self.quote is None or other is None or not other.is_split:
            return None
        days = other.arrivals[line.variant_id]
        return days if days[1] < self.quote.arrivals[line.variant_id][1] else None

    def changed_delivery(self, line: LineView) -> DeliveryPromise | None:
        """Return when and from where a line ships now, if the product page promised otherwise.

        None if the customer chose another country or a faster delivery method.
        """
        was, quote = line.promised, self.quote
        if was is None or was.country_to != self.country or quote is None:
            return None
        if line.variant_id not in quote.arrivals:
            return None
        first, last = quote.arrivals[line.variant_id]
        now = DeliveryPromise(
            arrives_from=first,
            arrives_to=last,
            country_from=quote.origins[line.variant_id],
            country_to=self.country,
        )
        is_picked = quote is not self.quotes[0]
        return None if now == was or (is_picked and last < was.arrives_to) else now

    @property
    def must_change(self) -> bool:
        """Whether quantities exceed what can be shipped, or reserved by one order."""
        return bool(self.short or self.limits)

    @property
    def can_be_ordered(self) -> bool:
        return bool(self.cart.lines) and not self.must_change and self.quote is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """Delivery options of a cart, and the chosen one; by default the first option."""

    checked_cart: CheckedCart
    quotes: Sequence[ShippingQuote]
    quote: ShippingQuote | None
    live_rates: LiveRates
    limits: Mapping[int, int]

    @property
    def can_continue(self) -> bool:
        return (
            bool(self.checked_cart.cart.lines) and not self.checked_cart.short and not self.limits
        )


def delivery_options(
    *,
    cart: Cart,
    country: str,
    now: datetime,
    method_code: str = "",
    cart_content: CartContent | None = None,
) -> DeliveryOptions:
    """Plan the parcels and quote delivery, without totals; ``cart_content`` as of ``now``."""
    checked_cart = availability.check_cart(
        cart=cart, country=country, now=now, cart_content=cart_content
    )
    methods = delivery_methods.quote_delivery_methods(
        cart=cart, checked_cart=checked_cart, country=country, now=now
    )
    chosen = next((quote for quote in methods.quotes if quote.code == method_code), None)
    chosen = chosen or next(iter(methods.quotes), None)
    limits = _limits((chosen and chosen.plan) or checked_cart.plan)
    return DeliveryOptions(
        checked_cart=checked_cart,
        quotes=methods.quotes,
        quote=chosen,
        live_rates=methods.live_rates,
        limits=limits,
    )


def _limits(plan: Plan) -> dict[int, int]:
    """Return the variants with too many units for one order, and how many one order may reserve.

    A line that is filled from several stock levels is limited by the smallest share that it
    exceeds.
    """
    planned = [line for parcel in plan.parcels for line in parcel.lines]
    wanted: Counter[int] = Counter()
    for line in planned:
        wanted[line.candidate.level_id] += line.quantity
    over = network_limits.excess_shares(wanted)
    limits: dict[int, int] = {}
    for line in planned:
        if (share := over.get(line.candidate.level_id)) is not None:
            limits[line.variant_id] = min(share, limits.get(line.variant_id, share))
    return limits


def summarize(
    *,
    cart: Cart,
    country: str,
    now: datetime,
    method_code: str = "",
    cart_content: CartContent | None = None,
) -> CartSummary:
    """Plan a cart, quote delivery, compute totals; ``cart_content`` as of ``now``."""
    delivery = delivery_options(
        cart=cart, country=country, now=now, method_code=method_code, cart_content=cart_content
    )
    cart_view, plan, quote = delivery.checked_cart.cart, delivery.checked_cart.plan, delivery.quote
    reasons: Sequence[RefusalReason] = ()
    if plan.parcels and delivery.can_continue:
        reasons = quotes.refusal_reasons(
            plan=plan,
            country=country,
            now=now,
            pieces=delivery.checked_cart.pieces,
            live_rates=delivery.live_rates,
        )
    buyer = BuyerContext.of_cart(cart, country=country, on=now.date(), tax=cart_view.tax)
    by_variant = {line.variant_id: line for line in cart_view.lines}
    return CartSummary(
        cart=cart_view,
        country=country,
        parcels=_parcels((quote and quote.plan) or plan, quote, by_variant),
        short=delivery.checked_cart.short,
        quotes=delivery.quotes,
        quote=quote,
        reasons=reasons,
        limits=delivery.limits,
        codes=cart.codes,
        buyer=buyer,
        cart_totals=calculate(
            cart=cart,
            wanted=cart_view.counted,
            shipping_charges=quote_shipping_charges(
                quote, line_ids={line.variant_id: line.id for line in cart_view.lines}
            ),
            buyer=buyer,
            now=now,
            may_promote=cart_view.may_promote,
            applicable_promotions=delivery.checked_cart.applicable_promotions,
        ),
    )


def _parcels(
    plan: Plan, quote: ShippingQuote | None, by_variant: dict[int, LineView]
) -> tuple[SummaryParcel, ...]:
    quoted = (
        {quoted_parcel.parcel.location_id: quoted_parcel for quoted_parcel in quote.parcels}
        if quote
        else {}
    )
    shown_variants: set[int] = set()

    def content(planned: PlannedLine) -> ParcelItem:
        is_first = planned.variant_id not in shown_variants
        shown_variants.add(planned.variant_id)
        line = by_variant[planned.variant_id]
        return ParcelItem(line=line, quantity=planned.quantity, is_first=is_first)

    return tuple(
        SummaryParcel(
            country=parcel.country,
            contents=tuple(map(content, parcel.lines)),
            quoted=quoted.get(parcel.location_id),
        )
        for parcel in plan.parcels
    )
