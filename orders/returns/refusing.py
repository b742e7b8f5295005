"""What every verb of returns says no with."""

from __future__ import annotations


class CannotReturnError(Exception):
    """The words say why; nothing is written."""
