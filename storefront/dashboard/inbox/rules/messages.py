"""Message rules: find incoming webhooks not processed, and messages not delivered."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications import labels
from storefront.dashboard.inbox.rule import NO_MONEY, plain

MESSAGES = (
    plain(
        "call_failed",
        _("Webhook could not be processed"),
        "hooks_inboundcall",
        f"c.id, c.source || ' ' || c.external_id AS name, c.received_at AS since, {NO_MONEY},"
        " c.problem AS detail FROM hooks_inboundcall c",
        "c.status = 'failed' OR (c.status = 'received'"
        " AND c.received_at < %(now)s - interval '10 minutes')",
    ),
    plain(
        "message_dead",
        _("Notification could not be delivered"),
        "notifications_delivery",
        f"d.id, d.template || ' → ' || d.recipient AS name, d.status_since AS since, {NO_MONEY},"
        " d.problem AS detail FROM notifications_delivery d",
        "d.status = 'dead' OR (d.status = 'delivering'"
        " AND d.status_since < %(now)s - interval '15 minutes')",
        named=labels.named,
    ),
)
