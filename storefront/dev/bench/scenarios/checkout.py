"""Checkout scenario: time checkouts of 1, 8 and 32 guests at once, and of minimal sales.

Both run on the same kind of server.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from catalog.models import Channel
from storefront.dev.bench.harness import buyers, checkout_script, servers
from storefront.dev.bench.harness.bare import views
from storefront.dev.bench.harness.buyers import Goods
from storefront.dev.bench.harness.checkout_script import PLACE, Shop
from storefront.dev.bench.harness.figures import Figures
from storefront.dev.bench.harness.load import HOST, Timing
from storefront.dev.bench.harness.scripted_load import Answer, Ask, Walks, ask_once, walk
from storefront.dev.bench.harness.servers import Server, serving
from storefront.dev.bench.harness.suppliers import sandbox
from storefront.dev.bench.scenarios import pages
from storefront.dev.runtime.ports import free_port

FEW_AT_ONCE, MANY_AT_ONCE = (1, 8), (1, 8, 32)
ROUNDS = 3
BARE_S, WALK_S, WARM_UP_S = 0.5, 2.0, 1.0
# Prepared carts that are ordered in a round, by the number of guests at once.
ORDERS = {1: 60, 8: 160, 32: 160}
ROWS, ROW_UNITS = 10_000, 1_000_000
GIVE_UP_S = 60.0
STRIPE_KEY, STRIPE_HOOK = "sk_test_bench", "whsec_bench"


class Place(NamedTuple):
    """The servers of one measurement, and the products sold there."""

    bare: Server
    web: Server
    shop: Shop
    channel: Channel
    goods: Sequence[Goods]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The speed of one operation by ``at_once`` guests; medians over the rounds.

    Units: CPU is of the web server and its queries, per operation.
    """

    what: str
    at_once: int
    count: int
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float

    @property
    def words(self) -> str:
        return (
            f"{self.what:<12} {self.at_once:>3} at once {self.per_second:9,.1f}/s,"
            f" p50 {self.p50_ms:8.2f} ms, p95 {self.p95_ms:8.2f} ms, CPU {self.cpu_ms:6.2f} ms,"
            f" {self.count:,} in all"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """SQL statements of one checkout by request: ``live`` without page cache, ``kept`` with it."""

    live: Mapping[str, int]
    kept: Mapping[str, int]


class Round(NamedTuple):
    """One round of one operation."""

    timing: Timing
    cpu_s: float


CHECKOUT, BARE = "checkout", "bare sale"


def measure(place: Place, *, at_onces: Sequence[int], say: Callable[[str], None]) -> list[Pace]:
    """Measure whole checkouts, orders alone and bare sales in turn, in every round.

    Raises: NotRealError, BadAnswerError: a checkout was not as expected.
    """
    rounds: dict[tuple[str, int], list[Round]] = {}
    steps: dict[str, list[float]] = {}
    _warm_up(place)
    for _ in range(ROUNDS):
        for at_once in at_onces:
            for what, act in ((BARE, _bare), (CHECKOUT, _checkouts), (PLACE, _orders)):
                before = (server := _server(place, what)).cpu()
                walks = act(place, at_once)
                spent_s = server.cpu().since(before).whole_s
                rounds.setdefault((what, at_once), []).append(Round(walks.whole, spent_s))
                if what == CHECKOUT and at_once == 1:
                    for name in walks.walked[0].steps:
                        steps.setdefault(name, []).append(walks.step(name).percentile_ms(0.5))
    found = [_pace(what, at_once, some) for (what, at_once), some in rounds.items()]
    for each in found:
        say(each.words)
    say("p50 of each request of one customer, ms: " + _medians(steps))
    return found


def _medians(steps: Mapping[str, Sequence[float]]) -> str:
    return ", ".join(f"{name} {median(taken):.1f}" for name, taken in steps.items())


def _pace(what: str, at_once: int, rounds: Sequence[Round]) -> Pace:
    counts = [len(each.timing.latencies_s) for each in rounds]
    return Pace(
        what=what,
        at_once=at_once,
        count=sum(counts),
        per_second=median(each.timing.per_second for each in rounds),
        p50_ms=median(each.timing.percentile_ms(0.50) for each in rounds),
        p95_ms=median(each.timing.percentile_ms(0.95) for each in rounds),
        cpu_ms=median(
            each.cpu_s * 1000 / count for each, count in zip(rounds, counts, strict=True)
        ),
    )


def _server(place: Place, what: str) -> Server:
    return place.bare if what == BARE else place.web


def _warm_up(place: Place) -> None:
    scripts = (checkout_script.checkout(place.shop, slug=each.slug) for each in cycle(place.goods))
    walk(scripts, at_once=8, seconds=WARM_UP_S)
    _bare(place, 8)


def _bare(place: Place, at_once: int) -> Walks[bool]:
    rows = cycle(range(1, ROWS + 1))
    scripts = (checkout_script.bare(place.bare.port, row) for row in rows)
    walks = walk(scripts, at_once=at_once, seconds=BARE_S)
    if not all(each.result for each in walks.walked):
        raise buyers.NotRealError("a bare sale was refused")
    return walks


def _checkouts(place: Place, at_once: int) -> Walks[str]:
    scripts = (checkout_script.checkout(place.shop, slug=each.slug) for each in cycle(place.goods))
    walks = walk(scripts, at_once=at_once, seconds=WALK_S)
    buyers.insist_paid([each.result for each in walks.walked])
    return walks


def _orders(place: Place, at_once: int) -> Walks[str]:
    now = timezone.now()
    count = ORDERS[at_once]
    filled = buyers.ready(place.channel, place.goods, count=count, now=now)
    scripts = (checkout_script.order(place.shop, each) for each in filled)
    walks = walk(scripts, at_once=at_once, seconds=GIVE_UP_S)
    if len(walks.walked) != count:
        raise buyers.NotRealError(f"{len(walks.walked)} of {count} orders were answered")
    buyers.insist_held([each.result for each in walks.walked])
    return walks


@contextmanager
def places(figures: Figures) -> Iterator[Place]:
    """Sync, put plenty in stock, and serve the bare sale, the shop and its gateway."""
    if "sync" in figures.report:
        # Refresh the stock: the shop checks outdated stock live while a customer waits.
        call_command("supplier", "sync", pages.SUPPLIER, stdout=io.StringIO())
    pages.sync_once(figures)
    channel = Channel.objects.get(code="shop")
    some = buyers.goods(channel, now=timezone.now())
    figures.say(f"Guests buy {len(some)} different lights")
    _make_rows()
    with ExitStack() as stack:
        port = free_port(servers.FIRST_PORT)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fara-bench-")))
        words = ["--secret", STRIPE_KEY, "--hook-secret", STRIPE_HOOK, "--webhook-url", ""]
        url = stack.enter_context(
            sandbox("storefront.dev.sandboxes.stripe", data=folder, words=words)
        )
        shop = Shop(port=port, gateway_port=int(url.rpartition(":")[2]))
        env = {
            "PAGE_CACHE_S": "0",
            **_stripe_settings(url),
            "PUBLIC_URL": f"http://{HOST}:{port}",
        }
        web = stack.enter_context(serving("shop", port=port, env=env))
        bare = stack.enter_context(serving("bare", servers.BARE))
        yield Place(bare, web, shop, channel, some)


def _stripe_settings(url: str) -> dict[str, str]:
    """Return the settings that make the shop pay through the local Stripe sandbox."""
    return {
        "PAYMENT_GATEWAY": "stripe",
        "STRIPE_API_URL": url,
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "STRIPE_WEBHOOK_SECRET": STRIPE_HOOK,
    }


def _make_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(views.SALES)
        cursor.execute(
            "INSERT INTO bench_stock SELECT n, %s FROM generate_series(1, %s) n", [ROW_UNITS, ROWS]
        )
        cursor.execute("VACUUM ANALYZE")


def count_sql(place: Place) -> Counted:
    """Count the SQL statements of each request of one checkout, after a warm-up."""
    url = f"http://{HOST}:{place.shop.gateway_port}"
    with override_settings(**_stripe_settings(url), PUBLIC_URL="http://shop"):
        live, kept = (_counted(place, kept_s=kept_s) for kept_s in (0, 600))
    return Counted(live=live, kept=kept)


def _counted(place: Place, *, kept_s: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    with override_settings(PAGE_CACHE_S=kept_s):
        for _ in range(2):  # the warm-up is not counted
            counts.clear()
            script = checkout_script.checkout(place.shop, slug=place.goods[0].slug)
            ask = next(script)
            try:
                while True:
                    ask = script.send(_answered(place, ask, counts))
            except StopIteration as end:
                buyers.insist_paid([end.value])
    return counts


def _answered(place: Place, ask: Ask, counts: dict[str, int]) -> Answer:
    """Send a request for the shop through the test client, and count its SQL statements."""
    if ask.port != place.shop.port:
        return ask_once(ask)
    client = Client(HTTP_HOST=HOST, HTTP_SEC_FETCH_SITE="same-origin", enforce_csrf_checks=True)
    client.cookies.load(dict(ask.cookies))
    with CaptureQueriesContext(connection) as queries:
        response = client.generic(
            ask.method, ask.path, ask.form or b"", "application/x-www-form-urlencoded"
        )
    counts[ask.step] = len(queries)
    return Answer(
        status=response.status_code,
        body=response.content,
        location=response.headers.get("Location", ""),
        cookies={name: each.value for name, each in response.cookies.items()},
    )
