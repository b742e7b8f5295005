"""Resource counters: read processor seconds, memory, WAL bytes and rows written.

They count the measured work alone, whatever else runs on the machine.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from storefront.dev.bench.harness.servers import TICKS_PER_SECOND, ticks

COUNTED = (
    "suppliers_supplieroffer", "suppliers_stocklevel", "suppliers_stockmovement",
    "suppliers_costchange", "suppliers_syncissue",
)  # fmt: skip


def memory_mb(name: str) -> float:
    """Return the current or peak memory of this process; other counters start with its parent's."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(told[name].split()[0]) / 1024


def number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def server_s() -> float:
    """Return the processor seconds of this session's server process; 0 if it runs elsewhere."""
    return ticks(number("SELECT pg_backend_pid()")) / TICKS_PER_SECOND


def wal_bytes() -> int:
    return number("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")


def written() -> int:
    """Count all rows ever written; a session reports its own when it ends, or on request."""
    number("SELECT count(*) FROM (SELECT pg_stat_force_next_flush()) told")
    number("SELECT count(*) FROM (SELECT pg_stat_clear_snapshot()) told")
    names = ", ".join(f"'{name}'" for name in COUNTED)
    return number(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"  # noqa: S608
        f" WHERE relname IN ({names})"  # constants of this package
    )


INSIDE = """
import sys, django, msgspec
django.setup()
from importlib import import_module
found = getattr(import_module(sys.argv[1]), sys.argv[2])(*sys.argv[3:])
print(msgspec.json.encode(found).decode())
"""


def in_own_process(measure: Callable[..., object], *words: str) -> bytes:
    """Call a function of a module in a process of its own; return its result as JSON."""
    inside = [sys.executable, "-c", INSIDE, measure.__module__, measure.__name__, *words]
    told = subprocess.run(inside, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
    return told.stdout.splitlines()[-1]
