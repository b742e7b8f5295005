"""Connector factories: make a context with quotas in memory, and an order to send."""

import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.context import ConnectorContext, merge_state
from suppliers.connectors.records import (
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    QuotaExceededError,
)

HOME = Address(
    name="Erika Muster",
    line1="Musterweg 1",
    line2="Hinterhaus",
    postcode="10115",
    city="Berlin",
    country="DE",
    phone="+493012345",
)


class CountingGate:
    """Admits every call and records it."""

    def __init__(self):
        self.calls = []
        self.left = []
        self.heard = []

    @property
    def count(self):
        return len(self.calls)

    def enter(self, call):
        self.calls.append(str(call))

    def heartbeat(self, call):
        self.heard.append(str(call))

    def leave(self, call, outcome):
        self.left.append((str(call), outcome.status))


class MemoryBudget:
    """Counts quota points in memory; ``used`` maps each quota's name to its points."""

    def __init__(self):
        self.used = {}
        self.believed = {}

    def spend(self, quota, *, points=1, is_for_order=False):
        used = self.used.get(quota.name, 0) + points
        kept = 0 if is_for_order else quota.reserved_for_orders
        if used > quota.points - kept:
            until = datetime.now(UTC) + timedelta(days=1)
            raise QuotaExceededError(f"{quota.name} is used up", until=until)
        self.used[quota.name] = used

    def set_remaining(self, quota, *, remaining, total, until):
        self.believed[quota.name] = (remaining, total, until)

    def remaining(self, quota):
        return quota.points - self.used.get(quota.name, 0)


class NoTokens:
    """Tokens of a supplier that issues none."""

    def load(self):
        return {}

    def renew(self, renew, **_):
        return renew({})


class DictMemory:
    """Keeps a connector's state in a dict."""

    def __init__(self):
        self.kept = {}

    def load(self):
        return dict(self.kept)

    def save(self, changes):
        self.kept = merge_state(self.kept, changes)


class MemoryMailer:
    """Keeps e-mails to a supplier by key instead of sending them."""

    def __init__(self):
        self.letters = {}
        self.noted = set()

    def send(self, *, key, to, payload):
        self.letters.setdefault(key, (to, dict(payload)))

    def request(self, *, kind, key, to, payload):
        self.letters.setdefault(f"{kind}:{key}", (to, dict(payload)))

    def has_sent(self, *, key):
        return key in self.letters

    def mark_sending(self, *, key):
        self.noted.add(key)

    def is_marked(self, *, key):
        return key in self.noted


def make_context(base_url, **changes):
    values = {
        "currency": "USD",
        "language": "en",
        "secrets": {},
        "options": {},
        "gate": changes.pop("gate", None) or CountingGate(),
        "quotas": MemoryBudget(),
        "tokens": NoTokens(),
        "state": DictMemory(),
        "mailer": MemoryMailer(),
        "folder": Path(tempfile.gettempdir()) / "fara-lines",
    }
    return ConnectorContext(base_url=base_url, **{**values, **changes})


def make_request(sku, *, quantity=2, **changes):
    """Return an order of one line, from China to Berlin."""
    values = {
        "number": "FL-1-1",
        "ship_to": HOME,
        "location": "CN",
        "country_from": "CN",
        "carrier_service": "CJPacket Sensitive",
        "lines": (PurchaseOrderRequestLine(sku=sku, quantity=quantity, reference="88"),),
        "declared_value": Money(Decimal("54.9"), "EUR"),
    }
    return PurchaseOrderRequest(**{**values, **changes})
