"""Tracking numbers: normalize what suppliers and people write. Pure."""

import re

MAX_NUMBER_LENGTH = 40
_NUMBER = re.compile(rf"[A-Z0-9][A-Z0-9-]{{4,{MAX_NUMBER_LENGTH - 1}}}")


class InvalidTrackingNumberError(ValueError):
    """Not a tracking number that a carrier's page would accept."""


def normalize_number(raw: str) -> str:
    """Return a tracking number in its stored form. Raises InvalidTrackingNumberError."""
    number = re.sub(r"\s+", "", raw[:200]).upper()
    if not _NUMBER.fullmatch(number):
        raise InvalidTrackingNumberError(f"{raw[:60]!r} is not a tracking number")
    return number
