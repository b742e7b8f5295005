"""Page scenario: compare pages with minimal Django views, with few and with many products."""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from catalog.models import Channel, ProductCard
from storefront.dev.bench.goals import pages
from storefront.dev.bench.goals.pages import Verdict
from storefront.dev.bench.harness import catalog_size, suppliers
from storefront.dev.bench.harness.bare import views
from storefront.dev.bench.harness.compare import Result, Subject, compare
from storefront.dev.bench.harness.figures import Figures
from storefront.dev.bench.harness.servers import BARE, Server, serving
from storefront.dev.bench.scenarios import search
from storefront.dev.bench.scenarios.lists import merchant_api, staff_lists
from suppliers.models import Connection, SyncRun

SUPPLIER = "cj-sandbox"
CATEGORY = "headlamps"
FEW, MANY = 1_000, 100_000
LIST_PAGES = 5
PRODUCT_SAMPLES = 200


def measure(figures: Figures) -> list[Verdict]:
    """Sync, serve, and compare the pages with bare views."""
    sync_once(figures)
    catalog_size.tidy()
    keep_body(list_paths()[0])
    with serving("cached", env={"PAGE_CACHE_S": "600"}) as cached, servers() as (bare, plain):
        return _judge_pages(figures, bare=bare, plain=plain, cached=cached)


def measure_growth(figures: Figures) -> list[Verdict]:
    """Measure lists and product pages of a large catalog, and of a small one."""
    sync_once(figures)
    with servers() as (bare, plain):
        return _judge_growth(figures, bare=bare, plain=plain)


def _judge_pages(figures: Figures, *, bare: Server, plain: Server, cached: Server) -> list[Verdict]:
    a_list, a_product = list_paths()[0], product_paths()[0]
    sql = figures.keep(
        "sql",
        {
            "list": sql_of(a_list),
            "product": sql_of(a_product),
            "product, cached": sql_of(a_product, kept_s=600),
        },
    )
    figures.say(f"Pages with {catalog_size.count_cards()} products")
    rows = [f"/row/{slug}/" for slug in _slugs()]
    found = compare(
        [
            _one_query_list(bare),
            Subject(name=pages.CATEGORY, server=plain, paths=list_paths()),
            Subject(name="one-row view", server=bare, paths=rows),
            Subject(name=pages.PRODUCT, server=plain, paths=product_paths()),
            Subject(name="body from Redis", server=bare, paths=["/body/"]),
            Subject(name="category page, cached", server=cached, paths=list_paths()),
            Subject(name="product page, cached", server=cached, paths=product_paths()),
        ]
    )
    figures.report["pages"] = [_figures(result) for result in found.values()]
    return [
        *pages.judge_list(found[pages.CATEGORY], found["one-query list"], sql=sql["list"]),
        *pages.judge_cached(found["category page, cached"], found["body from Redis"]),
        *pages.judge_product(found[pages.PRODUCT], found["one-row view"], sql=sql["product"]),
        *pages.judge_kept_product(
            found["product page, cached"], found["one-row view"], sql=sql["product, cached"]
        ),
    ]


def _judge_growth(figures: Figures, *, bare: Server, plain: Server) -> list[Verdict]:
    figures.say(f"Growing to {MANY} products")
    catalog_size.grow(to=MANY)
    verdicts: list[Verdict] = []
    stride = catalog_size.STRIDE
    if figures.needs("P4"):
        channel = Channel.objects.get(code="shop")
        found = search.measure(channel=channel, now=figures.now, stride=stride, say=figures.say)
        verdicts += pages.judge_search(figures.keep("search_100k", found))
    if figures.needs("P17", "P20"):
        with staff_lists.orders_filled():
            verdicts += _judge_lists_of_programs_and_staff(figures, plain)
    if not figures.needs("P4", "P13"):
        return verdicts
    searches = [f"/en/search/?{query.replace(' ', '+')}" for query in search.queries_below(stride)]
    subjects = [
        Subject(name=pages.CATEGORY, server=plain, paths=list_paths()),
        Subject(name=pages.PRODUCT, server=plain, paths=product_paths()),
        Subject(name=pages.SEARCHED, server=plain, paths=searches),
    ]
    many = compare([_one_query_list(bare), *subjects])
    figures.report["pages_100k"] = [_figures(result) for result in many.values()]
    catalog_size.shrink(catalog_size.CARDS, to=FEW)
    few = compare(subjects)
    figures.report["pages_1k"] = [_figures(result) for result in few.values()]
    return verdicts + pages.judge_growth(few, many, limit=many["one-query list"])


def _judge_lists_of_programs_and_staff(figures: Figures, plain: Server) -> list[Verdict]:
    verdicts: list[Verdict] = []
    if figures.needs("P17"):
        listed = staff_lists.measure(figures.say)
        verdicts += pages.judge_staff_lists(figures.keep("staff_lists", listed))
    if figures.needs("P20"):
        figures.say("Merchant API")
        read = merchant_api.measure(plain, now=figures.now, say=figures.say)
        verdicts += pages.judge_merchant_api(figures.keep("merchant_api", read))
    return verdicts


def _one_query_list(bare: Server) -> Subject:
    return Subject(name="one-query list", server=bare, paths=[f"/list/?category={CATEGORY}"])


def sync_once(figures: Figures) -> None:
    """Sync everything, unless an earlier step of the run did."""
    if "sync" not in figures.report:
        figures.report["sync"] = sync_figures(figures.say)


def sync_figures(say: Callable[[str], None]) -> dict[str, Any]:
    """Sync everything from the sandbox twice; return the rows per second of each sync."""
    figures: dict[str, Any] = {}
    wire = Connection.objects.get(supplier__code=SUPPLIER)
    wire.options = {**wire.options, **suppliers.UNMETERED}
    wire.save(update_fields=["options"])
    for name in ("first", "unchanged"):
        say(f"{name.capitalize()} sync")
        started = time.perf_counter()
        last = SyncRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        call_command("supplier", "sync", SUPPLIER, stdout=io.StringIO())
        seconds = time.perf_counter() - started
        runs = SyncRun.objects.filter(pk__gt=last)
        rows = sum(run.read for run in runs)
        written = sum(run.created + run.updated for run in runs)
        figures[name] = {
            "seconds": round(seconds, 2),
            "rows": rows,
            "rows_per_second": round(rows / seconds),
            "written": written,
        }
    return figures


@contextmanager
def servers() -> Iterator[tuple[Server, Server]]:
    """Serve the bare Django, and the shop without its page cache."""
    with serving("bare", BARE) as bare, serving("plain", env={"PAGE_CACHE_S": "0"}) as plain:
        yield bare, plain


def sql_of(path: str, *, kept_s: int = 0) -> int:
    """Count the statements of one page, after a first request warmed the process caches."""
    client = Client(HTTP_HOST="127.0.0.1")
    with override_settings(PAGE_CACHE_S=kept_s):
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
    return len(queries)


def keep_body(path: str) -> None:
    """Cache the body of a shop page under the key that the bare server reads."""
    with override_settings(PAGE_CACHE_S=0):
        page = Client(HTTP_HOST="127.0.0.1").get(path)
    cache.set(views.BODY_KEY, page.content, timeout=None)


def list_paths() -> list[str]:
    """Return the paths of some pages of one category."""
    return [
        f"/en/c/{CATEGORY}/",
        *(f"/en/c/{CATEGORY}/?page={n}" for n in range(2, LIST_PAGES + 1)),
    ]


def product_paths() -> list[str]:
    return [f"/en/p/{slug}/" for slug in _slugs()]


def _slugs() -> list[str]:
    """Select products from the whole catalog, the same ones for every catalog size."""
    cards = (
        ProductCard.objects.filter(product__lt=catalog_size.STRIDE)
        .order_by("pk")
        .values_list("slug", flat=True)
    )
    return list(cards[:PRODUCT_SAMPLES])


def _figures(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "per_second": round(result.per_second),
        "p50_ms": round(result.p50_ms, 2),
        "p95_ms": round(result.p95_ms, 2),
        "web_ms": round(result.web_ms, 3),
        "sql_ms": round(result.sql_ms, 3),
    }
