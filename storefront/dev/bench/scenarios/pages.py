"""Page scenario: compare pages with minimal Django views, with few and with many products."""

import io
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
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
from storefront.dev.bench.harness.servers import Server, serving
from storefront.dev.bench.scenarios import search
from storefront.dev.runtime.ports import free_port
from suppliers.models import Connection, SyncRun

SUPPLIER = "cj-sandbox"
CATEGORY = "headlamps"
FEW, MANY = 1_000, 100_000
LIST_PAGES = 5
PRODUCT_SAMPLES = 200
FIRST_PORT = 18_100


def measure(
    report: dict[str, Any], say: Callable[[str], None], *, now: datetime, wanted: Collection[str]
) -> list[Verdict]:
    """Sync, serve, measure, grow, measure again: the steps that ``wanted`` needs."""
    verdicts: list[Verdict] = []
    report["sync"] = sync_figures(say)
    catalog_size.tidy()
    keep_body(list_paths()[0])
    with servers() as (bare, plain, cached):
        if pages.OF_PAGES & set(wanted):
            verdicts += _judge_pages(report, say, bare=bare, plain=plain, cached=cached)
        if (pages.OF_SEARCH | pages.OF_GROWTH) & set(wanted):
            verdicts += _judge_growth(report, say, plain=plain, now=now, wanted=wanted)
    return verdicts


def _judge_pages(
    report: dict[str, Any],
    say: Callable[[str], None],
    *,
    bare: Server,
    plain: Server,
    cached: Server,
) -> list[Verdict]:
    a_list, a_product = list_paths()[0], product_paths()[0]
    sql = {
        "list": sql_of(a_list),
        "product": sql_of(a_product),
        "product, cached": sql_of(a_product, kept_s=600),
    }
    say(f"Pages with {catalog_size.count_cards()} products")
    results = compare(
        [
            Subject(name="one-query list", server=bare, paths=[f"/list/?category={CATEGORY}"]),
            Subject(name="category page", server=plain, paths=list_paths()),
            Subject(name="one-row view", server=bare, paths=_row_paths()),
            Subject(name="product page", server=plain, paths=product_paths()),
            Subject(name="body from Redis", server=bare, paths=["/body/"]),
            Subject(name="category page, cached", server=cached, paths=list_paths()),
            Subject(name="product page, cached", server=cached, paths=product_paths()),
        ]
    )
    report["pages"] = [_figures(result) for result in results]
    report["sql"] = sql
    found = {result.name: result for result in results}
    return [
        *pages.judge_list(found["category page"], found["one-query list"], sql=sql["list"]),
        *pages.judge_cached(found["category page, cached"], found["body from Redis"]),
        *pages.judge_product(found["product page"], found["one-row view"], sql=sql["product"]),
        *pages.judge_kept_product(
            found["product page, cached"], found["one-row view"], sql=sql["product, cached"]
        ),
    ]


def _judge_growth(
    report: dict[str, Any],
    say: Callable[[str], None],
    *,
    plain: Server,
    now: datetime,
    wanted: Collection[str],
) -> list[Verdict]:
    say(f"Growing to {MANY} products")
    catalog_size.grow(to=MANY)
    catalog_size.tidy()
    verdicts: list[Verdict] = []
    if pages.OF_SEARCH & set(wanted):
        channel = Channel.objects.get()
        found = search.measure(channel=channel, now=now, stride=catalog_size.STRIDE, say=say)
        report["search_100k"] = [msgspec.to_builtins(each) for each in found]
        verdicts += pages.judge_search(found)
    if pages.OF_GROWTH & set(wanted):
        many = _both_pages(plain)
        report["pages_100k"] = [_figures(result) for result in many.values()]
        catalog_size.shrink(to=FEW)
        verdicts += pages.judge_growth(_both_pages(plain), many)
    return verdicts


def sync_figures(say: Callable[[str], None]) -> dict[str, Any]:
    """Sync everything twice from the sandbox, and return rows per second."""
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
def servers() -> Iterator[tuple[Server, Server, Server]]:
    """Serve the bare Django, the shop without its page cache, and the shop with it."""
    shop = "storefront.wsgi:application"
    plays: list[tuple[str, str, Mapping[str, str]]] = [
        ("bare", "storefront.dev.bench.harness.bare.wsgi:application", {}),
        ("plain", shop, {"PAGE_CACHE_S": "0", "LOG_LEVEL": "WARNING"}),
        ("cached", shop, {"PAGE_CACHE_S": "600", "LOG_LEVEL": "WARNING"}),
    ]
    logs = Path(settings.VAR_DIR) / "log"
    with ExitStack() as stack:
        started: list[Server] = []
        for name, application, env in plays:
            port = free_port(FIRST_PORT)
            log = logs / f"bench-{name}.log"
            server = serving(name, application, port=port, env=env, log=log)
            started.append(stack.enter_context(server))
        bare, plain, cached = started
        yield bare, plain, cached


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


def _both_pages(server: Server) -> dict[str, Result]:
    results = compare(
        [
            Subject(name="category page", server=server, paths=list_paths()),
            Subject(name="product page", server=server, paths=product_paths()),
        ]
    )
    return {result.name: result for result in results}


def list_paths() -> list[str]:
    """Return the paths of some pages of one category."""
    return [
        f"/en/c/{CATEGORY}/",
        *(f"/en/c/{CATEGORY}/?page={n}" for n in range(2, LIST_PAGES + 1)),
    ]


def product_paths() -> list[str]:
    return [f"/en/p/{slug}/" for slug in _slugs()]


def _row_paths() -> list[str]:
    return [f"/row/{slug}/" for slug in _slugs()]


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
        "cpu_ms": round(result.cpu_ms, 3),
    }
