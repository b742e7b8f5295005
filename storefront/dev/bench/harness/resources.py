"""Resource counters: read processor seconds, memory, WAL bytes and rows written.

They count only the measured processes; ``watch`` returns what the rest of the machine used.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import redis
from django.conf import settings
from django.db import connection

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
COUNTED = (
    "suppliers_supplieroffer", "suppliers_stocklevel", "suppliers_stockmovement",
    "suppliers_costchange", "suppliers_syncissue",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a step used.

    Shape: ``others`` and ``stolen`` are shares of the machine: used by other processes, and withheld
    by the host of a virtual machine.
    """

    seconds: float
    cpu_s: float
    others: float
    stolen: float

    @property
    def disturbance(self) -> float:
        return self.others + self.stolen

    @property
    def words(self) -> str:
        return (
            f"{self.seconds:.0f} s, {self.cpu_s:.0f} s of CPU; others used {self.others:.0%} of the"
            f" machine, {self.stolen:.0%} was stolen"
        )


class _Used(NamedTuple):
    """Seconds so far; ``busy``, ``stolen`` and ``total`` are sums over all processors."""

    clock: float
    ours: float
    busy: float
    stolen: float
    total: float


def watch() -> Callable[[], Load]:
    """Start to watch the machine; return the function that tells its load since then.

    Counted as ours: the bench command with its child processes, PostgreSQL and Redis. Work of other
    clients on these two servers counts as ours, too.
    """
    before = _used()

    def load() -> Load:
        clock, ours, busy, stolen, total = (
            now - then for now, then in zip(_used(), before, strict=True)
        )
        others = max(0.0, busy - ours)
        return Load(seconds=clock, cpu_s=ours, others=others / total, stolen=stolen / total)

    return load


def _used() -> _Used:
    postmaster = _stat(number("SELECT pg_backend_pid()"))[1]
    store = int(redis.Redis.from_url(settings.REDIS_URL).info("server")["process_id"])
    roots = (os.getppid(), int(postmaster), store)
    ours = sum(ticks(pid) for root in roots for pid in (root, *descendants(root)))
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, idle, waiting, irq, soft_irq, stolen = fields
    busy = user + nice + system + irq + soft_irq
    all_ticks = (ours, busy, stolen, busy + stolen + idle + waiting)
    return _Used(time.perf_counter(), *(each / TICKS_PER_SECOND for each in all_ticks))


def descendants(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    direct = [int(child) for child in text.split()]
    return direct + [grandchild for child in direct for grandchild in descendants(child)]


def ticks(pid: int) -> int:
    """Return user and system ticks of a process, and of its ended children."""
    return sum(int(each) for each in _stat(pid)[11:15])


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; zeros if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 15


def shared_mb(pid: int) -> float:
    """Return the memory of a process, with its share of memory that several use (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = dict(line.split(":", 1) for line in lines[1:])
    return int(sizes["Pss"].split()[0]) / 1024


def memory_mb(name: str) -> float:
    """Return VmRSS (current) or VmHWM (peak) of this process; ``getrusage`` starts at the parent's."""
    sizes = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(sizes[name].split()[0]) / 1024


def number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def server_s() -> float:
    """Return the processor seconds of this database session; 0 if its server is another machine."""
    return ticks(number("SELECT pg_backend_pid()")) / TICKS_PER_SECOND


def sessions_s(name: str) -> float:
    """Return the processor seconds of all database sessions with this application name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [name])
        return sum(ticks(pid) for (pid,) in cursor.fetchall()) / TICKS_PER_SECOND


def wal_bytes() -> int:
    return number("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")


def written() -> int:
    """Count all rows ever written to ``COUNTED``, once this session has reported its own."""
    number("SELECT count(*) FROM (SELECT pg_stat_force_next_flush()) flushed")
    number("SELECT count(*) FROM (SELECT pg_stat_clear_snapshot()) cleared")
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
    done = subprocess.run(inside, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
    return done.stdout.splitlines()[-1]
