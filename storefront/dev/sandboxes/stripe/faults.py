"""Faults of the local Stripe sandbox: choose which calls fail, by a pattern of "METHOD path"."""

import re
from enum import StrEnum

from storefront.dev.sandboxes.core import faults


class Kind(StrEnum):
    ERROR = "500"  # nothing is done
    BUSY = "429"  # nothing is done
    SLOW = "slow"  # done; the answer comes late
    DROP_BEFORE = "drop_before"  # connection closed; nothing is done
    DROP_AFTER = "drop_after"  # done, then the connection is closed
    GARBAGE = "garbage"  # done, then an unreadable answer
    BREAKDOWN = "breakdown"  # nothing is done; the error is stored under the idempotency key


BEFORE = frozenset({Kind.ERROR, Kind.BUSY, Kind.DROP_BEFORE})
INSIDE = frozenset({Kind.SLOW, Kind.BREAKDOWN})  # the app writes the answer


class Fault(faults.Fault):
    def fits(self, path: str) -> bool:
        return re.search(self.path, path) is not None


def no_faults() -> faults.Faults:
    return faults.Faults(frozenset(Kind), fault=Fault)
