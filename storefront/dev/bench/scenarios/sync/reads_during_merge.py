"""Read scenario: time page reads while a large list merges, and while none does."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from storefront.dev.bench.harness.load import Timing
from storefront.dev.bench.harness.scripted_load import hammer
from storefront.dev.bench.harness.servers import Server, serving
from storefront.dev.bench.scenarios import pages
from storefront.dev.bench.scenarios.sync import large_lists
from storefront.dev.bench.scenarios.sync.large_lists import Job

# One customer at a time: several would wait for each other.
CONNECTIONS = 1
ROUND_S = 0.5
IDLE_ROUNDS = 5
MERGING = "while it merges"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Milliseconds of one page, and the number of responses."""

    page: str
    when: str
    answers: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float  # of the web server and its queries, per response

    @property
    def words(self) -> str:
        return (
            f"{self.page:<14} {self.when:<16} p50 {self.p50_ms:7.2f} ms,"
            f" p95 {self.p95_ms:7.2f} ms, CPU {self.cpu_ms:6.2f} ms of {self.answers:,} answers"
        )


def measure(count: int, *, say: Callable[[str], None]) -> list[Reading]:
    """Read list and product pages, uncached: twice, first alone and then during a merge.

    The first merge fills empty tables, the second changes one row in a hundred.
    """
    paths = {"list page": pages.list_paths(), "product page": pages.product_paths()}
    taken: dict[tuple[str, str], list[float]] = {}
    cpu_s: dict[tuple[str, str], float] = {}

    def read(server: Server, when: str) -> None:
        for name, some in paths.items():
            before = server.cpu()
            round_ = _hammer(server, some)
            taken.setdefault((name, when), []).extend(round_.latencies_s)
            spent_s = server.cpu().since(before).whole_s
            cpu_s[name, when] = cpu_s.get((name, when), 0) + spent_s

    with (
        serving("reading", env={"PAGE_CACHE_S": "0"}) as server,
        large_lists.list_of(count) as rewrite,
    ):
        for some in paths.values():
            _hammer(server, some)  # the warm-up does not count
        for every in (0, 100):
            rewrite(every)
            for _ in range(IDLE_ROUNDS):
                read(server, "alone")
            for job in _merging():
                read(server, MERGING)
                if job.done() and job.result().status != "applied":
                    raise large_lists.RunFailedError(str(job.result()))
    found = [
        _reading(page, when, spent, cpu_s[page, when])
        for (page, when), spent in sorted(taken.items())
    ]
    for each in found:
        say(each.words)
    return found


def _merging() -> Iterator[Future[Job]]:
    """Execute the sync runs of a list in turn; yield the current one until it ends."""
    with ThreadPoolExecutor(1) as worker:
        for kind in large_lists.KINDS:
            job = worker.submit(large_lists.do, kind)
            while not job.done():
                yield job
            job.result()


def _hammer(server: Server, paths: Sequence[str]) -> Timing:
    return hammer(port=server.port, paths=paths, connections=CONNECTIONS, seconds=ROUND_S)


def _reading(page: str, when: str, latencies_s: Sequence[float], cpu_s: float) -> Reading:
    timing = Timing(seconds=1, latencies_s=latencies_s)
    return Reading(
        page=page,
        when=when,
        answers=len(latencies_s),
        p50_ms=timing.percentile_ms(0.50),
        p95_ms=timing.percentile_ms(0.95),
        cpu_ms=cpu_s * 1000 / len(latencies_s),
    )
