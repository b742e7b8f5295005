"""Webhook column labels: name the table and columns of received webhooks for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "InboundCall": (_("call in the in-tray"), _("calls in the in-tray")),
}
COLUMNS = {
    "source": _("From whom"),
    "external_id": _("Its number there"),
    "body": _("Word for word"),
    "received_at": _("Received"),
    "status": _("State"),
    "status_since": _("Since"),
    "attempts": _("Tries"),
    "turn": _("Its turn"),
    "due_at": _("Due"),
    "problem": _("Problem"),
}
