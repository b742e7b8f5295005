"""Stock query: read the stock rows that could fill lines, plan the sources of a cart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catalog.enums import EU
from catalog.models import Channel
from catalog.pricing import policy
from catalog.pricing.landed_cost import Costing
from orders.routing.candidates import Candidate, Need
from orders.routing.engine import Plan, route
from orders.routing.ranking import DEFAULT_RULES, distance
from storefront.lib.money import Money
from suppliers.inventory import availability, freshness, sellable_units, stock_rows
from suppliers.inventory.availability import StockFacts, UnavailableReason
from suppliers.inventory.stock_rows import StockRow
from suppliers.models import StockLevel, Supplier, SupplierOffer
from suppliers.models.policies import EVERY_DAY
from suppliers.profile import order_schedule
from suppliers.profile.order_schedule import calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessedStock:
    """One stock row with its candidate, or the reasons why it has none.

    Shape:  ``level`` has ``free``, ``aged``, ``known_at`` and ``cost_confirmed_at``
    """

    level: StockLevel
    reasons: Sequence[UnavailableReason]
    candidate: Candidate | None


def plan_sources(
    *, lines: Sequence[tuple[int, int]], channel: Channel, now: datetime, country: str = ""
) -> Plan:
    """Plan sources of ``(variant id, quantity)`` pairs; ``missing`` holds what is unavailable.

    At equal cost the location nearer to ``country`` is chosen. Routes are not considered: use
    ``shipping.availability.availability`` for that.
    """
    needs = [Need(variant_id=variant, quantity=quantity) for variant, quantity in lines]
    ids = [need.variant_id for need in needs]
    sources = find_candidates(variant_ids=ids, channel=channel, country=country, now=now)
    rules = replace(DEFAULT_RULES, max_sources=channel.max_split_locations)
    return route(needs=needs, candidates=sources, rules=rules)


def find_candidates(  # noqa: PLR0913 - variants, destination and what is known
    *,
    variant_ids: Sequence[int],
    channel: Channel,
    country: str,
    now: datetime,
    costing_of: Callable[..., Costing] = policy.load_costing,
    rows: Sequence[StockRow] | None = None,
) -> list[Candidate]:
    """Return the stock rows that can fill an order line, after freshness and safety stock.

    Reads columns instead of models: listing pages ask for many variants.

    Shape:  ``costing_of`` has the signature of ``policy.load_costing``; callers may cache it;
            ``rows`` are those of the variants, if they were read already for this request
    """
    if rows is None:
        rows = stock_rows.read_rows(variant_ids, now)
    return [
        one for _, one in _assess_rows(rows, channel, country, now, costing_of) if one is not None
    ]


def assess(
    *, variant_ids: Sequence[int], channel: Channel, country: str, now: datetime
) -> list[AssessedStock]:
    """Return every stock row of these variants with what it can fill."""
    product = "offer__variant__product"
    known = ("offer__supplier", f"{product}__category", f"{product}__brand", "location")
    levels = list(stock_rows.levels_of(variant_ids, now).select_related(*known))
    rows = [stock_rows.row_of(level) for level in levels]
    assessments = _assess_rows(rows, channel, country, now, policy.load_costing)
    return [
        AssessedStock(level=level, reasons=reasons, candidate=candidate)
        for level, (reasons, candidate) in zip(levels, assessments, strict=True)
    ]


def _assess_rows(
    rows: Sequence[StockRow],
    channel: Channel,
    country: str,
    now: datetime,
    costing_of: Callable[..., Costing],
) -> list[tuple[Sequence[UnavailableReason], Candidate | None]]:
    """Assess each row. Landed costs are read only for a choice or a foreign currency."""
    against = [availability.reasons(_facts(row, channel)) for row in rows]
    usable = [row for row, reasons in zip(rows, against, strict=True) if not reasons]
    is_foreign = any(row.currency != channel.currency for row in usable)
    costing = None
    if is_foreign or len(usable) > len({row.variant_id for row in usable}):
        costing = costing_of(channel, now=now, country=country)
    return [
        (reasons, None) if reasons else _candidate(row, channel, costing, country, now)
        for row, reasons in zip(rows, against, strict=True)
    ]


def _facts(row: StockRow, channel: Channel) -> StockFacts:
    """Return the facts of a row; its exchange rate is read later, if it is needed."""
    return StockFacts(
        is_supplier_active=row.supplier_status == Supplier.Status.ACTIVE,
        status=row.offer_status,
        lacks_certificate=bool(row.missing_certificates),
        has_cost=bool(row.cost_amount),
        has_fresh_cost=row.has_fresh_cost,
        has_fresh_stock=row.has_fresh_stock,
        units=sellable_units.units_above(row.free, safety_stock=channel.safety_stock),
    )


def _candidate(
    row: StockRow, channel: Channel, costing: Costing | None, country: str, now: datetime
) -> tuple[Sequence[UnavailableReason], Candidate | None]:
    if not row.cost_amount or not row.variant_id:
        return [], None
    wholesale = cost = Money(row.cost_amount, row.currency)
    if row.currency != channel.currency:
        rate = costing.rates.get(row.currency) if costing else None
        if rate is None:  # cost unknown; another offer may still have a price
            return [UnavailableReason.MISSING_RATE], None
        cost = wholesale.converted(rate=rate, currency=channel.currency)
    return [], Candidate(
        level_id=row.level_id,
        offer_id=row.offer_id,
        variant_id=row.variant_id,
        supplier_id=row.supplier_id,
        supplier_code=row.supplier_code,
        location_id=row.location_id,
        country=row.country,
        available=sellable_units.units_above(row.free, safety_stock=channel.safety_stock),
        cost=cost,
        wholesale=wholesale,
        landed=costing.landed(wholesale, origins=(row.country,), supplier_code=row.supplier_code)
        if costing
        else None,
        lead_days=_lead_days(row.supplier_lead_days, row.offer_lead_days, row, now),
        distance=distance(row.country, country),
        minimum=row.minimum,
        pack=row.pack,
        live_check_from=freshness.live_check_from(
            age=now - row.known_at,
            available=row.free,
            query_after=timedelta(minutes=row.live_check_after_min),
            live_check_below_units=row.live_check_below_units,
        ),
        restricted_countries=frozenset(row.restricted_countries or ())
        | frozenset(row.category_restricted_countries or ())
        | (EU if row.lacks_responsible_person else frozenset()),
    )


def lead_days(offer: SupplierOffer, now: datetime) -> int:
    """Return the days until handover to the carrier.

    An order after the cut-off, or on a day without order processing, waits for the next one.
    Batching costs no day: batches are submitted before the cut-off.
    """
    supplier = offer.supplier
    return _lead_days(supplier.lead_days, offer.lead_days, supplier, now)


def _lead_days(
    default_days: int, offer_days: int | None, supplier: Supplier | StockRow, now: datetime
) -> int:
    days = default_days if offer_days is None else offer_days
    cut_off_hour = supplier.cut_off_hour
    if supplier.order_days == EVERY_DAY and not supplier.closed_on:
        return days + (cut_off_hour is not None and now.hour >= cut_off_hour)
    open_on = calendar(cut_off_hour, supplier.order_days, supplier.closed_on, supplier.time_zone)
    return days + order_schedule.cut_off_delay_days(open_on, order_schedule.start_of_hour(now))
