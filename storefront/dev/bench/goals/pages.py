"""Page goals: define verdicts and goal codes, judge pages, search and bulkheads.

Each figure is a ratio to a limit that is measured in the same run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.dev.bench.harness.compare import Result
from storefront.dev.bench.scenarios.search import ListTime

# How many times faster the limit was than the peer's page (django-oscar 4.2.1 on the same
# server, 10,000 products), in requests per second; the lower end of what was measured.
LIST_LIMIT_OVER_PEER = 72
ROW_LIMIT_OVER_PEER = 18

ALL = frozenset({
    "E1", "E2", "F1", "F2", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11",
    "P12", "P13", "P15", "R1", "R2",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One row of a goal: the result, its limit, and the required ratio.

    Shape: ``limit`` was measured in the same run; None if the figure itself is judged.
    """

    id: str
    what: str
    value: float
    limit: float | None
    goal: str
    ok: bool

    @property
    def ratio(self) -> float:
        return self.value if self.limit is None else self.value / self.limit

    @property
    def words(self) -> str:
        mark = "" if self.goal == "told" else "met" if self.ok else "MISSED"
        return f"{self.id:<4} {self.what:<52} {self.ratio:8.2f}  {self.goal:<10} {mark}"


def told(code: str, what: str, value: float, limit: float | None = None) -> Verdict:
    """Format a figure without a goal, beside its limit if it has one."""
    return Verdict(id=code, what=what, value=value, limit=limit, goal="told", ok=True)


def at_most(
    code: str, what: str, value: float, limit: float | None = None, *, most: float
) -> Verdict:
    is_met = (value if limit is None else value / limit) <= most
    return Verdict(id=code, what=what, value=value, limit=limit, goal=f"<= {most:g}", ok=is_met)


def at_least(
    code: str, what: str, value: float, limit: float | None = None, *, least: float
) -> Verdict:
    is_met = (value if limit is None else value / limit) >= least
    return Verdict(id=code, what=what, value=value, limit=limit, goal=f">= {least:g}", ok=is_met)


def judge_planning(p95_ms: float) -> list[Verdict]:
    return [at_most("E2", "ten lines at 50 suppliers planned, p95 ms", p95_ms, most=10)]


def judge_calls(p99_ms: float) -> list[Verdict]:
    return [at_most("P15", "inbound webhook, 50 a second, acknowledged, p99 ms", p99_ms, most=50)]


def judge_list(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer, page = limit.per_second / LIST_LIMIT_OVER_PEER, "category page"
    return [
        at_least("P1", f"{page}, requests, times the peer's", ours.per_second, peer, least=60),
        at_most("P1", f"{page}, CPU, times one-query list", ours.cpu_ms, limit.cpu_ms, most=2),
        at_most("P1", f"{page}, SQL statements", sql, most=4),
    ]


def judge_cached(ours: Result, limit: Result) -> list[Verdict]:
    what = "cached category page, requests, times Redis body"
    return [at_least("P2", what, ours.per_second, limit.per_second, least=0.8)]


def judge_product(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer, page = limit.per_second / ROW_LIMIT_OVER_PEER, "product page"
    return [
        at_least("P3", f"{page}, requests, times the peer's", ours.per_second, peer, least=12),
        at_most("P3", f"{page}, CPU, times one-row view", ours.cpu_ms, limit.cpu_ms, most=2.5),
        at_most("P3", f"{page}, SQL statements", sql, most=4),
    ]


def judge_kept_product(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer, page = limit.per_second / ROW_LIMIT_OVER_PEER, "cached product page"
    return [
        at_least("P3", f"{page}, requests, times the peer's", ours.per_second, peer, least=40),
        at_most("P3", f"{page}, SQL statements", sql, most=0),
    ]


def judge_search(found: Sequence[ListTime]) -> list[Verdict]:
    return [
        at_most(
            "P4",
            f"list of 100,000, {each.query}, {each.hits:,} found: p95, ms",
            each.p95_ms,
            most=10,
        )
        for each in found
    ]


def judge_growth(few: dict[str, Result], many: dict[str, Result]) -> list[Verdict]:
    what = "{}, CPU at 100,000 products, times at 1,000"
    return [
        at_most("P13", what.format(name), many[name].cpu_ms, few[name].cpu_ms, most=1.1)
        for name in few
    ]


def judge_bulkheads(
    alone: tuple[float, float], one_hangs: tuple[float, float], no_lanes: tuple[float, float]
) -> list[Verdict]:
    """Compare the work of one supplier: (p95 of its orders, its syncs), in seconds."""
    names = ("orders, p95", "syncs")
    return [
        at_most("R1", f"{name} while another hangs, times without", hung, base, most=1.2)
        for name, base, hung in zip(names, alone, one_hangs, strict=True)
    ] + [
        at_least("R1", f"{name}, the same without bulkheads", hung, base, least=2)
        for name, base, hung in zip(names, alone, no_lanes, strict=True)
    ]
