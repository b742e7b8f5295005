"""Say how many of something can be sent where by when: from what can really be routed.

Lists, product page, cart, checkout and API ask here, so that what one shows the other can sell.
All of it is cut from one ``reach.Reach``, which never holds more than the listing says.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from catalog.models import Channel, Listing
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.cart import carts
from orders.cart.carts import Deliverable, DeliverableOf
from orders.cart.lines import Read
from orders.cart.view import CartView, DeliveryPromise, LineView
from orders.models import Cart
from orders.promotions.promotions import Held
from orders.routing.engine import Plan
from shipping.availability import sale_amounts
from shipping.availability.reach import Availability, Reach, reach
from shipping.rates import quotes
from shipping.rates.quotes import Promise
from storefront.lib.money import Money
from suppliers.shipping_services.selection import Piece

NOTES_KEPT = 20_000  # about 0.5 KB each


class Shown(Piece, Protocol):
    """One variant as a page has read it already."""

    @property
    def price_amount(self) -> Decimal: ...
    @property
    def available(self) -> int: ...
    @property
    def ships_from(self) -> Iterable[str]: ...
    def is_available(self, now: datetime) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Short:
    """A line that cannot be had as it is: of its ``available`` there are too few.

    Shape:  where there are enough and only packs are sold, ``fewer`` (or 0) and ``more`` are the
            nearest that can be had; else both are None
    """

    line: LineView
    fewer: int | None = None
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A cart with what of each line can be sent, and how it would be sent.

    Shape:  ``held`` what may be taken off it, where routing had to know; None: not read;
            ``apart`` is how each line would come by itself, where that is another plan
    """

    cart: CartView
    plan: Plan
    apart: Plan | None = None
    held: Held | None = None

    @property
    def short(self) -> tuple[Short, ...]:
        """Find the lines that cannot be had in the quantity that is wanted."""
        missing, instead = self.plan.missing, self.plan.instead
        return tuple(
            Short(line=line)
            if line.is_short
            else Short(line=line, fewer=missing[line.variant_id], more=instead.get(line.variant_id))
            for line in self.cart.lines
            if line.variant_id in missing
        )

    @property
    def pieces(self) -> Mapping[int, Piece]:
        return {line.variant_id: line.variant for line in self.cart.lines}


def availability(  # noqa: PLR0913 - what, how many, where to, by when
    *,
    variant_ids: Sequence[int],
    country: str,
    channel: Channel,
    now: datetime,
    quantity: int = 1,
    by: date | None = None,
) -> dict[int, Availability]:
    """Answer for many variants at once; what is not for sale on the channel has none.

    Two queries, two more for what goods land at where there is a choice, and none for the
    routes and the tax, which are kept for a minute.
    """
    listings = Listing.objects.on(channel).for_sale(now).filter(variant__in=variant_ids)
    found = {each.variant_id: each for each in listings.select_related("variant")}
    reached = reach(
        pieces={variant_id: each.variant for variant_id, each in found.items()},
        listed={variant_id: each.available for variant_id, each in found.items()},
        channel=channel,
        country=country,
        now=now,
        by=by,
    )
    amounts = {
        variant_id: Money((each.price_amount or Decimal(0)) * quantity, channel.currency)
        for variant_id, each in found.items()
    }
    sold = sale_amounts.sold(amounts=amounts, reached=reached, channel=channel)
    return {
        variant_id: reached.answer(variant_id, quantity, sold=sold.get(variant_id))
        for variant_id in found
    }


def of_shown(
    *, shown: Mapping[int, Shown], country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Answer for one unit of each variant that a page shows; one query.

    Lists are told the same from now on. What goods land at is kept for a minute, as the routes.
    """
    notes = quotes.notes(now)  # of the routes that are asked now, not of those read meanwhile
    reached = _reach_shown(shown, country, channel, now)
    return {id_: _answer(reached, id_, each, channel, notes) for id_, each in shown.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPage:
    """What a product page says of its variants.

    Shape:  ``answer`` is of the chosen one; ``deliverable`` can be had in the country, ``sold_out``
            nowhere; the others can be had in other countries only
    """

    answer: Availability
    deliverable: frozenset[int]
    sold_out: frozenset[int]


def of_page(
    *, shown: Mapping[int, Shown], chosen: int, country: str, channel: Channel, now: datetime
) -> OfPage:
    """Answer as ``of_shown`` for the chosen variant, and sort all variants of a page."""
    notes = quotes.notes(now)
    reached = _reach_shown(shown, country, channel, now)
    return OfPage(
        answer=_answer(reached, chosen, shown[chosen], channel, notes),
        deliverable=frozenset(id_ for id_ in shown if reached.most(id_)),
        sold_out=frozenset(id_ for id_ in shown if reached.is_sold_out(id_)),
    )


def _reach_shown(
    shown: Mapping[int, Shown], country: str, channel: Channel, now: datetime
) -> Reach:
    return reach(
        pieces=shown,
        listed={
            id_: each.available if each.is_available(now) else 0 for id_, each in shown.items()
        },
        channel=channel,
        country=country,
        now=now,
        costing_of=_noted_costing,
    )


def _answer(
    reached: Reach,
    variant_id: int,
    shown: Shown,
    channel: Channel,
    notes: MutableMapping[Hashable, Any],
) -> Availability:
    """Answer for one unit at its price, and note it for the lists."""
    amounts = {variant_id: Money(shown.price_amount, channel.currency)}
    sold = sale_amounts.sold(amounts=amounts, reached=reached, channel=channel)
    answer = reached.answer(variant_id, sold=sold.get(variant_id))
    if len(notes) < NOTES_KEPT:
        notes[_asked(variant_id, shown, reached.country, channel, reached.now)] = answer
    return answer


def of_listed(
    *, shown: Mapping[int, Shown], country: str, channel: Channel, now: datetime
) -> dict[int, Availability]:
    """Answer as ``of_shown``, out of what this process was told in the last minute if it can.

    It is asked anew where what the card shows of its supply is not what it was, and in another
    hour, since another cut-off or another day may have begun.
    """
    notes = quotes.notes(now)
    asked = {id_: _asked(id_, each, country, channel, now) for id_, each in shown.items()}
    found: dict[int, Availability] = {
        id_: notes[question] for id_, question in asked.items() if question in notes
    }
    if new := {id_: each for id_, each in shown.items() if id_ not in found}:
        found |= of_shown(shown=new, country=country, channel=channel, now=now)
    return found


def _asked(
    variant_id: int, shown: Shown, country: str, channel: Channel, now: datetime
) -> Hashable:
    return (
        variant_id,
        country,
        channel.pk,
        channel.buffer,
        channel.places_per_line,
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


def _noted_costing(channel: Channel, *, now: datetime, country: str) -> Costing:
    notes: dict[Hashable, Any] = quotes.notes(now)
    found: Costing | None = notes.get((channel.pk, country))
    if found is None:
        found = notes[channel.pk, country] = policy.costing_of(channel, now=now, country=country)
    return found


def deliverable_to(
    *, country: str, channel: Channel, now: datetime, must_reach: bool = False
) -> DeliverableOf:
    """Return how a cart finds the units of a listing that a country can get, and when one arrives.

    The promise is that of the product page. If no route reaches the country, all listed units
    count, since the cart may go to another country. With ``must_reach`` the returned function
    raises ``carts.NotDeliverableError`` instead.
    """

    def deliverable(listing: Listing) -> Deliverable:
        reached = reach(
            pieces={listing.variant_id: listing.variant},
            listed={listing.variant_id: listing.available},
            channel=channel,
            country=country,
            now=now,
            costing_of=_noted_costing,
        )
        most = reached.most_anywhere(listing.variant_id)
        if must_reach and most and not reached.most(listing.variant_id):
            is_forbidden = reached.is_forbidden(listing.variant_id)
            raise carts.NotDeliverableError(listing.pk, country=country, is_forbidden=is_forbidden)
        amounts = {listing.variant_id: Money(listing.price_amount or Decimal(0), channel.currency)}
        sold = sale_amounts.sold(amounts=amounts, reached=reached, channel=channel)
        found = reached.answer(listing.variant_id, sold=sold.get(listing.variant_id)).promise
        return Deliverable(most, _shown_promise(found, country))

    return deliverable


def _shown_promise(promise: Promise | None, country: str) -> DeliveryPromise | None:
    if promise is None:
        return None
    return DeliveryPromise(
        arrives_from=promise.arrives_from,
        arrives_to=promise.arrives_to,
        country_from=promise.country_from,
        country_to=country,
    )


def look(*, cart: Cart, country: str, now: datetime, known: Read | None = None) -> Looked:
    """Look at a cart with what of each line can be brought to a country, and plan it.

    What goods land at, of which only the choice of a place hangs, is kept for a minute. Where
    there is a choice, and promotions are, these are read: two queries or more.

    A line that no route carries there has 0 ``available`` and is not sold out.

    Shape:  ``known`` what was read of it at this moment
    """
    seen = carts.look(cart=cart, now=now, known=known)
    reached = reach(
        pieces={line.variant_id: line.variant for line in seen.lines},
        listed={line.variant_id: line.available for line in seen.lines},
        channel=cart.channel,
        country=country,
        now=now,
        costing_of=_noted_costing,
    )
    lines = tuple(
        replace(
            line,
            available=reached.most(line.variant_id),
            is_sold_out=reached.is_sold_out(line.variant_id),
            is_forbidden=reached.is_forbidden(line.variant_id),
        )
        for line in seen.lines
    )
    sold, held = sale_amounts.of_cart(cart=cart, seen=seen, reached=reached)
    plan = reached.plan(seen.wants, sold=sold)
    apart = None
    if len(lines) > 1 and not plan.missing:
        apart = reached.apart().plan(seen.wants, sold=sold)
        if apart.missing or _places(apart) == _places(plan):
            apart = None
    lines = tuple(
        replace(line, available=min(line.available, plan.missing[line.variant_id]))
        if line.variant_id in plan.missing.keys() - plan.instead.keys()
        else line
        for line in lines
    )
    return Looked(cart=replace(seen, lines=lines), plan=plan, apart=apart, held=held)


def _places(plan: Plan) -> set[tuple[int, int, int]]:
    lines = (line for parcel in plan.parcels for line in parcel.lines)
    return {(line.variant_id, line.candidate.location_id, line.quantity) for line in lines}
