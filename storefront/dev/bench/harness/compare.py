"""Comparison: measure a page and its bare counterpart in turn.

So outside load affects both equally.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from storefront.dev.bench.harness.load import Timing
from storefront.dev.bench.harness.scripted_load import hammer
from storefront.dev.bench.harness.servers import Server

ROUNDS = 3
ROUND_S = 3.0
WARM_UP_S = 1.0
CONNECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A page of a server, or several that are requested in turn."""

    name: str
    server: Server
    paths: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Medians over the rounds of one subject."""

    name: str
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float  # of the web server, per response


def compare(subjects: Sequence[Subject], *, connections: int = CONNECTIONS) -> dict[str, Result]:
    """Measure every subject in every round, in turn; return the results by name."""
    rounds: dict[str, list[tuple[Timing, float]]] = {subject.name: [] for subject in subjects}
    for subject in subjects:
        _measure(subject, connections=connections, seconds=WARM_UP_S)
    for _ in range(ROUNDS):
        for subject in subjects:
            measured = _measure(subject, connections=connections, seconds=ROUND_S)
            rounds[subject.name].append(measured)
    return {
        name: Result(
            name=name,
            per_second=median(timing.per_second for timing, _ in measured),
            p50_ms=median(timing.percentile_ms(0.50) for timing, _ in measured),
            p95_ms=median(timing.percentile_ms(0.95) for timing, _ in measured),
            cpu_ms=median(cpu_ms for _, cpu_ms in measured),
        )
        for name, measured in rounds.items()
    }


def _measure(subject: Subject, *, connections: int, seconds: float) -> tuple[Timing, float]:
    before_s = subject.server.cpu_s()
    timing = hammer(
        port=subject.server.port, paths=subject.paths, connections=connections, seconds=seconds
    )
    spent_s = subject.server.cpu_s() - before_s
    return timing, spent_s * 1000 / len(timing.latencies_s)
