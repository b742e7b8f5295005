"""Alert content: write the payloads of alerts and digests, without names of customers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.query import Inbox, InboxItem
from storefront.dashboard.inbox.rule import InboxRule
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import AlertRecipient
from storefront.lib.money import Money
from storefront.lib.staff.columns import as_money


def is_active(recipient: AlertRecipient) -> bool:
    """Return whether the staff member is active, or the chat channel enabled."""
    if recipient.channel:
        return recipient.channel.disabled_at is None
    return bool(recipient.user and recipient.user.is_active and recipient.user.is_staff)


def rules_of(recipient: AlertRecipient, codes: Iterable[str]) -> list[InboxRule]:
    """Return the chosen rules; those of a staff member as far as they may see the rows."""
    allowed = RULES if recipient.channel else query.rules_for(recipient.user)
    chosen = set(codes)
    return [rule for rule in allowed if rule.code in chosen]


def alert_payload(recipient: AlertRecipient, items: Sequence[InboxItem]) -> dict[str, Any]:
    """Return the payload of an alert about the rows of one rule."""
    with translation.override(recipient.language):
        line = _summarize_rule(recipient, items)
        return _address(recipient) | line | {"url": line["staff_url"]}


def digest_payload(recipient: AlertRecipient, inbox: Inbox) -> dict[str, Any]:
    """Return the payload of a digest: one line for each rule, the oldest first."""
    by_rule: dict[str, list[InboxItem]] = {}
    for item in inbox.rows:
        by_rule.setdefault(item.cause.code, []).append(item)
    oldest_first = sorted(by_rule.values(), key=_oldest)
    with translation.override(recipient.language):
        return _address(recipient) | {
            "count": inbox.count,
            "amounts": [as_money(amount) for amount in inbox.at_risk if amount.amount],
            "rows": [_summarize_rule(recipient, items) for items in oldest_first],
            "url": f"{settings.PUBLIC_URL}{reverse('admin:index')}",
        }


def _address(recipient: AlertRecipient) -> dict[str, Any]:
    return {
        "email": [recipient.user.email] if recipient.user else [],
        "chat": recipient.channel.name if recipient.channel else "",
        "locale": recipient.language,
    }


def _summarize_rule(recipient: AlertRecipient, items: Sequence[InboxItem]) -> dict[str, Any]:
    rule = items[0].cause
    local = _oldest(items).astimezone(ZoneInfo(recipient.time_zone))
    return {
        "sentence": str(rule.sentence),
        "count": items[0].count,
        "amounts": [as_money(amount) for amount in _totals(items)],
        "oldest": format_datetime(local, "d MMMM, HH:mm", locale=recipient.language),
        "staff_url": f"{settings.PUBLIC_URL}{reverse('supply:waiting', args=[rule.code])}",
    }


def _oldest(items: Sequence[InboxItem]) -> datetime:
    return min(item.since or datetime.max.replace(tzinfo=ZoneInfo("UTC")) for item in items)


def _totals(items: Sequence[InboxItem]) -> list[Money]:
    sums: dict[str, Decimal] = {}
    for item in items:
        if item.at_risk and item.loss.is_money:
            known = sums.get(item.at_risk.currency, Decimal(0))
            sums[item.at_risk.currency] = known + item.at_risk.amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items()) if amount]
