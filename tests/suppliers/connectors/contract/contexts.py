"""Contract contexts: short timeouts, an unlimited quota."""

from dataclasses import dataclass

from suppliers.connectors.context import ConnectorContext
from tests.factories.connector_contexts import MemoryBudget
from tests.suppliers.connectors.contract.cases import TOTAL_S


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickContext(ConnectorContext):
    """A context whose calls end soon, whatever limits the connector sets."""

    def api(self, **limits):
        return ConnectorContext.api(self, **(limits | {"read_s": TOTAL_S, "total_s": TOTAL_S}))


class UnlimitedBudget(MemoryBudget):
    """Counts calls without a limit: quotas have their own test."""

    def spend(self, quota, *, points=1, **_):
        self.used[quota.name] = self.used.get(quota.name, 0) + points
