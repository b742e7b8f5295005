"""Lib models: expose StatusChange, the record of every status transition."""

from __future__ import annotations

from storefront.lib.state_machine import StatusChange

__all__ = ["StatusChange"]
