"""Load results: hold the response times of a measurement, compute its rate and percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
PIECE = 262_144


class BadAnswerError(RuntimeError):
    """The server answered with an unexpected status, or closed the connection early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The seconds of each response, and the ``seconds`` of the whole measurement."""

    seconds: float
    latencies_s: Sequence[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies_s) / self.seconds

    def percentile_ms(self, rate: float) -> float:
        ranked = sorted(self.latencies_s)
        return ranked[min(len(ranked) - 1, int(len(ranked) * rate))] * 1000
