"""Messaging invariants: check that each message is sent once and none is lost."""

from storefront.dashboard.invariants.invariant import read_invariants
from storefront.dashboard.sql_conditions import DUE_SINCE, UNANSWERED

MESSAGING = read_invariants("messaging", unanswered=UNANSWERED, due_since=DUE_SINCE)
