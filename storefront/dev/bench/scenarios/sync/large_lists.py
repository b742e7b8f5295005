"""Large list scenario: measure a first import, an unchanged list, and one with few changes.

Each run reads a file in a separate process, as a worker does; the memory of that process is
reported. The limit of the first import is to copy and merge the same rows, already decoded, into
the same tables by the fewest statements that suffice.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from django.db import connection
from django.utils import timezone

from storefront.dev.bench.harness.feed_files import COLUMNS, rows
from storefront.dev.bench.harness.resources import (
    in_own_process,
    memory_mb,
    server_s,
    wal_bytes,
    written,
)
from storefront.dev.bench.harness.suppliers import uploading
from suppliers.models import Supplier
from suppliers.sync.runner import run_sync

CODE, RAW_CODE = "bulk-bench", "bulk-raw"
KINDS = ("prices", "stock")
CHANGED_SHARE = 0.01
# Name of the list; one row in this many is changed (0: none); last byte of the file. The last byte
# differs, so that an unchanged list is read again.
LISTS = (("first", 0, ""), ("unchanged", 0, " "), ("1 % changed", round(1 / CHANGED_SHARE), ""))
FIELDS = {
    "sku": "SKU", "gtin": "EAN", "title": "Name", "brand": "Brand", "cost": "Price",
    "stock": "Stock",
}  # fmt: skip
RAW = (
    (
        "CREATE TEMPORARY TABLE raw_rows"
        " (sku text, gtin text, title text, brand text, amount numeric(12,2), quantity int)"
    ),
    "COPY raw_rows FROM STDIN",
    (
        "INSERT INTO suppliers_supplieroffer (supplier_id, supplier_sku, product_external_id, title,"
        " cost_amount, currency, min_order_units, pack_size, status, missing_certificates, seen_at,"
        " cost_reported_at) SELECT {supplier}, sku, sku, title, amount, 'EUR', 1, 1, 'on_hold', '', now(),"
        " now() FROM raw_rows ON CONFLICT (supplier_id, supplier_sku) DO UPDATE"
        " SET cost_amount = excluded.cost_amount"
    ),
    (
        "INSERT INTO suppliers_stocklocation (supplier_id, code, country, name)"
        " VALUES ({supplier}, 'main', 'DE', '')"
    ),
    (
        "INSERT INTO suppliers_stocklevel (offer_id, location_id, reported_quantity, safety_stock,"
        " reserved, allocated_outstanding, as_of, is_unconfirmed, received_at) SELECT o.id, p.id, r.quantity,"
        " 0, 0, 0, now(), false, now() FROM raw_rows r JOIN suppliers_supplieroffer o"
        " ON o.supplier_id = {supplier} AND o.supplier_sku = r.sku"
        " JOIN suppliers_stocklocation p ON p.supplier_id = {supplier}"
        " ON CONFLICT (offer_id, location_id) DO UPDATE"
        " SET reported_quantity = excluded.reported_quantity"
    ),
    (
        "INSERT INTO suppliers_stockmovement (level_id, kind, reported_delta, reserved_delta,"
        " allocated_delta, cause, at) SELECT l.id, 'reported', l.reported_quantity, 0, 0, 'raw',"
        " now() FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id"
        " WHERE o.supplier_id = {supplier} AND l.reported_quantity <> 0"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sync run. ``peak_mb`` is its memory above that of an idle worker."""

    status: str
    problem: str
    read: int
    seconds: float
    cpu_s: float
    peak_mb: float
    server_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The price run and the stock run of one file, together.

    ``cpu_s`` is the CPU time of the worker, ``server_s`` that of its database session. Other load
    on the machine changes neither.
    """

    name: str
    rows: int
    seconds: float
    cpu_s: float
    peak_mb: float
    server_s: float
    written: int
    wal_mb: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds

    @property
    def words(self) -> str:
        return (
            f"{self.name:<14} {self.rows:>9,} offers {self.seconds:7.2f} s"
            f" {self.per_second:>9,.0f}/s, CPU {self.cpu_s:5.2f} s + server"
            f" {self.server_s:6.2f} s, +{self.peak_mb:5.1f} MB,"
            f" {self.written:>9,} rows written, {self.wal_mb:8.2f} MB WAL"
        )


class RunFailedError(RuntimeError):
    """A measured run did not end as expected."""


def measure(count: int, *, say: Callable[[str], None]) -> list[Sync]:
    """Measure a list of this size: its limit, all new, unchanged, and 1 % of rows changed."""
    found = []
    with list_of(count) as rewrite:
        # Warm up the server, so that the first measurement does not pay for it.
        found.append(_limit(count))
        _empty()
        say(found[-1].words)
        for name, every, byte in LISTS:
            rewrite(every, byte)
            found.append(_sync(name, count))
            _tidy()
            say(found[-1].words)
    return found


@contextmanager
def list_of(count: int) -> Iterator[Callable[..., None]]:
    """Connect a supplier with a list of this many offers; yield the function that rewrites it.

    At the end, the offers and stock of all suppliers are deleted.
    """
    fields = {name: {"column": column} for name, column in FIELDS.items()}
    (_, path), _ = (uploading(each, {"fields": fields}) for each in (CODE, RAW_CODE))
    try:
        yield lambda every, byte="": write(path, count, every=every, last=byte)
    finally:
        path.unlink(missing_ok=True)
        _empty()


def write(path: Path, count: int, *, every: int, last: str) -> None:
    """Write a list; one row in ``every`` has another price and other units."""
    with path.open("w") as file:
        file.write(",".join(COLUMNS[:7]) + "\n")
        for number, row in enumerate(rows(count)):
            sku, gtin, title, brand, category, price, stock = row[:7]
            if every and number % every == 0:
                price, stock = f"{float(price) + 1:.2f}", str(int(stock) + 1)
            file.write(f"{sku},{gtin},{title},{brand},{category},{price},{stock}\n")
        file.write(last)


def _limit(count: int) -> Sync:
    supplier = Supplier.objects.get(code=RAW_CODE).pk
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with path.open("w") as file:
            file.writelines(_raw_lines(count))
        wal_before, rows_before = wal_bytes(), written()
        began, cpu_began, server_began = time.perf_counter(), time.process_time(), server_s()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            for sql in RAW:
                if sql.startswith("COPY"):
                    with cursor.copy(sql) as copy, path.open() as file:
                        while piece := file.read(1 << 20):
                            copy.write(piece)
                    cursor.execute("ANALYZE raw_rows")
                else:
                    cursor.execute(sql.format(supplier=supplier))
            seconds = time.perf_counter() - began
            cpu_s, of_server_s = time.process_time() - cpu_began, server_s() - server_began
            cursor.execute("DROP TABLE raw_rows")
            cursor.execute("RESET statement_timeout")
    return Sync(
        name="COPY + merge",
        rows=count,
        seconds=seconds,
        cpu_s=cpu_s,
        peak_mb=0,
        server_s=of_server_s,
        written=written() - rows_before,
        wal_mb=(wal_bytes() - wal_before) / 1e6,
    )


def _raw_lines(count: int) -> Iterator[str]:
    for sku, gtin, title, brand, _, price, stock, *_ in rows(count):
        yield f"{sku}\t{gtin}\t{title}\t{brand}\t{price}\t{stock}\n"


def _sync(name: str, count: int) -> Sync:
    wal_before, rows_before = wal_bytes(), written()
    jobs = [do(kind) for kind in KINDS]
    for job in jobs:
        if job.status != "applied" or job.read != count:
            raise RunFailedError(f"{name}: {job}")
    return Sync(
        name=name,
        rows=count,
        seconds=sum(job.seconds for job in jobs),
        cpu_s=sum(job.cpu_s for job in jobs),
        peak_mb=max(job.peak_mb for job in jobs),
        server_s=sum(job.server_s for job in jobs),
        written=written() - rows_before,
        wal_mb=(wal_bytes() - wal_before) / 1e6,
    )


def do(kind: str) -> Job:
    """Execute a sync run in a separate process and return its measurements."""
    return msgspec.json.decode(in_own_process(_inside, kind), type=Job)


def _inside(kind: str) -> Job:
    supplier = Supplier.objects.select_related("connection").get(code=CODE)
    idle_mb = memory_mb("VmRSS")
    began, cpu_began, server_began = time.perf_counter(), time.process_time(), server_s()
    run = run_sync(supplier=supplier, kind=kind, now=timezone.now())
    return Job(
        status=run.status,
        problem=run.problem,
        read=run.read,
        seconds=time.perf_counter() - began,
        cpu_s=time.process_time() - cpu_began,
        peak_mb=memory_mb("VmHWM") - idle_mb,
        server_s=server_s() - server_began,
    )


def _tidy() -> None:
    """Do the work of autovacuum after a large load, so that the next run does not include it."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE suppliers_supplieroffer, suppliers_stocklevel")
        cursor.execute("VACUUM ANALYZE suppliers_stockmovement, suppliers_costchange")
        cursor.execute("CHECKPOINT")
        cursor.execute("RESET statement_timeout")


def _empty() -> None:
    """Delete the offers and stock of all suppliers: each list starts with empty tables."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE suppliers_supplieroffer, suppliers_stocklocation CASCADE")
        cursor.execute("CHECKPOINT")
