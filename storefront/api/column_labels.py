"""API column labels: name the tables and columns of API keys and idempotency records for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "PriceKey": (_("key of a program"), _("keys of programs")),
    "IdempotencyRecord": (_("answer that can be repeated"), _("answers that can be repeated")),
}
COLUMNS = {
    "name": _("Name"),
    "start": _("Begins with"),
    "digest": _("Its digest"),
    "made_by": _("Made by"),
    "made_at": _("Made"),
    "last_used_at": _("Last used"),
    "revoked_by": _("Revoked by"),
    "revoked_at": _("Revoked"),
    "principal": _("Who asked"),
    "key": _("Key that came with it"),
    "route": _("What was asked"),
    "request_digest": _("Digest of the request"),
    "started_at": _("Started"),
    "done_at": _("Answered"),
    "status_code": _("HTTP status"),
    "response": _("Answer"),
}
