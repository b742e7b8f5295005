"""Checkout goals: judge checkouts against a minimal sale and peers, check that nothing is oversold."""

from collections.abc import Sequence
from statistics import median

from storefront.dev.bench.goals.pages import Verdict, at_least, at_most, by_clock, reported
from storefront.dev.bench.harness.checkout_script import PLACE
from storefront.dev.bench.scenarios.checkout import BARE, CHECKOUT, Counted, Pace
from storefront.dev.bench.scenarios.checkout_while_supplier_hangs import AT_ONCE, Hung
from storefront.dev.bench.scenarios.last_units import BUYERS, STOCK, Rush

# Bare sales per second, divided by checkouts per second of another shop on the same machine, for
# 1, 8 and 32 buyers at once. Bare sales: 1,416, 2,676 and 2,910 a second; django-oscar: 7.2, 12.3
# and 13.6; Saleor: 2.7, 3.1 and 4.1.
BARE_SALES_PER_OSCAR_CHECKOUT = {1: 196, 8: 217, 32: 213}
BARE_SALES_PER_SALEOR_CHECKOUT = {1: 524, 8: 863, 32: 709}
JUDGED = 8  # buyers at once for whom there is a goal; other figures are only reported
MOST_PLACE_MS = 8
MOST_RUSH_S = 0.5
MOST_HUNG = 1.1  # p95 while a supplier hangs, divided by the p95 before


def judge_checkouts(found: Sequence[Pace]) -> list[Verdict]:
    paces = {(each.what, each.at_once): each for each in found}
    verdicts = []
    for (what, at_once), pace in paces.items():
        if what != CHECKOUT:
            continue
        bare = paces[BARE, at_once]
        checkout = f"guest checkout, {at_once} at once"
        for peer, bare_per_checkout, least in (
            ("django-oscar", BARE_SALES_PER_OSCAR_CHECKOUT, 10),
            ("Saleor", BARE_SALES_PER_SALEOR_CHECKOUT, 40),
        ):
            limit = (
                bare.per_second / bare_per_checkout[at_once]
            )  # what the peer would reach in this run
            words = f"{checkout}: checkouts, ratio to {peer}"
            verdict = (
                at_least("P5", words, pace.per_second, limit, least=least)
                if at_once == JUDGED
                else reported("P5", words, pace.per_second, limit)
            )
            verdicts.append(by_clock(verdict))
        verdicts += [
            by_clock(reported("P5", f"{checkout}: p95, ms", pace.p95_ms)),
            reported("P5", f"{checkout}: CPU, ratio to bare sale", pace.cpu_ms, bare.cpu_ms),
        ]
    return verdicts


def judge_orders(found: Sequence[Pace]) -> list[Verdict]:
    paces = {(each.what, each.at_once): each for each in found}
    alone = at_most("P6", "place order, alone: p50, ms", paces[PLACE, 1].p50_ms, most=MOST_PLACE_MS)
    verdicts = [by_clock(alone)]
    for (what, at_once), pace in paces.items():
        if what != PLACE:
            continue
        bare = paces[BARE, at_once]
        words = f"place order, {at_once} at once: {{}}, ratio to bare sale".format
        verdict = (
            at_least("P6", words("orders"), pace.per_second, bare.per_second, least=0.3)
            if at_once == JUDGED
            else reported("P6", words("orders"), pace.per_second, bare.per_second)
        )
        verdicts += [by_clock(verdict), reported("P6", words("CPU"), pace.cpu_ms, bare.cpu_ms)]
    return verdicts


def judge_sql(counted: Counted) -> list[Verdict]:
    """Judge the SQL statements of a checkout without a page cache."""
    return [
        at_most("P5", "SQL statements of a whole checkout", sum(counted.live.values()), most=60),
        reported(
            "P5", "SQL statements of a whole checkout, with page cache", sum(counted.kept.values())
        ),
        reported("P6", "SQL statements of place order", counted.live[PLACE]),
    ]


def judge_rush(bare: Rush, shop: Rush) -> list[Verdict]:
    """Judge the worst round; for the time, the median round."""
    what, seconds = f"{BUYERS} at once for {STOCK}", median(shop.seconds)
    return [
        at_least("P7", f"{what}: sold", min(shop.sold), least=STOCK),
        at_least("P7", f"{what}: refused", min(shop.refused), least=BUYERS - STOCK),
        at_most("P7", f"{what}: oversold", shop.oversold, most=0),
        by_clock(at_most("P7", f"{what}: all answered, s", seconds, most=MOST_RUSH_S)),
        by_clock(
            reported("P7", f"{what}: seconds, ratio to bare sale", seconds, median(bare.seconds))
        ),
        reported("P7", f"{what}: CPU, ratio to bare sale", median(shop.cpu_s), median(bare.cpu_s)),
    ]


def judge_hung(found: Hung) -> list[Verdict]:
    what = f"{AT_ONCE} buyers while a supplier hangs: {{}}, ratio to before".format
    p95 = at_most("R2", what("p95"), found.hung.p95_ms, found.alone.p95_ms, most=MOST_HUNG)
    return [by_clock(p95), reported("R2", what("CPU"), found.hung.cpu_ms, found.alone.cpu_ms)]
