"""Cart summary: plan the parcels of a cart, quote delivery methods, sum totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orders.cart.lines import Read
from orders.cart.view import CartView, DeliveryPromise, LineView
from orders.checkout import network_limits
from orders.checkout.cart_totals import Bill, Buyer, bill, ways_of
from orders.models import Cart
from orders.pricing.totals import Totals
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from orders.routing.engine import Plan, PlannedLine
from shipping.availability import availability, delivery_ways
from shipping.availability.availability import Looked, Short
from shipping.rates import quotes
from shipping.rates.quotes import Told
from shipping.rates.refusal_reasons import Reason
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Units of a line in a parcel; ``is_first``: the line is shown here, with all its units."""

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
class FilledParcel:
    """One parcel with its content; ``quoted`` is None without a shipping service."""

    country: str
    contents: tuple[Content, ...]
    quoted: QuotedParcel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledCart:
    """A cart with all that a customer must know before paying.

    ``quotes`` as ``delivery_ways.offered`` returns them. ``limits`` maps variants with too many
    units for one order to how many one order may reserve.
    """

    cart: CartView
    country: str
    parcels: tuple[FilledParcel, ...]
    short: tuple[Short, ...]
    quotes: Sequence[ShippingQuote]
    quote: ShippingQuote | None
    reasons: Sequence[Reason]
    limits: Mapping[int, int]
    codes: Sequence[str]
    buyer: Buyer
    bill: Bill

    @property
    def totals(self) -> Totals:
        return self.bill.totals

    @property
    def total(self) -> Money:
        return self.totals.total

    @property
    def knows_region(self) -> bool:
        """Whether the region is known, on which added tax depends."""
        return bool(self.buyer.region)

    @property
    def other_way(self) -> ShippingQuote | None:
        """The other split option of the same tier: separate parcels, or the fewest."""
        others = [one for one in self.quotes if self.quote and one.is_split != self.quote.is_split]
        same = (one for one in others if self.quote and one.tier == self.quote.tier)
        return next(same, next(iter(others), None))

    def sooner(self, line: LineView) -> tuple[date, date] | None:
        """Return when a line would arrive in a parcel of its own, if that is sooner; else None."""
        other = self.other_way
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
class Ways:
    """Delivery options of a cart, and the chosen one.

    By default that is the cheapest with the fewest parcels.
    """

    looked: Looked
    quotes: Sequence[ShippingQuote]
    quote: ShippingQuote | None
    told: Told
    limits: Mapping[int, int]

    @property
    def can_go(self) -> bool:
        return bool(self.looked.cart.lines) and not self.looked.short and not self.limits


def ways(
    *, cart: Cart, country: str, now: datetime, chosen_way: str = "", known: Read | None = None
) -> Ways:
    """Plan the parcels of a cart and quote its delivery, without totals.

    ``known`` is the cart's content if it was read at ``now``.
    """
    looked = availability.look(cart=cart, country=country, now=now, known=known)
    found = delivery_ways.offered(cart=cart, looked=looked, country=country, now=now)
    chosen = next((quote for quote in found.quotes if quote.code == chosen_way), None)
    chosen = chosen or next(iter(found.quotes), None)
    limits = _limits((chosen and chosen.plan) or looked.plan)
    return Ways(looked=looked, quotes=found.quotes, quote=chosen, told=found.told, limits=limits)


def _limits(plan: Plan) -> dict[int, int]:
    """Return the variants with too many units for one order, and how many one order may reserve.

    A line that is filled from several stock levels is limited by the smallest share that it
    exceeds.
    """
    planned = [line for parcel in plan.parcels for line in parcel.lines]
    wanted: Counter[int] = Counter()
    for line in planned:
        wanted[line.candidate.level_id] += line.quantity
    over = network_limits.over_share(wanted)
    limits: dict[int, int] = {}
    for line in planned:
        if (share := over.get(line.candidate.level_id)) is not None:
            limits[line.variant_id] = min(share, limits.get(line.variant_id, share))
    return limits


def fill(
    *, cart: Cart, country: str, now: datetime, chosen_way: str = "", known: Read | None = None
) -> FilledCart:
    """Plan a cart, quote its delivery, and compute its totals.

    ``known`` is the cart's content if it was read at ``now``.
    """
    found = ways(cart=cart, country=country, now=now, chosen_way=chosen_way, known=known)
    seen, plan, quote = found.looked.cart, found.looked.plan, found.quote
    reasons: Sequence[Reason] = ()
    if plan.parcels and found.can_go:
        reasons = quotes.reasons(
            plan=plan, country=country, now=now, pieces=found.looked.pieces, told=found.told
        )
    buyer = Buyer.of_cart(cart, country=country, on=now.date(), tax=seen.tax)
    by_variant = {line.variant_id: line for line in seen.lines}
    return FilledCart(
        cart=seen,
        country=country,
        parcels=_parcels((quote and quote.plan) or plan, quote, by_variant),
        short=found.looked.short,
        quotes=found.quotes,
        quote=quote,
        reasons=reasons,
        limits=found.limits,
        codes=cart.codes,
        buyer=buyer,
        bill=bill(
            cart=cart,
            wanted=seen.counted,
            ways=ways_of(quote, keys={line.variant_id: line.id for line in seen.lines}),
            buyer=buyer,
            now=now,
            may_promote=seen.may_promote,
            held=found.looked.held,
        ),
    )


def _parcels(
    plan: Plan, quote: ShippingQuote | None, by_variant: dict[int, LineView]
) -> tuple[FilledParcel, ...]:
    quoted = {each.parcel.location_id: each for each in quote.parcels} if quote else {}
    seen: set[int] = set()

    def content(planned: PlannedLine) -> Content:
        is_first = planned.variant_id not in seen
        seen.add(planned.variant_id)
        line = by_variant[planned.variant_id]
        return Content(line=line, quantity=planned.quantity, is_first=is_first)

    return tuple(
        FilledParcel(
            country=parcel.country,
            contents=tuple(map(content, parcel.lines)),
            quoted=quoted.get(parcel.location_id),
        )
        for parcel in plan.parcels
    )
