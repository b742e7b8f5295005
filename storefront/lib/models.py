"""Lib models: expose StatusChange, the record of every status transition."""

from storefront.lib.state_machine import StatusChange

__all__ = ["StatusChange"]
