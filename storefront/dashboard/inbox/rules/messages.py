"""Message rules: find webhooks not processed, messages not delivered, unreachable addresses."""

from functools import partial

from django.utils.translation import gettext_lazy as _

from notifications import labels
from notifications.models import Message, Suppression
from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule
from storefront.lib.staff.columns import choice_label

# Messages that failed for another reason than a suppressed address.
FAILED = f"d.status = 'failed' AND d.delivery <> '{Message.Delivery.SUPPRESSED}'"


# A suppressed address that bounces; a complaint leaves it reachable.
BOUNCING = "s.lifted_at IS NULL AND s.reason IN ('hard_bounce', 'soft_bounces')"

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
        "webhook_subscription_disabled",
        _("Webhook subscription was disabled"),
        "events_webhooksubscription",
        "w.id, coalesce(nullif(w.description, ''), w.url) AS name, w.status_since AS since,"
        f" {NO_AMOUNT}, w.problem AS detail FROM events_webhooksubscription w",
        "w.status = 'disabled'",
    ),
    simple_rule(
        "message_undeliverable",
        _("Notification could not be delivered"),
        "notifications_message",
        f"d.id, d.template || ' → ' || d.recipient AS name, d.status_since AS since, {NO_AMOUNT},"
        " d.problem AS detail FROM notifications_message d",
        f"({FAILED}) OR (d.status = 'sending'"
        " AND d.status_since < %(now)s - interval '15 minutes')",
        format_name=labels.label,
    ),
    simple_rule(
        "chat_channel_failing",
        _("Chat channel does not take alerts"),
        "notifications_chatchannel",
        f"h.id, h.name, h.failing_since AS since, {NO_AMOUNT}, h.problem AS detail"
        " FROM notifications_chatchannel h",
        "h.disabled_at IS NOT NULL OR h.failing_since < %(now)s - interval '1 hour'",
    ),
    # Orders that run, and ended ones for two weeks: refunds and returns are told by e-mail, too.
    simple_rule(
        "customer_unreachable",
        _("Customer cannot be reached by e-mail"),
        "orders_order",
        "o.id, o.number AS name, min(s.since) AS since, o.total_amount AS amount,"
        " o.currency, min(s.reason) AS detail FROM notifications_suppression s"
        " JOIN orders_order o ON lower(o.email) = s.address",
        f"{BOUNCING} AND (o.status IN ('placed', 'on_hold', 'processing')"
        " OR (o.status IN ('completed', 'canceled')"
        " AND o.status_since > %(now)s - interval '14 days')) GROUP BY o.id",
        format_detail=partial(choice_label, Suppression, "reason"),
    ),
    # Addresses of suppliers and staff: an order or a warning did not reach them.
    simple_rule(
        "address_unreachable",
        _("Supplier or staff address does not accept e-mail"),
        "notifications_suppression",
        f"s.id, s.address AS name, s.since, {NO_AMOUNT}, s.detail"
        " FROM notifications_suppression s JOIN notifications_message d ON d.id = s.message_id"
        " JOIN notifications_event e ON e.id = d.event_id",
        f"{BOUNCING} AND (e.subject LIKE 'purchase_order:%%' OR e.subject LIKE 'supplier:%%'"
        " OR e.subject LIKE 'staff_alerts:%%')",
    ),
)
