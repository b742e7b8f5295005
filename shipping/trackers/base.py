"""Tracking provider protocol: define the calls of a provider that follows parcels at any carrier.

A provider gets the tracking number and the parcel's id, no personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shipping.shipments.statuses import TrackingUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedNumber:
    """A number to follow. ``reference`` is the parcel's id; ``carrier_code`` 0 is detected."""

    number: str
    reference: str
    carrier_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationResult:
    """The provider's answer about one number: ``problem`` is empty if it follows the number.

    ``is_quota_used_up``: the account may register no more numbers for now.
    """

    number: str
    carrier_code: int = 0
    problem: str = ""
    is_quota_used_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingReport:
    """What a provider knows of one number.

    ``reference`` is empty if the provider does not return it. ``has_ended``: it no longer follows
    the number. ``is_registered`` is False if it does not know the number.
    """

    number: str
    reference: str = ""
    carrier_code: int = 0
    carrier_name: str = ""
    updates: tuple[TrackingUpdate, ...] = ()
    has_ended: bool = False
    is_registered: bool = True


class Tracker(Protocol):
    """A tracking provider. Its calls are idempotent."""

    code: str
    max_batch: int

    def register(self, numbers: Sequence[TrackedNumber]) -> list[RegistrationResult]:
        """Register at most ``max_batch`` numbers; one that is registered already is accepted.

        Raises: TemporaryError: none was registered, or perhaps some. PermanentError: refused.
        """
        ...

    def read(self, numbers: Sequence[TrackedNumber]) -> list[TrackingReport]:
        """Return the reports on at most ``max_batch`` numbers.

        Raises: TemporaryError, PermanentError
        """
        ...

    def verify_signature(self, *, headers: Mapping[str, str], body: bytes) -> str:
        """Verify a webhook on its raw bytes; return an id that is the same on redelivery.

        Raises: InvalidHeadersError, InvalidSignatureError
        """
        ...

    def parse_webhook(self, body: bytes) -> TrackingReport | None:
        """Return the report of a webhook, None if it has none. Raises PermanentError: malformed."""
        ...

    def close(self) -> None: ...
