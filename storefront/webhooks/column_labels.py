"""Webhook column labels: name the table and columns of received webhooks for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "InboundWebhook": (_("incoming webhook"), _("incoming webhooks")),
}
COLUMNS = {
    "source": _("Source"),
    "external_id": _("External ID"),
    "body": _("Payload"),
    "received_at": _("Received"),
    "status": _("Status"),
    "status_since": _("Status since"),
    "attempts": _("Attempts"),
    "priority": _("Priority"),
    "due_at": _("Next attempt"),
    "problem": _("Problem"),
}
