"""API column labels: name the tables and columns of API keys and idempotency records for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "ApiKey": (_("API key"), _("API keys")),
    "IdempotencyRecord": (_("idempotent response"), _("idempotent responses")),
}
COLUMNS = {
    "name": _("Name"),
    "prefix": _("Prefix"),
    "digest": _("Hash"),
    "made_by": _("Created by"),
    "made_at": _("Created"),
    "last_used_at": _("Last used"),
    "revoked_by": _("Revoked by"),
    "revoked_at": _("Revoked"),
    "principal": _("Client"),
    "key": _("Idempotency key"),
    "route": _("Request"),
    "request_digest": _("Request hash"),
    "started_at": _("Started"),
    "done_at": _("Completed"),
    "status_code": _("HTTP status"),
    "response": _("Response"),
}
