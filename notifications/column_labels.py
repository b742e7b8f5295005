"""Column labels: name the tables and columns of notifications for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Event": (_("event"), _("events")),
    "Delivery": (_("message"), _("messages")),
}
COLUMNS = {
    "key": _("Named"),
    "name": _("What happened"),
    "subject": _("Of what"),
    "sequence": _("Which of its events"),
    "payload": _("What is told"),
    "occurred_at": _("When"),
    "fanned_out_at": _("Handed to messages"),
    "event": _("Event"),
    "sender": _("Sent by"),
    "recipient": _("To"),
    "template": _("Letter"),
    "locale": _("Language"),
    "status": _("State"),
    "status_since": _("Since"),
    "attempts": _("Tries"),
    "due_at": _("Due"),
    "problem": _("Problem"),
}
