"""Webhook schedule: decide when and how often a webhook is posted, by mode. Pure."""

from dataclasses import dataclass
from enum import StrEnum

REORDERED_S = 0.6  # how long an event waits for a later one to overtake it
REORDER_STEP_S = 0.8
COPIES = 3
BACKOFF_S = (0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)


class Mode(StrEnum):
    NORMAL = "normal"
    LOST = "lost"
    DUPLICATE = "duplicate"
    OUT_OF_ORDER = "out_of_order"
    DELAYED = "delayed"
    BAD_SIGNATURE = "bad_signature"


@dataclass(slots=True, kw_only=True)
class WebhookSettings:
    """The address and mode of webhooks; ``/control/webhooks`` changes them."""

    url: str
    mode: Mode = Mode.NORMAL
    delay_s: float = 5.0

    @property
    def reorder_delay_s(self) -> float:
        """Return by how much a new webhook delays the pending ones."""
        return REORDER_STEP_S if self.mode is Mode.OUT_OF_ORDER else 0.0

    def due_times(self, now: float) -> list[float]:
        if not self.url or self.mode is Mode.LOST:
            return []
        if self.mode is Mode.DUPLICATE:
            return [now] * COPIES
        if self.mode is Mode.OUT_OF_ORDER:
            return [now + REORDERED_S]
        return [now + (self.delay_s if self.mode is Mode.DELAYED else 0.0)]


def retry_delay_s(attempts: int) -> float | None:
    """Return the pause after so many failed attempts; None when no attempt follows."""
    return BACKOFF_S[attempts - 1] if attempts <= len(BACKOFF_S) else None
