"""Benchmark runner: run all measurements in a separate database, judge the figures."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catalog.models import Channel
from storefront.dev.bench.goals import checkout as goal_checkout
from storefront.dev.bench.goals import pages as goal_pages
from storefront.dev.bench.goals import suppliers
from storefront.dev.bench.goals.pages import Verdict
from storefront.dev.bench.harness.figures import Figures
from storefront.dev.bench.harness.resources import Load, watch
from storefront.dev.bench.scenarios import (
    availability,
    bulkheads,
    change_latency,
    checkout_while_supplier_hangs,
    last_units,
    processes,
    routing,
    search_quality,
    webhooks,
)
from storefront.dev.bench.scenarios import checkout as scenario_checkout
from storefront.dev.bench.scenarios import pages as scenario_pages
from storefront.dev.bench.scenarios.messaging import emails, public_events
from storefront.dev.bench.scenarios.product_data import tasks as product_data
from storefront.dev.bench.scenarios.sync import (
    api_calls,
    feed_reading,
    large_lists,
    reads_during_merge,
)

HANGING_PRODUCTS, HANGING_ORDERS = 100, 16
FEW_OFFERS, MANY_OFFERS = (100_000,), (10_000, 100_000, 1_000_000)
FEW_ASKED, MANY_ASKED = 300, 10_000
MANY_MERGED, MOST_MERGED = 100_000, 1_000_000
FEW_ROWS, MANY_ROWS = (1_000, 10_000), (1_000, 20_000, 1_000_000)
OF_LISTS = frozenset({"P8", "P9", "P10"})


def run(
    say: Callable[[str], None],
    *,
    now: datetime,
    only: frozenset[str] = goal_pages.ALL,
    is_full: bool = False,
) -> tuple[dict[str, Any], list[Verdict]]:
    """Run the steps that the goals in ``only`` need; return all figures, and the verdicts.

    Lists of a million offers are measured with ``is_full``, or if all goals in ``only`` are in
    ``OF_LISTS``; files of a million rows only with ``is_full``.
    """
    figures = Figures(say=say, now=now, wanted=only, is_full=is_full)
    verdicts: list[Verdict] = []
    loads: list[tuple[str, Load]] = []
    for goals, step in STEPS:
        if figures.needs(*goals):
            watched = watch()
            found = step(figures)
            load, name = watched(), " ".join(sorted({each.id for each in found}))
            loads.append((name, load))
            verdicts += goal_pages.marked_if_busy(load, found)
            say(f"{name} took {load.words}")
    figures.keep("loads", loads)
    return figures.report, [each for each in verdicts if each.id in only]


def _judge_buying(figures: Figures) -> list[Verdict]:
    verdicts: list[Verdict] = []
    say = figures.say
    with scenario_checkout.places(figures) as place:
        if figures.needs("P5", "P6"):
            many, few = scenario_checkout.MANY_AT_ONCE, scenario_checkout.FEW_AT_ONCE
            at_onces = many if figures.is_full else few
            paces = scenario_checkout.measure(place, at_onces=at_onces, say=say)
            found = figures.keep("checkouts", paces)
            counted = figures.keep("checkout_sql", scenario_checkout.count_sql(place))
            verdicts += goal_checkout.judge_checkouts(found)
            verdicts += goal_checkout.judge_orders(found)
            verdicts += goal_checkout.judge_sql(counted)
        if figures.needs("R2"):
            hung = checkout_while_supplier_hangs.measure(place, say=say)
            verdicts += goal_checkout.judge_hung(figures.keep("buying_on", hung))
        if figures.needs("P7"):  # last: it sells out some lights
            rushes = figures.keep("rush", last_units.measure(place, say=say))
            verdicts += goal_checkout.judge_rush(*rushes)
    return verdicts


def _judge_reading(figures: Figures) -> list[Verdict]:
    scenario_pages.sync_once(figures)
    count = MOST_MERGED if figures.is_full else MANY_MERGED
    figures.say(f"Pages while {count:,} offers merge")
    found = figures.keep("reading", reads_during_merge.measure(count, say=figures.say))
    return suppliers.judge_reading(found, count=count)


def _judge_supplying(figures: Figures) -> list[Verdict]:
    scenario_pages.sync_once(figures)
    figures.say("Availability queries and publication")
    return _report_paces(
        figures, "supplying", availability.measure(now=figures.now, say=figures.say)
    )


def _judge_repricing(figures: Figures) -> list[Verdict]:
    figures.say("Repricing of all listings, and product import")
    return _report_paces(
        figures, "repricing", availability.measure_bulk(now=figures.now, say=figures.say)
    )


def _report_paces(figures: Figures, name: str, found: Sequence[availability.Pace]) -> list[Verdict]:
    rows = (
        goal_pages.reported("E1", each.what, each.per_second, each.bare_per_second)
        for each in figures.keep(name, found)
    )
    return [goal_pages.by_clock(row) for row in rows]


def _judge_latencies(figures: Figures) -> list[Verdict]:
    figures.say("Seconds until the product page shows a supplier's change")
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        found = change_latency.measure(folder=Path(folder), say=figures.say)
    return suppliers.judge_latencies(figures.keep("latencies", found))


def _judge_bulkheads(figures: Figures) -> list[Verdict]:
    """Hang one supplier; judge how long orders and syncs of another supplier take."""
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        rounds = bulkheads.measure(
            channel=Channel.objects.get(code="shop"),
            folder=Path(folder),
            env={},
            products=HANGING_PRODUCTS,
            orders=HANGING_ORDERS,
            say=figures.say,
        )
    found = {name: (each.order_p95_s, each.sync_s) for name, each in rounds.items()}
    return goal_pages.judge_bulkheads(*figures.keep("bulkheads", found).values())


def _judge_planning(figures: Figures) -> list[Verdict]:
    return goal_pages.judge_planning(figures.keep("planning", routing.measure(figures.say)))


def _judge_calls(figures: Figures) -> list[Verdict]:
    return goal_pages.judge_calls(*figures.keep("calls", webhooks.measure(figures.say)))


def _judge_messages(figures: Figures) -> list[Verdict]:
    figures.say("E-mails per second")
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        found = emails.measure(Path(folder), say=figures.say)
    return goal_pages.judge_messages(figures.keep("messages", found))


def _judge_events(figures: Figures) -> list[Verdict]:
    figures.say("Events published and delivered per second")
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        found = public_events.measure(Path(folder), say=figures.say)
    return goal_pages.judge_events(figures.keep("events", found))


def _judge_relevance(figures: Figures) -> list[Verdict]:
    judged = figures.keep("judged_searches", search_quality.measure(figures.now))
    return goal_pages.judge_relevance(judged)


def _judge_processes(figures: Figures) -> list[Verdict]:
    scenario_pages.sync_once(figures)
    figures.say("Memory and start of the processes")
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        found = processes.measure(Path(folder), say=figures.say)
    return goal_pages.judge_processes(*figures.keep("processes", found))


def _judge_feeds(figures: Figures) -> list[Verdict]:
    sizes = MANY_ROWS if figures.is_full else FEW_ROWS
    figures.say(f"Files of {', '.join(f'{count:,}' for count in sizes)} rows")
    verdicts: list[Verdict] = []
    walked: list[feed_reading.FeedFigures] = []
    with TemporaryDirectory(prefix="fara-bench-") as folder:
        for name in feed_reading.NAMES:
            found = [
                feed_reading.measure(name, count=count, folder=Path(folder)) for count in sizes
            ]
            for each in found:
                figures.say(each.words)
            walked += found
            verdicts += suppliers.judge_feed_reading(found)
    figures.keep("feeds", walked)
    return verdicts


def _judge_asking(figures: Figures) -> list[Verdict]:
    products = MANY_ASKED if figures.is_full else FEW_ASKED
    figures.say(f"API calls to suppliers with {products:,} products")
    found = api_calls.measure(products=products, say=figures.say)
    return suppliers.judge_api_calls(figures.keep("asking", found))


def _judge_lists(figures: Figures) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for count in MANY_OFFERS if figures.wanted <= OF_LISTS or figures.is_full else FEW_OFFERS:
        figures.say(f"Lists of {count:,} offers")
        found = figures.keep(f"bulk_{count}", large_lists.measure(count, say=figures.say))
        verdicts += suppliers.judge_bulk_sync(found)
    return verdicts


def _judge_product_data(figures: Figures) -> list[Verdict]:
    figures.say(f"Bulk work of staff with {product_data.PRODUCTS:,} products")
    found = figures.keep("product_data", product_data.measure(say=figures.say))
    verdicts: list[Verdict] = []
    for each in found:
        what = f"{each.name}, {each.rows:,} rows"
        verdicts += [
            goal_pages.reported("E3", f"{what}: rows per CPU second", each.per_cpu_s),
            goal_pages.reported("E3", f"{what}: MB above an idle process", each.peak_mb),
        ]
    return verdicts


STEPS: tuple[tuple[frozenset[str], Callable[[Figures], list[Verdict]]], ...] = (
    (frozenset({"P14"}), _judge_processes),
    (frozenset({"P16"}), _judge_relevance),
    (frozenset({"P1", "P2", "P3"}), scenario_pages.measure),
    (frozenset({"P5", "P6", "P7", "R2"}), _judge_buying),
    (frozenset({"E1"}), _judge_supplying),
    (frozenset({"P4", "P13", "P17", "P20"}), scenario_pages.measure_growth),
    (frozenset({"E1"}), _judge_repricing),
    (frozenset({"P12"}), _judge_reading),  # deletes all offers
    (frozenset({"P11"}), _judge_latencies),
    (frozenset({"R1"}), _judge_bulkheads),
    (frozenset({"E2"}), _judge_planning),
    (frozenset({"P15"}), _judge_calls),
    (frozenset({"P18"}), _judge_messages),
    (frozenset({"P19"}), _judge_events),
    (frozenset({"F1", "P10"}), _judge_feeds),
    (frozenset({"F2"}), _judge_asking),
    (OF_LISTS, _judge_lists),  # deletes all offers, too
    (frozenset({"E3"}), _judge_product_data),  # deletes all products
)
