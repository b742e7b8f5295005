"""Availability: compute quantity, delivery promise and routing of variants and carts per country.

Lists, product pages, carts, checkout and the API all use this module, so that what one of them
shows can be ordered in the others. All figures come from ``reach.Reach``, whose quantities never
exceed the listed quantity.
"""

from collections.abc import Hashable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Protocol

from catalog.models import Channel, Listing
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.cart import carts
from orders.cart import lines as cart_lines
from orders.cart.carts import Deliverable, DeliverableOf
from orders.cart.lines import CartContent
from orders.cart.view import CartView, DeliveryPromise, LineView
from orders.models import Cart
from orders.promotions.promotions import ApplicablePromotions
from orders.routing.engine import Plan
from shipping.availability import sale_amounts
from shipping.availability.reach import Availability, Reach, load_reach
from shipping.rates import quotes
from shipping.rates.quotes import QuotedPromise
from storefront.lib.money import Money
from suppliers.inventory import stock_rows
from suppliers.inventory.stock_rows import StockRow
from suppliers.shipping_services.selection import ParcelItem

MAX_CACHED_ANSWERS = 20_000  # about 0.5 KB each


class ShownVariant(ParcelItem, Protocol):
    @property
    def price_amount(self) -> Decimal: ...
    @property
    def available(self) -> int: ...
    @property
    def ships_from(self) -> Iterable[str]: ...
    def is_available(self, now: datetime) -> bool: ...


class PageVariant(ShownVariant, Protocol):
    """A variant with its stock rows, as ``stock_rows.column_of`` reads them."""

    @property
    def stock(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableLine:
    """A cart line that cannot be ordered in its quantity.

    Shape:  ``fewer`` and ``more`` are None if too few units are ``available``. Otherwise the
            quantity is not a whole number of packs: they are the nearest quantities that can be
            ordered, 0 or None if there is none
    """

    line: LineView
    fewer: int | None = None
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCart:
    """A cart with the deliverable quantity of each line and its routing plan.

    Shape:  ``applicable_promotions`` are those of the cart, None unless routing needed them;
            ``separate_plan`` is the plan that routes each line separately, if it differs from
            ``plan``
    """

    cart: CartView
    plan: Plan
    separate_plan: Plan | None = None
    applicable_promotions: ApplicablePromotions | None = None

    @property
    def short(self) -> tuple[UnavailableLine, ...]:
        """Return the lines that cannot be ordered in the wanted quantity."""
        missing, instead = self.plan.missing, self.plan.instead
        return tuple(
            UnavailableLine(line=line)
            if line.is_short
            else UnavailableLine(
                line=line, fewer=missing[line.variant_id], more=instead.get(line.variant_id)
            )
            for line in self.cart.lines
            if line.variant_id in missing
        )

    @property
    def pieces(self) -> Mapping[int, ParcelItem]:
        return {line.variant_id: line.variant for line in self.cart.lines}


def check_variants(  # noqa: PLR0913 - what, how many, where to, by when
    *,
    variant_ids: Sequence[int],
    country: str,
    channel: Channel,
    now: datetime,
    quantity: int = 1,
    by: date | None = None,
) -> dict[int, Availability]:
    """Return the availability of each variant; variants not for sale on the channel are omitted.

    Two queries, and two more for landed costs if a variant has several sources. Routes and tax are
    cached for a minute.
    """
    listings = Listing.objects.on(channel).for_sale(now).filter(variant__in=variant_ids)
    by_variant = {each.variant_id: each for each in listings.select_related("variant")}
    reached = load_reach(
        pieces={variant_id: each.variant for variant_id, each in by_variant.items()},
        listed={variant_id: each.available for variant_id, each in by_variant.items()},
        channel=channel,
        country=country,
        now=now,
        by=by,
    )
    amounts = {
        variant_id: Money((each.price_amount or Decimal(0)) * quantity, channel.currency)
        for variant_id, each in by_variant.items()
    }
    sold = sale_amounts.by_variant(amounts=amounts, reached=reached, channel=channel)
    return {
        variant_id: reached.answer(variant_id, quantity, sold=sold.get(variant_id))
        for variant_id in by_variant
    }


def check_shown_variants(
    *, shown: Mapping[int, ShownVariant], country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Return the availability of one unit of each variant on a page. One query.

    The answers are cached for lists. Landed costs are cached for a minute, like the routes.
    """
    # Before the routes are read: an answer from old routes must not enter a newer cache.
    cache = quotes.process_cache(now)
    reached = _reach_shown(shown, country, channel, now)
    return {
        id_: _answer_and_cache(reached, id_, each, channel, cache) for id_, each in shown.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAvailability:
    """What a product page shows of its variants.

    Shape:  ``answer`` is for the chosen variant; ``deliverable`` variants can be sent to the
            country; ``sold_out`` variants have no stock; all others have stock that cannot be sent
            to the country
    """

    answer: Availability
    deliverable: frozenset[int]
    sold_out: frozenset[int]


def check_product_page(
    *,
    shown: Mapping[int, PageVariant],
    chosen: int,
    country: str,
    channel: Channel,
    now: datetime,
) -> PageAvailability:
    """Return the availability of the chosen variant; say which variants are deliverable or sold out.

    Computed again if a stock row changed, and at least once a minute, as its routes are.
    """
    cache = quotes.process_cache(now)
    key = _page_key(shown, chosen, country, channel, now)
    if key not in cache:
        stock = [row for each in shown.values() for row in stock_rows.parse_column(each.stock)]
        reached = _reach_shown(shown, country, channel, now, stock)
        found = PageAvailability(
            answer=_answer_and_cache(reached, chosen, shown[chosen], channel, cache),
            deliverable=frozenset(id_ for id_ in shown if reached.most(id_)),
            sold_out=frozenset(id_ for id_ in shown if reached.is_sold_out(id_)),
        )
        if len(cache) >= MAX_CACHED_ANSWERS:
            return found
        cache[key] = found
    page: PageAvailability = cache[key]
    return page


def _page_key(
    shown: Mapping[int, PageVariant], chosen: int, country: str, channel: Channel, now: datetime
) -> Hashable:
    """Return a digest: the stock rows of a product of 50 variants take 30 KB."""
    inputs = [
        (each.stock, _cache_key(id_, each, country, channel, now)) for id_, each in shown.items()
    ]
    return ("page", chosen, blake2b(repr(inputs).encode(), digest_size=16).digest())


def _reach_shown(
    shown: Mapping[int, ShownVariant],
    country: str,
    channel: Channel,
    now: datetime,
    stock: Sequence[StockRow] | None = None,
) -> Reach:
    return load_reach(
        pieces=shown,
        listed={
            id_: each.available if each.is_available(now) else 0 for id_, each in shown.items()
        },
        channel=channel,
        country=country,
        now=now,
        costing_of=_cached_costing,
        stock=stock,
    )


def _answer_and_cache(
    reached: Reach,
    variant_id: int,
    shown: ShownVariant,
    channel: Channel,
    cache: MutableMapping[Hashable, Any],
) -> Availability:
    """Return the availability of one unit at its price and cache it for lists."""
    amounts = {variant_id: Money(shown.price_amount, channel.currency)}
    sold = sale_amounts.by_variant(amounts=amounts, reached=reached, channel=channel)
    answer = reached.answer(variant_id, sold=sold.get(variant_id))
    if len(cache) < MAX_CACHED_ANSWERS:
        cache[_cache_key(variant_id, shown, reached.country, channel, reached.now)] = answer
    return answer


def check_listed_variants(
    *, shown: Mapping[int, ShownVariant], country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Return what ``check_shown_variants`` returns, cached for up to a minute.

    A change of price or supply on the card needs a new answer, and so does each new hour: cut-offs
    and days end at a full hour.
    """
    cache = quotes.process_cache(now)
    cache_keys = {id_: _cache_key(id_, each, country, channel, now) for id_, each in shown.items()}
    availabilities: dict[int, Availability] = {
        id_: cache[cache_key] for id_, cache_key in cache_keys.items() if cache_key in cache
    }
    if new := {id_: each for id_, each in shown.items() if id_ not in availabilities}:
        availabilities |= check_shown_variants(shown=new, country=country, channel=channel, now=now)
    return availabilities


def _cache_key(
    variant_id: int, shown: ShownVariant, country: str, channel: Channel, now: datetime
) -> Hashable:
    return (
        variant_id,
        country,
        channel.pk,
        channel.safety_stock,
        channel.max_split_locations,
        now.date(),
        now.hour,
        shown.price_amount,
        shown.available if shown.is_available(now) else 0,
        tuple(sorted(shown.ships_from)),
        shown.packed_weight_g,
        shown.lithium,
        shown.cell_wh,
        shown.cell_count,
    )


def _cached_costing(channel: Channel, *, now: datetime, country: str) -> Costing:
    key = ("costing", channel.pk, country)
    return quotes.cached(key, now, lambda: policy.load_costing(channel, now=now, country=country))


def make_delivery_check(
    *, country: str, channel: Channel, now: datetime, must_reach: bool = False
) -> DeliverableOf:
    """Return a function that computes the deliverable units and the promise of a listing.

    The promise equals that of the product page. If no route reaches the country, all listed units
    count, because the cart may go to another country. With ``must_reach`` the returned function
    raises ``carts.NotDeliverableError`` instead.
    """

    def deliverable(listing: Listing) -> Deliverable:
        reached = load_reach(
            pieces={listing.variant_id: listing.variant},
            listed={listing.variant_id: listing.available},
            channel=channel,
            country=country,
            now=now,
            costing_of=_cached_costing,
            stock=stock_rows.read_with(listing),
        )
        most = reached.max_quantity_anywhere(listing.variant_id)
        if must_reach and most and not reached.most(listing.variant_id):
            is_restricted = reached.is_restricted(listing.variant_id)
            raise carts.NotDeliverableError(
                listing.pk, country=country, is_restricted=is_restricted
            )
        amounts = {listing.variant_id: Money(listing.price_amount or Decimal(0), channel.currency)}
        sold = sale_amounts.by_variant(amounts=amounts, reached=reached, channel=channel)
        promise = reached.answer(listing.variant_id, sold=sold.get(listing.variant_id)).promise
        return Deliverable(most, _to_cart_promise(promise, country))

    return deliverable


def _to_cart_promise(promise: QuotedPromise | None, country: str) -> DeliveryPromise | None:
    if promise is None:
        return None
    return DeliveryPromise(
        arrives_from=promise.arrives_from,
        arrives_to=promise.arrives_to,
        country_from=promise.country_from,
        country_to=country,
    )


def check_cart(
    *, cart: Cart, country: str, now: datetime, cart_content: CartContent | None = None
) -> CheckedCart:
    """Return the cart with the deliverable quantity of each line and its plan.

    Landed costs, used only to choose a source, are cached for a minute. Promotions are read only if
    a line has several sources: two queries or more. A line that no route carries to the country has
    0 ``available`` but does not count as sold out.
    Shape:  ``cart_content`` is what the caller has already read of the cart
    """
    content = cart_content or cart_lines.load_content(cart=cart, now=now)
    view = carts.view_cart(cart=cart, now=now, cart_content=content)
    reached = load_reach(
        pieces={line.variant_id: line.variant for line in view.lines},
        listed={line.variant_id: line.available for line in view.lines},
        channel=cart.channel,
        country=country,
        now=now,
        costing_of=_cached_costing,
        stock=content.stock,
    )
    lines = tuple(
        replace(
            line,
            available=reached.most(line.variant_id),
            is_sold_out=reached.is_sold_out(line.variant_id),
            is_restricted=reached.is_restricted(line.variant_id),
        )
        for line in view.lines
    )
    sold, held = sale_amounts.for_cart(cart=cart, view=view, reached=reached)
    plan = reached.plan(view.variant_quantities, sold=sold)
    separate_plan = None
    if len(lines) > 1 and not plan.missing:
        separate_plan = reached.route_separately().plan(view.variant_quantities, sold=sold)
        if separate_plan.missing or _sources_of(separate_plan) == _sources_of(plan):
            separate_plan = None
    lines = tuple(
        replace(line, available=min(line.available, plan.missing[line.variant_id]))
        if line.variant_id in plan.missing.keys() - plan.instead.keys()
        else line
        for line in lines
    )
    return CheckedCart(
        cart=replace(view, lines=lines),
        plan=plan,
        separate_plan=separate_plan,
        applicable_promotions=held,
    )


def _sources_of(plan: Plan) -> set[tuple[int, int, int]]:
    lines = (line for parcel in plan.parcels for line in parcel.lines)
    return {(line.variant_id, line.candidate.location_id, line.quantity) for line in lines}
