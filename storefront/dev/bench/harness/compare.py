"""Comparison: measure a page and its bare counterpart in turn, so that other load affects both."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from storefront.dev.bench.harness.load import Timing
from storefront.dev.bench.harness.scripted_load import hammer
from storefront.dev.bench.harness.servers import Cpu, Server

ROUNDS = 3
ROUND_S = 1.0
WARM_UP_S = 0.5
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
    web_ms: float  # CPU of the web server, per response
    sql_ms: float  # CPU of its database sessions, per response

    @property
    def cpu_ms(self) -> float:
        return self.web_ms + self.sql_ms


def compare(subjects: Sequence[Subject], *, connections: int = CONNECTIONS) -> dict[str, Result]:
    """Measure every subject in every round, in turn; return the results by name."""
    rounds: dict[str, list[tuple[Timing, Cpu]]] = {subject.name: [] for subject in subjects}
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
            web_ms=median(_each_ms(cpu.web_s, timing) for timing, cpu in measured),
            sql_ms=median(_each_ms(cpu.sql_s, timing) for timing, cpu in measured),
        )
        for name, measured in rounds.items()
    }


def _measure(subject: Subject, *, connections: int, seconds: float) -> tuple[Timing, Cpu]:
    before = subject.server.cpu()
    timing = hammer(
        port=subject.server.port, paths=subject.paths, connections=connections, seconds=seconds
    )
    return timing, subject.server.cpu().since(before)


def _each_ms(seconds: float, timing: Timing) -> float:
    return seconds * 1000 / len(timing.latencies_s)
