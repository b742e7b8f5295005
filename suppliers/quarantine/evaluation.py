"""Quarantine evaluation: check a run against known values and the last accepted run of its job.

``guards`` makes the decisions; this module queries what they need, and raises QuarantinedError on
a violation. Each result is stored in ``SyncRun.profile``, the baseline of the next run.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from catalog.models import ExchangeRate
from suppliers.connectors.bulk import FileProfile, FileProfiling, ListCounting
from suppliers.inventory import levels
from suppliers.models import SyncRun
from suppliers.quarantine import file_age, guards
from suppliers.quarantine.guards import CostDelta, CostDeltas
from suppliers.quarantine.thresholds import run_thresholds
from suppliers.runs.runs import QuarantinedError, RunContext
from suppliers.runs.staging import rows, with_large_work_mem

SAMPLE = 2_000

CHANGED_COSTS = """
SELECT o.supplier_sku, o.cost_amount AS before, min(c.amount) AS after, c.external_id
FROM feed_cost_diff c
JOIN suppliers_supplieroffer o ON o.id = c.offer_id AND o.product_external_id = c.external_id
WHERE o.cost_amount <> c.amount AND NOT o.overridden_fields ? 'cost_amount'
GROUP BY o.id, c.external_id
"""
IS_OUTLIER = "(m.after >= m.before * %(factor)s OR m.after * %(factor)s <= m.before)"
COUNT_CHANGED = f"""
SELECT count(*), count(*) FILTER (WHERE {IS_OUTLIER}) FROM ({CHANGED_COSTS}) m
"""  # noqa: S608 - only constants
SELECT_OUTLIERS = f"""
SELECT m.external_id, m.supplier_sku, m.before, m.after FROM ({CHANGED_COSTS}) m WHERE {IS_OUTLIER} ORDER BY 2
"""  # noqa: S608
# Outliers first, so that the message can name one; then hash order, for a sample of the catalog.
SAMPLE_CHANGED = f"""
SELECT m.supplier_sku, m.before, m.after FROM ({CHANGED_COSTS}) m
ORDER BY CASE WHEN {IS_OUTLIER} THEN 0 ELSE 1 END, hashtext(m.supplier_sku) LIMIT {SAMPLE}
"""  # noqa: S608
# Counts published variants, and those whose cost rises from below to above their net price.
COUNT_ABOVE_PRICE = """
WITH reported AS (
  SELECT o.variant_id, o.currency, o.cost_amount AS before, min(c.amount) AS after
  FROM feed_costs c
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
    AND o.supplier_sku = c.sku AND o.product_external_id = c.external_id
  WHERE o.status = 'active' AND o.variant_id IS NOT NULL AND o.cost_amount IS NOT NULL
  GROUP BY o.id
), priced AS (
  SELECT t.variant_id, t.before * x.rate AS before, t.after * x.rate AS after,
    g.price_amount / (1 + z.tax_rate) AS net
  FROM reported t
  JOIN catalog_listing g ON g.variant_id = t.variant_id AND g.is_published
  JOIN catalog_channel h ON h.id = g.channel_id
  CROSS JOIN LATERAL (
    SELECT COALESCE(max(m.tax_rate), 0) AS tax_rate FROM catalog_sellingcosts m
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
COUNT_LISTED = """
SELECT count(*), count(l.external_id)
FROM suppliers_supplierproduct p
LEFT JOIN (SELECT DISTINCT external_id FROM {table}) l ON l.external_id = p.external_id
WHERE p.supplier_id = %(supplier)s AND p.status <> 'discontinued'
"""
# If a row has two figures, one of them differs from the stored figure, so the diff has the SKU.
ONLY_DIFFERING = "WHERE sku IN (SELECT sku FROM feed_stock_diff)"
COUNT_DUPLICATES = """
SELECT (SELECT count(*) FROM feed_stock), count(*) FILTER (WHERE least <> most) FROM (
  SELECT min(quantity) AS least, max(quantity) AS most FROM feed_stock {some}
  GROUP BY external_id, sku, location
) reported_rows
"""
COUNT_ROLLED_BACK_COSTS = """
SELECT count(*), count(*) FILTER (WHERE c.amount = u.new) FROM suppliers_pendingchange u
JOIN suppliers_supplieroffer o ON o.id = u.offer_id
JOIN feed_costs c ON c.sku = o.supplier_sku AND c.external_id = o.product_external_id
WHERE u.run_id = %(undone)s AND u.outcome = 'rolled_back' AND u.kind = 'cost'
"""
COUNT_ROLLED_BACK_STOCK = """
SELECT count(*), count(*) FILTER (WHERE COALESCE(f.quantity, 0) = u.new)
FROM suppliers_pendingchange u
JOIN suppliers_supplieroffer o ON o.id = u.offer_id
{join} JOIN (
  SELECT sku, location, min(quantity) AS quantity FROM feed_stock GROUP BY 1, 2
) f ON f.sku = o.supplier_sku AND f.location = u.place
WHERE u.run_id = %(undone)s AND u.outcome = 'rolled_back' AND u.kind = 'stock'
  AND ({in_scope})
"""


def check_file(run_context: RunContext, connector: object) -> None:
    """Check the columns and dates of the job's file, if there is one."""
    if not isinstance(connector, FileProfiling):
        return
    profile = connector.profile(run_context.run.kind)
    before = run_context.last_accepted_baseline
    last = file_age.from_profile(before, is_delta=run_context.run.is_delta, now=run_context.clock())
    is_dropped = file_age.newest_was_dropped(
        profile, last, listed=lambda skus: connector.contained_skus(run_context.run.kind, skus)
    )
    run_context.run.profile |= {
        "columns": list(profile.columns),
        "kinds": dict(profile.kinds),
        "mapping_hash": profile.mapping_hash,
        **file_age.to_profile(profile, last),
    }
    if run_context.run.kind != SyncRun.Kind.PRICES:
        run_context.run.profile["as_of"] = file_age.as_of(
            profile, before, is_delta=run_context.run.is_delta, now=run_context.clock()
        )
    run_context.quarantine_if(
        guards.schema_drift_violation(
            before=_baseline_columns(before, mapping_hash=profile.mapping_hash), after=profile
        )
        or guards.file_age_violation(stated_at=profile.stated_at, last_stated_at=last.stated_at)
        or guards.newest_row_violation(
            newest=profile.newest,
            last_newest=None if is_dropped else last.newest,
            now=run_context.clock(),
            limits=run_thresholds(run_context),
        )
    )


def check_lists(run_context: RunContext, connector: object) -> None:
    """Check each list that a job joins: a truncated one could go unnoticed among the others."""
    if not isinstance(connector, ListCounting):
        return
    last, now = _last_lists(run_context), connector.list_counts
    run_context.run.profile["lists"] = {**last, **now}
    for name, count in now.items():
        reason = guards.row_count_violation(
            good=count, last=last.get(name, 0), limits=run_thresholds(run_context)
        )
        if reason and not run_context.guards_waived:
            connector.invalidate_list(name)
            raise QuarantinedError(f"The list {name}: {reason}")


def _last_lists(run_context: RunContext) -> dict[str, int]:
    """Return the row count of each list, as stored with the last applied run of any job."""
    done = SyncRun.objects.filter(supplier=run_context.supplier, status=SyncRun.Status.APPLIED)
    runs_with_lists = done.filter(profile__has_key="lists").exclude(profile__has_key="is_part")
    last = runs_with_lists.order_by("-status_since", "-pk").first()
    return dict(last.profile["lists"]) if last else {}


def check_listed_products(run_context: RunContext, *, table: str, good: int, bad: int) -> None:
    """Check how many known products a full list contains, and its number of rows."""
    counted = rows(COUNT_LISTED.format(table=table), {"supplier": run_context.supplier.pk})
    check_listed(run_context, good=good, bad=bad, listed=counted[0])


def check_listed(run_context: RunContext, *, good: int, bad: int, listed: tuple[int, int]) -> None:
    """Check a full list; ``listed`` counts the known items, and those of them in the list."""
    known, still_there = listed
    limits = run_thresholds(run_context)
    run_context.quarantine_if(
        guards.missing_rows_violation(
            good=good, bad=bad, known=known, still_there=still_there, limits=limits
        )
    )
    run_context.run.profile["rows"] = good
    last = int(run_context.last_accepted_baseline.get("rows", 0))
    run_context.quarantine_if(guards.row_count_violation(good=good, last=last, limits=limits))


def check_duplicates(run_context: RunContext, *, read: int, twice: int) -> None:
    """Check how many rows contradict each other."""
    run_context.run.profile["twice"] = twice
    last = int(run_context.last_accepted_baseline.get("twice", 0))
    run_context.quarantine_if(
        guards.duplicate_rows_violation(
            read=read, twice=twice, last_twice=last, limits=run_thresholds(run_context)
        )
    )


def check_stock_duplicates(run_context: RunContext, *, is_compared: bool) -> None:
    """Check how many stock rows are duplicated with different figures.

    Shape: ``is_compared``: ``feed_stock_diff`` contains the diff
    """
    with with_large_work_mem():
        ((read, twice),) = rows(COUNT_DUPLICATES.format(some=ONLY_DIFFERING if is_compared else ""))
    check_duplicates(run_context, read=read, twice=twice)


def check_stock(run_context: RunContext, *, stocked: Callable[[], int], is_full_list: bool) -> None:
    """Check how many stock rows fall to zero, and how many surge.

    Shape: ``stocked`` counts the non-zero rows in scope, a full scan, so it is called only if some
           rows changed. Surges are a share of the reported rows for a delta.
    """
    with with_large_work_mem():
        moved = levels.count_changes(
            is_full_list=is_full_list, factor=run_thresholds(run_context).surge_factor
        )
    if not moved.zeroed and not moved.surged:
        return
    stocked_rows = stocked()
    run_context.run.profile |= {
        "stocked": stocked_rows,
        "zeroed": moved.zeroed,
        "surged": moved.surged,
    }
    compared_rows = moved.reported if run_context.run.is_delta else stocked_rows
    run_context.quarantine_if(
        guards.zeroed_stock_violation(
            stocked=stocked_rows, zeroed=moved.zeroed, limits=run_thresholds(run_context)
        )
        or guards.stock_surge_violation(
            compared_rows=compared_rows, surged=moved.surged, limits=run_thresholds(run_context)
        )
    )


def check_costs(run_context: RunContext, *, total: int) -> list[tuple[str, CostDelta]]:
    """Check how costs change; return the single outliers, each with its product."""
    params = {
        "supplier": run_context.supplier.pk,
        "factor": run_thresholds(run_context).price_outlier_factor,
    }
    with with_large_work_mem():
        ((moved, jumped),) = rows(COUNT_CHANGED, params)
        sample = [CostDelta(sku=s, before=b, after=a) for s, b, a in rows(SAMPLE_CHANGED, params)]
        listed, above = rows(COUNT_ABOVE_PRICE, params)[0] if moved else (0, 0)
    moves = CostDeltas(total=total, moved=moved, jumped=jumped, sample=sample)
    run_context.run.profile |= {
        "moved": moved,
        "jumped": jumped,
        "listed": listed,
        "above_price": above,
    }
    shift = guards.uniform_shift_violation(moves, rates=_rates(run_context.supplier.currency))
    outliers = guards.price_outlier_violation(moves=moves, limits=run_thresholds(run_context))
    run_context.quarantine_if(
        " ".join(filter(None, (outliers, shift)))
        or guards.negative_margin_violation(
            listed=listed, above=above, limits=run_thresholds(run_context)
        )
    )
    if run_context.guards_waived or not jumped:
        return []
    return [
        (external_id, CostDelta(sku=s, before=b, after=a))
        for external_id, s, b, a in rows(SELECT_OUTLIERS, params)
    ]


def check_rolled_back_costs(run_context: RunContext) -> None:
    """Check whether the list repeats costs that staff rolled back."""
    _check_rolled_back(run_context, COUNT_ROLLED_BACK_COSTS, {})


def check_rolled_back_stock(
    run_context: RunContext, *, in_scope: str, params: Mapping[str, Any]
) -> None:
    """Check whether the list repeats stock figures that staff rolled back."""
    join = "INNER" if run_context.run.is_delta else "LEFT"
    _check_rolled_back(
        run_context, COUNT_ROLLED_BACK_STOCK.format(in_scope=in_scope, join=join), params
    )


def _check_rolled_back(run_context: RunContext, sql: str, params: Mapping[str, Any]) -> None:
    done = SyncRun.objects.filter(
        supplier=run_context.supplier,
        kind=run_context.run.kind,
        status__in=[SyncRun.Status.APPLIED, SyncRun.Status.ROLLED_BACK],
    )
    last = done.order_by("-status_since", "-pk").first()
    if last is None or last.status != SyncRun.Status.ROLLED_BACK:
        return
    ((reported, repeated),) = rows(sql, {**params, "undone": last.pk})
    run_context.quarantine_if(
        guards.rolled_back_values_violation(run=last.pk, reported=reported, repeated=repeated)
    )


def _rates(currency: str) -> dict[str, Decimal]:
    """Return the value of one unit in other currencies, from rates of either direction."""
    quotes = ExchangeRate.objects.filter(base=currency).values_list("quote", "rate")
    bases = ExchangeRate.objects.filter(quote=currency).values_list("base", "rate")
    return {**{base: 1 / rate for base, rate in bases}, **dict(quotes)}


def _baseline_columns(profile: Mapping[str, Any], *, mapping_hash: str) -> FileProfile | None:
    """Return the columns of the last accepted file, if it was read by the same mapping."""
    if "kinds" not in profile or profile.get("mapping_hash", "") != mapping_hash:
        return None
    return FileProfile(columns=tuple(profile["columns"]), kinds=profile["kinds"])
