"""The one table of the bottom layer: the trace of every status that moved."""

from __future__ import annotations

from storefront.lib.state_machine import StatusChange

__all__ = ["StatusChange"]
