"""Lib models: expose the records of status transitions and of what staff did."""

from storefront.lib.db.audit import AuditEvent
from storefront.lib.state_machine import StatusChange

__all__ = ["AuditEvent", "StatusChange"]
