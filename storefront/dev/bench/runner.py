"""Benchmark runner: run all measurements in a separate database, judge the figures."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from catalog.models import Channel
from storefront.dev.bench.goals import checkout as goal_checkout
from storefront.dev.bench.goals import pages as goal_pages
from storefront.dev.bench.goals import suppliers
from storefront.dev.bench.goals.pages import Verdict
from storefront.dev.bench.scenarios import (
    availability,
    bulkheads,
    change_latency,
    checkout_while_supplier_hangs,
    last_units,
    routing,
    webhooks,
)
from storefront.dev.bench.scenarios import checkout as scenario_checkout
from storefront.dev.bench.scenarios import pages as scenario_pages
from storefront.dev.bench.scenarios.sync import (
    api_calls,
    feed_reading,
    large_lists,
    reads_during_merge,
)

HANGING_PRODUCTS, HANGING_ORDERS = 400, 16
FEW_OFFERS, MANY_OFFERS = (10_000, 100_000), (10_000, 100_000, 1_000_000)
FEW_ASKED, MANY_ASKED = 1_000, 10_000
MANY_MERGED, MOST_MERGED = 100_000, 1_000_000
FEW_ROWS, MANY_ROWS = (1_000, 20_000), (1_000, 20_000, 1_000_000)


def run(
    say: Callable[[str], None],
    *,
    now: datetime,
    only: Collection[str] = goal_pages.ALL,
    is_full: bool = False,
) -> tuple[dict[str, Any], list[Verdict]]:
    """Sync, serve, measure, grow, measure again; return all figures, and the verdicts.

    Steps that no goal of ``only`` needs are skipped. Lists of a million offers are measured if only
    they are requested, or with ``is_full``; files of a million rows only with ``is_full``.
    """
    wanted = set(only)
    report: dict[str, Any] = {}
    verdicts: list[Verdict] = []
    if wanted & (goal_pages.OF_PAGES | goal_pages.OF_SEARCH | goal_pages.OF_GROWTH):
        verdicts += scenario_pages.measure(report, say, now=now, wanted=wanted)
    if wanted & goal_pages.OF_BUYING:
        verdicts += _judge_buying(report, say, wanted=wanted)
    if wanted & goal_pages.OF_SUPPLYING:
        verdicts += _judge_supplying(report, say, now=now)
    if wanted & (goal_pages.OF_READING | goal_pages.OF_REACHING):
        verdicts += _judge_readers(report, say, wanted=wanted, is_full=is_full)
    verdicts += _judge_orders(report, say, wanted=wanted)
    if wanted & goal_pages.OF_FEEDS:
        verdicts += _judge_feeds(report, say, sizes=MANY_ROWS if is_full else FEW_ROWS)
    if wanted & goal_pages.OF_ASKING:
        verdicts += _judge_asking(report, say, products=MANY_ASKED if is_full else FEW_ASKED)
    if wanted & goal_pages.OF_BULK:  # last: it empties its tables
        sizes = MANY_OFFERS if wanted <= goal_pages.OF_BULK or is_full else FEW_OFFERS
        for count in sizes:
            say(f"Lists of {count:,} offers")
            found = large_lists.measure(count, say=say)
            report[f"bulk_{count}"] = [msgspec.to_builtins(each) for each in found]
            verdicts += suppliers.judge_bulk_sync(found)
    return report, [each for each in verdicts if each.id in wanted]


def _judge_buying(
    report: dict[str, Any], say: Callable[[str], None], *, wanted: Collection[str]
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    with scenario_checkout.places(report, say=say) as place:
        if {"P5", "P6"} & set(wanted):
            found = scenario_checkout.measure(place, say=say)
            report["checkouts"] = [msgspec.to_builtins(each) for each in found]
            counted = scenario_checkout.count_sql(place)
            report["checkout_sql"] = msgspec.to_builtins(counted)
            verdicts += goal_checkout.judge_checkouts(found)
            verdicts += goal_checkout.judge_orders(found)
            verdicts += goal_checkout.judge_sql(counted)
        if "R2" in wanted:
            hung = checkout_while_supplier_hangs.measure(place, say=say)
            report["buying_on"] = msgspec.to_builtins(hung)
            verdicts += goal_checkout.judge_hung(hung)
        if "P7" in wanted:  # last: it leaves a sold-out light
            bare, shop = last_units.measure(place, say=say)
            report["rush"] = [msgspec.to_builtins(each) for each in (bare, shop)]
            verdicts += goal_checkout.judge_rush(bare, shop)
    return verdicts


def _judge_readers(
    report: dict[str, Any], say: Callable[[str], None], *, wanted: Collection[str], is_full: bool
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    if goal_pages.OF_READING & set(wanted):  # afterwards nothing is offered any more
        verdicts += _judge_reading(report, say, is_full=is_full)
    if goal_pages.OF_REACHING & set(wanted):
        verdicts += _judge_reaching(report, say)
    return verdicts


def _judge_reading(
    report: dict[str, Any], say: Callable[[str], None], *, is_full: bool
) -> list[Verdict]:
    if "sync" not in report:
        report["sync"] = scenario_pages.sync_figures(say)
    count = MOST_MERGED if is_full else MANY_MERGED
    say(f"Pages while {count:,} offers merge")
    found = reads_during_merge.measure(count, say=say)
    report["reading"] = [msgspec.to_builtins(each) for each in found]
    return suppliers.judge_reading(found, count=count)


def _judge_supplying(
    report: dict[str, Any], say: Callable[[str], None], *, now: datetime
) -> list[Verdict]:
    if "sync" not in report:
        report["sync"] = scenario_pages.sync_figures(say)
    say("What the supply engine answers and counts")
    found = availability.measure(now=now, say=say)
    report["supplying"] = [msgspec.to_builtins(each) for each in found]
    return [
        goal_pages.told("E1", each.what, each.per_second, each.bare_per_second) for each in found
    ]


def _judge_reaching(report: dict[str, Any], say: Callable[[str], None]) -> list[Verdict]:
    say("A supplier's change, until the product page shows it")
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        found = change_latency.measure(folder=Path(folder), say=say)
    report["reaching"] = msgspec.to_builtins(found)
    return suppliers.judge_reaching(found)


def _judge_orders(
    report: dict[str, Any], say: Callable[[str], None], *, wanted: Collection[str]
) -> list[Verdict]:
    verdicts: list[Verdict] = []
    if goal_pages.OF_BULKHEADS & set(wanted):
        report["bulkheads"] = bulkhead_figures(say)
        verdicts += goal_pages.judge_bulkheads(*report["bulkheads"].values())
    if goal_pages.OF_PLANNING & set(wanted):
        report["planning"] = routing.measure(say)
        verdicts += goal_pages.judge_planning(report["planning"])
    if goal_pages.OF_CALLS & set(wanted):
        report["calls"] = webhooks.measure(say).percentile_ms(0.99)
        verdicts += goal_pages.judge_calls(report["calls"])
    return verdicts


def _judge_feeds(
    report: dict[str, Any], say: Callable[[str], None], *, sizes: Sequence[int]
) -> list[Verdict]:
    say(f"Files of {', '.join(f'{count:,}' for count in sizes)} rows")
    verdicts: list[Verdict] = []
    report["feeds"] = []
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        for name in feed_reading.NAMES:
            found = [
                feed_reading.measure(name, count=count, folder=Path(folder)) for count in sizes
            ]
            for each in found:
                say(each.words)
            report["feeds"] += [msgspec.to_builtins(each) for each in found]
            verdicts += suppliers.judge_feed_reading(found)
    return verdicts


def _judge_asking(
    report: dict[str, Any], say: Callable[[str], None], *, products: int
) -> list[Verdict]:
    say(f"What suppliers of {products:,} products are asked")
    found = api_calls.measure(products=products, say=say)
    report["asking"] = [each.written for each in found]
    return suppliers.judge_api_calls(found)


def bulkhead_figures(say: Callable[[str], None]) -> dict[str, tuple[float, float]]:
    """Hang one supplier beside another; return seconds of the other's orders and syncs."""
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        rounds = bulkheads.measure(
            channel=Channel.objects.get(),
            folder=Path(folder),
            env={},
            products=HANGING_PRODUCTS,
            orders=HANGING_ORDERS,
            say=say,
        )
    return {name: (each.order_p95_s, each.sync_s) for name, each in rounds.items()}
