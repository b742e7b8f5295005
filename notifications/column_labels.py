"""Column labels: name the tables and columns of notifications for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Event": (_("event"), _("events")),
    "Message": (_("notification"), _("notifications")),
}
COLUMNS = {
    "key": _("Key"),
    "name": _("What happened"),
    "subject": _("Record"),
    "sequence": _("Event number"),
    "payload": _("Content"),
    "occurred_at": _("When"),
    "fanned_out_at": _("Forwarded to notifications"),
    "event": _("Event"),
    "sender": _("Channel"),
    "recipient": _("To"),
    "template": _("Template"),
    "locale": _("Language"),
    "status": _("State"),
    "status_since": _("Since"),
    "attempts": _("Attempts"),
    "due_at": _("Due"),
    "problem": _("Problem"),
}
