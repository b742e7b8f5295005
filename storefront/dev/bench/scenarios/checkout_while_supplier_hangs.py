"""Hanging supplier scenario: time checkouts while workers wait for another supplier."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.utils import timezone

from storefront.dev.bench.harness import buyers, checkout_script
from storefront.dev.bench.harness.orders import sell
from storefront.dev.bench.harness.scripted_load import walk
from storefront.dev.bench.harness.suppliers import company
from storefront.dev.bench.harness.workers import workers
from storefront.dev.bench.scenarios.bulkheads import ask_for
from storefront.dev.bench.scenarios.checkout import Place

AT_ONCE = 8
ROUNDS = 3
WALK_S = 2.0
PRODUCTS, ORDERS = 100, 16
PROCESSES = 2
IN_HAND_S = 1.5  # until the workers run the work of the hanging supplier


class Spent(NamedTuple):
    """Milliseconds of a whole checkout; CPU is of the web server and its queries."""

    p95_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hung:
    """Checkouts without a hanging supplier, and with one."""

    alone: Spent
    hung: Spent
    bought: int

    @property
    def words(self) -> str:
        return (
            f"{AT_ONCE} guests at once, p95 {self.alone.p95_ms:.0f} ms; while another supplier"
            f" hangs {self.hung.p95_ms:.0f} ms; {self.bought} bought"
        )


def measure(place: Place, *, say: Callable[[str], None]) -> Hung:
    """Measure checkouts before another supplier hangs, and while it does; return medians.

    Raises: NotRealError, BadAnswerError: a checkout was not as expected.
    """
    bought = 0

    def buy() -> Spent:
        nonlocal bought
        before = place.web.cpu()
        scripts = (
            checkout_script.checkout(place.shop, slug=each.slug) for each in cycle(place.goods)
        )
        walks = walk(scripts, at_once=AT_ONCE, seconds=WALK_S)
        buyers.insist_paid([each.result for each in walks.walked])
        bought += len(walks.walked)
        cpu_s = place.web.cpu().since(before).whole_s
        return Spent(walks.whole.percentile_ms(0.95), cpu_s * 1000 / len(walks.walked))

    with TemporaryDirectory(prefix="fara-bench-") as made:
        folder = Path(made)
        with company("silent", 3, folder=folder, products=PRODUCTS) as other:
            sold = sell(
                channel=place.channel, supplier=other.supplier, count=ORDERS, now=timezone.now()
            )
            with workers(folder, {}, processes=PROCESSES):
                buy()  # warm-up, does not count
                alone = [buy() for _ in range(ROUNDS)]
                other.hang()
                ask_for(other.supplier, sold)
                time.sleep(IN_HAND_S)
                hung = [buy() for _ in range(ROUNDS)]
    found = Hung(alone=_median(alone), hung=_median(hung), bought=bought)
    say(found.words)
    return found


def _median(rounds: Sequence[Spent]) -> Spent:
    return Spent(median(each.p95_ms for each in rounds), median(each.cpu_ms for each in rounds))
