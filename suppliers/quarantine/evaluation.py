"""Quarantine evaluation: check a run against known values and the last accepted run of its job.

``guards`` makes the decisions; this module queries what they need. Each result is stored in
``FeedRun.profile``, the baseline of the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from catalog.models import ExchangeRate
from suppliers.connectors.bulk import ListCounting, Shape, Shaped
from suppliers.inventory import levels
from suppliers.models import FeedRun
from suppliers.quarantine import file_age, guards
from suppliers.quarantine.guards import CostMove, Moves
from suppliers.quarantine.limits import limits_of_run
from suppliers.runs.runs import QuarantinedError, Work
from suppliers.runs.staging import roomy, rows

SAMPLE = 2_000

MOVED = """
SELECT o.supplier_sku, o.cost_amount AS before, min(c.amount) AS after, c.ref
FROM feed_costs_news c
JOIN suppliers_supplieroffer o ON o.id = c.offer_id AND o.supplier_product = c.ref
WHERE o.cost_amount <> c.amount AND NOT o.locked_fields ? 'cost_amount'
GROUP BY o.id, c.ref
"""
IS_JUMP = "(m.after >= m.before * %(factor)s OR m.after * %(factor)s <= m.before)"
COUNT_MOVED = f"""
SELECT count(*), count(*) FILTER (WHERE {IS_JUMP}) FROM ({MOVED}) m
"""  # noqa: S608 - only constants
JUMPED = f"""
SELECT m.ref, m.supplier_sku, m.before, m.after FROM ({MOVED}) m WHERE {IS_JUMP} ORDER BY 2
"""  # noqa: S608
# One outlier as an example for the reason, then others in hash order: a sample of the catalog.
SOME_MOVED = f"""
SELECT m.supplier_sku, m.before, m.after FROM ({MOVED}) m
ORDER BY CASE WHEN {IS_JUMP} THEN 0 ELSE 1 END, hashtext(m.supplier_sku) LIMIT {SAMPLE}
"""  # noqa: S608
# Published variants whose old cost was not above their net price already.
ABOVE_PRICE = """
WITH told AS (
  SELECT o.variant_id, o.currency, o.cost_amount AS before, min(c.amount) AS after
  FROM feed_costs c
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
    AND o.supplier_sku = c.sku AND o.supplier_product = c.ref
  WHERE o.status = 'active' AND o.variant_id IS NOT NULL AND o.cost_amount IS NOT NULL
  GROUP BY o.id
), priced AS (
  SELECT t.variant_id, t.before * x.rate AS before, t.after * x.rate AS after,
    g.price_amount / (1 + z.tax_rate) AS net
  FROM told t
  JOIN catalog_listing g ON g.variant_id = t.variant_id AND g.is_published
  JOIN catalog_channel h ON h.id = g.channel_id
  CROSS JOIN LATERAL (
    SELECT COALESCE(max(m.tax_rate), 0) AS tax_rate FROM catalog_landingterms m
    WHERE m.channel_id = h.id AND m.supplier_code IN ('*', g.supplier_code)
  ) z
  JOIN LATERAL (
    SELECT 1::numeric AS rate WHERE t.currency = h.currency
    UNION ALL
    SELECT e.rate FROM catalog_exchangerate e
    WHERE e.base = t.currency AND e.quote = h.currency AND t.currency <> h.currency
  ) x ON true
)
SELECT count(DISTINCT variant_id),
  count(DISTINCT variant_id) FILTER (WHERE after > net AND before <= net)
FROM priced
"""
# Two differing figures of a row cannot both equal the known one, so the diff contains them.
COMPARED = "WHERE sku IN (SELECT sku FROM feed_stock_news)"
TOLD_TWICE = """
SELECT (SELECT count(*) FROM feed_stock), count(*) FILTER (WHERE least <> most) FROM (
  SELECT min(quantity) AS least, max(quantity) AS most FROM feed_stock {some}
  GROUP BY ref, sku, location
) told
"""
COSTS_UNDONE = """
SELECT count(*), count(*) FILTER (WHERE c.amount = u.new) FROM suppliers_feedchange u
JOIN suppliers_supplieroffer o ON o.id = u.offer_id
JOIN feed_costs c ON c.sku = o.supplier_sku AND c.ref = o.supplier_product
WHERE u.run_id = %(undone)s AND u.outcome = 'undone' AND u.kind = 'cost'
"""
STOCK_UNDONE = """
SELECT count(*), count(*) FILTER (WHERE COALESCE(f.quantity, 0) = u.new)
FROM suppliers_feedchange u
JOIN suppliers_supplieroffer o ON o.id = u.offer_id
{join} JOIN (
  SELECT sku, location, min(quantity) AS quantity FROM feed_stock GROUP BY 1, 2
) f ON f.sku = o.supplier_sku AND f.location = u.place
WHERE u.run_id = %(undone)s AND u.outcome = 'undone' AND u.kind = 'stock'
  AND ({spoken})
"""


def look_at_file(work: Work, connector: object) -> None:
    """Check the file of the job, if there is one: its columns and its dates.

    Stock is as old as its file; a price list is valid until the next one.

    Raises: QuarantinedError
    """
    if not isinstance(connector, Shaped):
        return
    now = connector.shape(work.run.kind)
    before = work.last_good
    last = file_age.of_profile(before, names_changes=work.run.names_changes, now=work.moment())
    is_dropped = file_age.newest_was_dropped(
        now, last, listed=lambda skus: connector.listed(work.run.kind, skus)
    )
    work.run.profile |= {
        "columns": list(now.columns),
        "kinds": dict(now.kinds),
        "read_by": now.read_by,
        **file_age.to_profile(now, last),
    }
    if work.run.kind != FeedRun.Kind.PRICES:
        work.run.profile["as_of"] = file_age.as_of(
            now, before, names_changes=work.run.names_changes, moment=work.moment()
        )
    work.believe(
        guards.shape_is_known(before=_shape(before, read_by=now.read_by), now=now)
        or guards.file_is_written_later(said_at=now.said_at, last_said_at=last.said_at)
        or guards.file_is_new(
            newest=now.newest,
            last_newest=None if is_dropped else last.newest,
            now=work.moment(),
            limits=limits_of_run(work),
        )
    )


def look_at_lists(work: Work, connector: object) -> None:
    """Check each list that a job joins: a truncated list could go unnoticed among the others.

    Raises: QuarantinedError
    """
    if not isinstance(connector, ListCounting):
        return
    last, now = _last_lists(work), connector.list_counts
    work.run.profile["lists"] = {**last, **now}
    for name, count in now.items():
        reason = guards.count_is_believable(
            good=count, last=last.get(name, 0), limits=limits_of_run(work)
        )
        if reason and not work.is_believed:
            connector.forget_list(name)
            raise QuarantinedError(f"The list {name}: {reason}")


def _last_lists(work: Work) -> dict[str, int]:
    """Return the row count of each list in the last applied run of any job that fetched it."""
    done = FeedRun.objects.filter(supplier=work.supplier, status=FeedRun.Status.APPLIED)
    whole = done.filter(profile__has_key="lists").exclude(profile__has_key="is_part")
    last = whole.order_by("-status_since", "-pk").first()
    return dict(last.profile["lists"]) if last else {}


def look_at_count(work: Work, *, good: int) -> None:
    """Check the number of rows of a full list.

    Raises: QuarantinedError
    """
    work.run.profile["rows"] = good
    last = int(work.last_good.get("rows", 0))
    work.believe(guards.count_is_believable(good=good, last=last, limits=limits_of_run(work)))


def look_for_twins(work: Work, *, read: int, twice: int) -> None:
    """Check how many rows contradict each other.

    Raises: QuarantinedError
    """
    work.run.profile["twice"] = twice
    last = int(work.last_good.get("twice", 0))
    work.believe(
        guards.rows_come_once(read=read, twice=twice, last_twice=last, limits=limits_of_run(work))
    )


def look_for_stock_twins(work: Work, *, is_compared: bool) -> None:
    """Check how many stock rows are duplicated with different figures.

    Shape: ``is_compared``: ``feed_stock_news`` contains the diff
    Raises: QuarantinedError
    """
    with roomy():
        ((read, twice),) = rows(TOLD_TWICE.format(some=COMPARED if is_compared else ""))
    look_for_twins(work, read=read, twice=twice)


def look_at_stock(work: Work, *, stocked: Callable[[], int], is_whole: bool) -> None:
    """Check how many stock rows fall to zero, and how many surge.

    Shape: ``stocked`` counts the non-zero rows in scope, a full scan, so it is called only if
        some rows changed. Surges are a share of the reported rows for a delta.
    Raises: QuarantinedError
    """
    with roomy():
        moved = levels.moved(is_whole=is_whole, factor=limits_of_run(work).soar_factor)
    if not moved.emptied and not moved.soared:
        return
    could = stocked()
    work.run.profile |= {"stocked": could, "emptied": moved.emptied, "soared": moved.soared}
    told = moved.told if work.run.names_changes else could
    work.believe(
        guards.stock_is_believable(stocked=could, emptied=moved.emptied, limits=limits_of_run(work))
        or guards.stock_rise_is_believable(
            told=told, soared=moved.soared, limits=limits_of_run(work)
        )
    )


def look_at_costs(work: Work, *, known: int) -> list[tuple[str, CostMove]]:
    """Check how costs change; return the single outliers, each with its product.

    Raises: QuarantinedError
    """
    params = {"supplier": work.supplier.pk, "factor": limits_of_run(work).jump_factor}
    with roomy():
        ((moved, jumped),) = rows(COUNT_MOVED, params)
        sample = [CostMove(sku=s, before=b, after=a) for s, b, a in rows(SOME_MOVED, params)]
        listed, above = rows(ABOVE_PRICE, params)[0] if moved else (0, 0)
    moves = Moves(known=known, moved=moved, jumped=jumped, sample=sample)
    work.run.profile |= {"moved": moved, "jumped": jumped, "listed": listed, "above_price": above}
    slip = guards.slip(moves, rates=_rates(work.supplier.currency))
    jump = guards.costs_are_believable(moves=moves, limits=limits_of_run(work))
    work.believe(
        _in_one_breath(jump, slip)
        or guards.margins_are_believable(listed=listed, above=above, limits=limits_of_run(work))
    )
    if work.is_believed or not jumped:
        return []
    return [(ref, CostMove(sku=s, before=b, after=a)) for ref, s, b, a in rows(JUMPED, params)]


def look_for_undone_costs(work: Work) -> None:
    """Check whether costs return that staff rolled back.

    Raises: QuarantinedError
    """
    _look_for_undone(work, COSTS_UNDONE, {})


def look_for_undone_stock(work: Work, *, spoken: str, params: Mapping[str, Any]) -> None:
    """Check whether stock figures return that staff rolled back.

    Raises: QuarantinedError
    """
    join = "INNER" if work.run.names_changes else "LEFT"
    _look_for_undone(work, STOCK_UNDONE.format(spoken=spoken, join=join), params)


def _look_for_undone(work: Work, sql: str, params: Mapping[str, Any]) -> None:
    done = FeedRun.objects.filter(
        supplier=work.supplier,
        kind=work.run.kind,
        status__in=[FeedRun.Status.APPLIED, FeedRun.Status.ROLLED_BACK],
    )
    last = done.order_by("-status_since", "-pk").first()
    if last is None or last.status != FeedRun.Status.ROLLED_BACK:
        return
    ((told, again),) = rows(sql, {**params, "undone": last.pk})
    work.believe(guards.stays_undone(run=last.pk, told=told, again=again))


def _in_one_breath(*reasons: str) -> str:
    return " ".join(filter(None, reasons))


def _rates(currency: str) -> dict[str, Decimal]:
    """Return the value of one unit in other currencies, from rates of either direction."""
    quotes = ExchangeRate.objects.filter(base=currency).values_list("quote", "rate")
    bases = ExchangeRate.objects.filter(quote=currency).values_list("base", "rate")
    return {**{base: 1 / rate for base, rate in bases}, **dict(quotes)}


def _shape(profile: Mapping[str, Any], *, read_by: str) -> Shape | None:
    """Return the columns of the last accepted file, if it was read by the same mapping."""
    if "kinds" not in profile or profile.get("read_by", "") != read_by:
        return None
    return Shape(columns=tuple(profile["columns"]), kinds=profile["kinds"])
