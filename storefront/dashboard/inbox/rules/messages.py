"""Message rules: find incoming webhooks not processed, and messages not delivered."""

from django.utils.translation import gettext_lazy as _

from notifications import labels
from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule

MESSAGES = (
    simple_rule(
        "webhook_failed",
        _("Webhook could not be processed"),
        "hooks_inboundwebhook",
        f"c.id, c.source || ' ' || c.external_id AS name, c.received_at AS since, {NO_AMOUNT},"
        " c.problem AS detail FROM hooks_inboundwebhook c",
        "c.status = 'failed' OR (c.status = 'received'"
        " AND c.received_at < %(now)s - interval '10 minutes')",
    ),
    simple_rule(
        "message_undeliverable",
        _("Notification could not be delivered"),
        "notifications_message",
        f"d.id, d.template || ' → ' || d.recipient AS name, d.status_since AS since, {NO_AMOUNT},"
        " d.problem AS detail FROM notifications_message d",
        "d.status = 'failed' OR (d.status = 'sending'"
        " AND d.status_since < %(now)s - interval '15 minutes')",
        format_name=labels.label,
    ),
)
