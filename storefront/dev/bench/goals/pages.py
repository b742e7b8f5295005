"""Page goals: define verdicts and goal codes, judge pages, search and bulkheads.

Most figures are divided by a limit: the same figure of a bare view, measured in the same run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from storefront.dev.bench.harness.compare import Result
from storefront.dev.bench.harness.resources import Load
from storefront.dev.bench.scenarios.lists.merchant_api import ReadTime
from storefront.dev.bench.scenarios.lists.staff_lists import FIGURES, START_PAGE, PageTime
from storefront.dev.bench.scenarios.messaging.emails import Sent
from storefront.dev.bench.scenarios.messaging.public_events import MANY_RECEIVERS, Delivered
from storefront.dev.bench.scenarios.search import ListTime
from storefront.dev.bench.scenarios.search_quality import SHOWN, Judged, mean_ndcg
from storefront.dev.bench.scenarios.webhooks import Calls

# Requests per second of the bare view, divided by those of the same page of django-oscar 4.2.1 on
# the same server with 10,000 products; the lowest ratio that was measured.
LIST_LIMIT_OVER_PEER = 72
ROW_LIMIT_OVER_PEER = 18

CATEGORY, PRODUCT, SEARCHED = "category page", "product page", "list by words, filters and sorts"
# The CPU of each page with 100,000 products, divided by its CPU with 1,000, is at most this.
MOST_GROWN = {CATEGORY: 1.1, PRODUCT: 1.1, SEARCHED: 1.3}
# A wall-clock figure is unreliable if other work took more than this share of the machine while it
# was measured.
MOST_DISTURBED = 0.10
NO_GOAL = "no goal"

# The codes of the goals that a run measures unless it names some, as in `make bench ONLY=P1,R1`.
ALL = frozenset({
    "E1", "E2", "F1", "F2", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11",
    "P12", "P13", "P14", "P15", "P16", "P17", "P18", "P19", "P20", "R1", "R2",
})  # fmt: skip
# Measured only if named, because it takes minutes.
ON_REQUEST = frozenset({"E3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One figure of a goal, and whether it meets the goal.

    Shape: ``value`` is divided by ``limit``; if that is None, ``value`` itself is judged.
    ``goal`` is text, such as "<= 2". ``is_by_clock``: the figure is wall-clock time, which other
    work on the machine changes. ``disturbed`` is the share of the machine that such work took.
    """

    id: str
    what: str
    value: float
    limit: float | None
    goal: str
    ok: bool
    is_by_clock: bool = False
    made_at: datetime = field(default_factory=timezone.now)
    disturbed: float = 0.0

    @property
    def is_reliable(self) -> bool:
        return not self.is_by_clock or self.disturbed <= MOST_DISTURBED

    @property
    def ratio(self) -> float:
        return self.value if self.limit is None else self.value / self.limit

    @property
    def words(self) -> str:
        mark = "" if self.goal == NO_GOAL else "met" if self.ok else "MISSED"
        doubt = "" if self.is_reliable else f" unreliable, {self.disturbed:.0%} used by others"
        return f"{self.id:<4} {self.what:<60} {self.ratio:8.2f}  {self.goal:<10} {mark}{doubt}"


def by_clock(verdict: Verdict) -> Verdict:
    """Mark a figure as wall-clock time, which other work changes, unlike CPU time and counts."""
    return replace(verdict, is_by_clock=True)


def marked_if_busy(load: Load, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Store in each verdict the share of the machine that other work took during its measurement."""
    return [replace(each, disturbed=load.disturbance) for each in verdicts]


def reported(code: str, what: str, value: float, limit: float | None = None) -> Verdict:
    """Return a figure without a goal: it is printed, divided by its limit if any, and not judged."""
    return Verdict(id=code, what=what, value=value, limit=limit, goal=NO_GOAL, ok=True)


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
    return [by_clock(at_most("E2", "ten lines at 50 suppliers planned, p95 ms", p95_ms, most=10))]


def judge_calls(found: Calls, bare: Calls) -> list[Verdict]:
    what = "inbound webhook, 50 a second"
    p99_ms = found.timing.percentile_ms(0.99)
    return [
        by_clock(at_most("P15", f"{what}: acknowledged, p99 ms", p99_ms, most=50)),
        reported("P15", f"{what}: CPU, ratio to bare INSERT", found.cpu_ms, bare.cpu_ms),
    ]


def judge_messages(found: Sent) -> list[Verdict]:
    what = "e-mails of events, one worker"
    per_second, bare = found.per_second, found.bare_per_second
    return [
        by_clock(reported("P18", f"{what}: a second", per_second)),
        by_clock(reported("P18", f"{what}: a second, ratio to bare SMTP", per_second, bare)),
        reported("P18", f"{what}: per CPU second", found.per_cpu_s),
    ]


def judge_events(found: Delivered) -> list[Verdict]:
    rates = {"one receiver": found.to_one, f"{MANY_RECEIVERS} receivers": found.to_many}
    verdicts: list[Verdict] = []
    for whom, rate in rates.items():
        what, bare = f"events delivered to {whom}", found.bare
        verdicts += [
            by_clock(reported("P19", f"{what}: a second", rate.per_second)),
            by_clock(
                reported("P19", f"{what}: ratio to bare HTTP", rate.per_second, bare.per_second)
            ),
            reported("P19", f"{what}: ratio by CPU", rate.per_cpu_s, bare.per_cpu_s),
        ]
    return verdicts


def judge_processes(
    web_mb: float, beat_mb: float, child_mb: float, setup_s: float
) -> list[Verdict]:
    return [
        at_most("P14", "web worker: MB (PSS)", web_mb, most=80),
        at_most("P14", "beat: MB (PSS)", beat_mb, most=60),
        at_most("P14", "Celery child: MB (PSS)", child_mb, most=40),
        at_most("P14", "django.setup() in a web worker: CPU seconds", setup_s, most=0.6),
    ]


def judge_list(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer_rate, page = limit.per_second / LIST_LIMIT_OVER_PEER, "category page"
    requests = at_least(
        "P1", f"{page}: requests, ratio to peer", ours.per_second, peer_rate, least=60
    )
    return [
        by_clock(requests),
        at_most("P1", f"{page}: CPU, ratio to one-query list", ours.cpu_ms, limit.cpu_ms, most=2),
        at_most("P1", f"{page}: SQL statements", sql, most=4),
    ]


def judge_cached(ours: Result, limit: Result) -> list[Verdict]:
    what = "cached category page: {}, ratio to body from Redis".format
    requests = at_least("P2", what("requests"), ours.per_second, limit.per_second, least=0.8)
    return [by_clock(requests), reported("P2", what("CPU"), ours.cpu_ms, limit.cpu_ms)]


def judge_product(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer_rate, page = limit.per_second / ROW_LIMIT_OVER_PEER, "product page"
    requests = at_least(
        "P3", f"{page}: requests, ratio to peer", ours.per_second, peer_rate, least=12
    )
    return [
        by_clock(requests),
        at_most("P3", f"{page}: CPU, ratio to one-row view", ours.cpu_ms, limit.cpu_ms, most=2.5),
        at_most("P3", f"{page}: SQL statements", sql, most=4),
    ]


def judge_kept_product(ours: Result, limit: Result, *, sql: int) -> list[Verdict]:
    peer_rate, page = limit.per_second / ROW_LIMIT_OVER_PEER, "cached product page"
    requests = at_least(
        "P3", f"{page}: requests, ratio to peer", ours.per_second, peer_rate, least=40
    )
    return [
        by_clock(requests),
        reported("P3", f"{page}: CPU, ratio to one-row view", ours.cpu_ms, limit.cpu_ms),
        at_most("P3", f"{page}: SQL statements", sql, most=0),
    ]


def judge_search(found: Sequence[ListTime]) -> list[Verdict]:
    what = "list of 100,000, {each.query}, {each.hits:,} found: p95, ms".format
    return [by_clock(at_most("P4", what(each=each), each.p95_ms, most=10)) for each in found]


def judge_relevance(judged: Sequence[Judged]) -> list[Verdict]:
    what, empty = f"{len(judged)} judged searches", sum(not each.total for each in judged)
    return [
        at_least("P16", f"{what}: NDCG@{SHOWN}", mean_ndcg(judged), least=0.9),
        at_most("P16", f"{what}: without results", empty, most=0),
    ]


def judge_staff_lists(found: Sequence[PageTime]) -> list[Verdict]:
    """Judge the slowest path and the statements of each list of staff, and of the global search."""
    verdicts = []
    for page in dict.fromkeys(each.page for each in found):
        times = [each for each in found if each.page == page]
        slowest = max(times, key=lambda each: each.p95_ms)
        what = f"{page} at 100,000 products"
        most_ms = 150 if page == START_PAGE else 300
        most_sql = 16 if page == FIGURES else 12
        verdicts += [
            by_clock(
                at_most("P17", f"{what}: p95 of the slowest, ms", slowest.p95_ms, most=most_ms)
            ),
            at_most("P17", f"{what}: SQL", max(each.statements for each in times), most=most_sql),
        ]
    return verdicts


def judge_merchant_api(found: Sequence[ReadTime]) -> list[Verdict]:
    verdicts = []
    for each in found:
        what = f"API: {each.what}"
        verdicts += [
            by_clock(at_most("P20", f"{what}: p95, ms", each.p95_ms, most=300)),
            reported("P20", f"{what}: CPU, ms", each.cpu_ms),
        ]
    return verdicts


def judge_growth(
    few: Mapping[str, Result], many: Mapping[str, Result], *, limit: Result
) -> list[Verdict]:
    """Compare the CPU of pages with 100,000 products and with 1,000; report that of search."""
    what = "{}: CPU at 100,000 products, ratio to 1,000".format
    searched, bare_ms = many[SEARCHED].cpu_ms, limit.cpu_ms
    return [
        reported("P4", f"{SEARCHED}: CPU, ratio to one-query list", searched, bare_ms),
        *(
            at_most("P13", what(name), many[name].cpu_ms, few[name].cpu_ms, most=most)
            for name, most in MOST_GROWN.items()
        ),
    ]


def judge_bulkheads(
    alone: tuple[float, float], one_hangs: tuple[float, float], no_lanes: tuple[float, float]
) -> list[Verdict]:
    """Compare how long the work of one supplier took: (p95 of its orders, its syncs), in seconds."""
    names = ("orders, p95", "syncs")
    verdicts = [
        at_most("R1", f"{name} while another hangs, ratio to alone", hung, base, most=1.2)
        for name, base, hung in zip(names, alone, one_hangs, strict=True)
    ] + [
        at_least(
            "R1", f"{name} while another hangs, no bulkheads, ratio to alone", hung, base, least=2
        )
        for name, base, hung in zip(names, alone, no_lanes, strict=True)
    ]
    return [by_clock(each) for each in verdicts]
