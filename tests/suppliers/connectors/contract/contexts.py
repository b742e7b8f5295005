"""A line whose calls end soon, a budget without end, and tokens that outlive a test."""

from __future__ import annotations

from dataclasses import dataclass

from suppliers.connectors.context import Line
from tests.factories.connector_contexts import MemoryBudget
from tests.suppliers.connectors.contract.cases import TOTAL_S


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLine(Line):
    """A line whose calls end soon, whatever the connector allows them."""

    def api(self, **limits):
        return Line.api(self, **(limits | {"read_s": TOTAL_S, "total_s": TOTAL_S}))


class RoomyBudget(MemoryBudget):
    """Counts, and refuses nothing: what a budget forbids has a test of its own."""

    def spend(self, quota, *, points=1, **_):
        self.used[quota.name] = self.used.get(quota.name, 0) + points


class TokensOfAStage:
    """What a sandbox lent, kept for all tests: nobody signs in anew for each."""

    def __init__(self):
        self.pair = {}

    def load(self):
        return dict(self.pair)

    def renewed(self, renew, *, refused):
        if self.pair.get("access") and self.pair["access"] != refused.get("access"):
            return dict(self.pair)
        self.pair = renew(dict(self.pair))
        return dict(self.pair)
