"""Say how many of something can be sent where by when: from what can really be routed.

Cart, checkout, product page and API ask here, so that what one shows the other can sell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from catalog.models import Channel, Listing, Variant
from orders import sourcing
from orders.carts import Most
from orders.routing import Candidate, Need, Plan, PlannedParcel, route
from shipping.quotes import Piece, Promise, days, load_of, routes_from
from shipping.rates import Route, best, most_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What can be had of one variant.

    Shape:  ``most`` is what one parcel can bring; ``promise`` is for ``quantity``, and None when
            that cannot be had; then ``fewer`` (or 0) and ``more`` are the nearest that can
    """

    variant_id: int
    quantity: int
    most: int
    promise: Promise | None
    fewer: int
    more: int | None


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

    Three queries, one more for exchange rates, and none for the routes, which are kept for a
    minute.
    """
    listings = Listing.objects.on(channel).published().filter(variant__in=variant_ids)
    listed = set(listings.filter(is_withdrawn=False).values_list("variant", flat=True))
    pieces: dict[int, Piece] = dict(Variant.objects.in_bulk(variant_ids))
    return _answers(pieces, sorted(listed), channel, country, now, quantity, by)


def of_shown(
    *, variant_id: int, piece: Piece, country: str, channel: Channel, now: datetime
) -> Availability:
    """Answer for one unit of a variant that a page has read already and shows."""
    found = _answers({variant_id: piece}, [variant_id], channel, country, now, 1, None)
    return found[variant_id]


def most_to(*, country: str, channel: Channel, now: datetime) -> Most:
    """Say for a cart how many of a listing one parcel brings to a country.

    What no route carries there is counted as listed: a cart says what stands against it, and
    may go to another country.
    """

    def most_of(listing: Listing) -> int:
        ids = [listing.variant_id]
        found = availability(variant_ids=ids, country=country, channel=channel, now=now)
        told = found.get(listing.variant_id)
        return min(told.most or listing.available, listing.available) if told else 0

    return most_of


def _answers(  # noqa: PLR0913, PLR0917
    pieces: Mapping[int, Piece],
    listed: Sequence[int],
    channel: Channel,
    country: str,
    now: datetime,
    quantity: int,
    by: date | None,
) -> dict[int, Availability]:
    able: dict[int, list[Candidate]] = defaultdict(list)
    found = sourcing.candidates(variant_ids=listed, channel=channel, country=country, now=now)
    for candidate in sendable(candidates=found, pieces=pieces, country=country, now=now, by=by):
        able[candidate.variant_id].append(candidate)
    return {
        variant_id: _available(
            variant_id, piece, able[variant_id], quantity, country=country, now=now, by=by
        )
        for variant_id, piece in pieces.items()
    }


def plan(
    *,
    lines: Sequence[tuple[int, int]],
    channel: Channel,
    country: str,
    now: datetime,
    by: date | None = None,
) -> Plan:
    """Plan a cart from where it can be sent to this country, and in time.

    A variant that no route may carry at all stays planned as it would be without routes, so
    that ``quotes.reasons`` can say what stands against it.
    """
    ids = [variant_id for variant_id, _ in lines]
    pieces: dict[int, Piece] = dict(Variant.objects.in_bulk(ids))

    def among(candidates: list[Candidate]) -> list[Candidate]:
        able = sendable(candidates=candidates, pieces=pieces, country=country, now=now, by=by)
        reached = {candidate.variant_id for candidate in able}
        lost = [candidate for candidate in candidates if candidate.variant_id not in reached]
        return able + (lost if by is None else [])

    return sourcing.plan(lines=lines, channel=channel, country=country, now=now, among=among)


def sendable(
    *,
    candidates: Iterable[Candidate],
    pieces: Mapping[int, Piece],
    country: str,
    now: datetime,
    by: date | None = None,
) -> list[Candidate]:
    """Keep what a route carries there in time, and no more of it than one parcel takes."""
    found = (
        carried(candidate, pieces[candidate.variant_id], country=country, now=now, by=by)
        for candidate in candidates
    )
    return [candidate for candidate in found if candidate is not None]


def carried(
    candidate: Candidate, piece: Piece, *, country: str, now: datetime, by: date | None = None
) -> Candidate | None:
    """Return a candidate with what one parcel takes of it; None where no route carries it."""
    one = load_of(piece)
    most = max((most_of(route, one) for route in _in_time(candidate, country, now, by)), default=0)
    capped = replace(candidate, available=min(candidate.available, most))
    return capped if capped.at_most(most) else None


def _in_time(
    candidate: Candidate | PlannedParcel, country: str, now: datetime, by: date | None
) -> list[Route]:
    cost = candidate.cost if isinstance(candidate, Candidate) else candidate.lines[0].candidate.cost
    routes = routes_from(candidate.location_id, country=country, currency=cost.currency, now=now)
    return [
        route for route in routes if by is None or days(route, candidate.lead_days, now)[1] <= by
    ]


def _available(  # noqa: PLR0913
    variant_id: int,
    piece: Piece,
    able: Sequence[Candidate],
    quantity: int,
    *,
    country: str,
    now: datetime,
    by: date | None,
) -> Availability:
    planned = route(needs=[Need(variant_id=variant_id, quantity=quantity)], candidates=able)
    promise: Promise | None = None
    for parcel in planned.parcels:
        way = best(_in_time(parcel, country, now, by), load_of(piece, quantity))
        promise = _promise(way, parcel, piece, quantity, now) if way else None
    return Availability(
        variant_id=variant_id,
        quantity=quantity,
        most=max((candidate.at_most(candidate.available) for candidate in able), default=0),
        promise=promise,
        fewer=planned.missing.get(variant_id, quantity),
        more=planned.instead.get(variant_id) if planned.missing else quantity,
    )


def _promise(
    way: Route, parcel: PlannedParcel, piece: Piece, quantity: int, now: datetime
) -> Promise:
    arrives_from, arrives_to = days(way, parcel.lead_days, now)
    return Promise(
        arrives_from=arrives_from,
        arrives_to=arrives_to,
        price=way.price(load_of(piece, quantity).weight_g),
        country_from=parcel.country,
    )
