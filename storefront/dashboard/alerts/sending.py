"""Alert sending: report new urgent cases to recipients, send each morning's digest once.

New cases of one rule are one message, at most every ``GROUP_PERIOD``. A reported case is reported
again only after it has left the inbox.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from email.utils import make_msgid
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from notifications import dispatch, outbox, preferences
from notifications.models import Event, Message
from storefront.dashboard.alerts import content
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.query import Inbox, InboxItem
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import AlertedKind, AlertRecipient

GROUP_PERIOD = timedelta(minutes=15)
MAX_CASES = 1000  # read of one rule
EVERYTHING = "*"


def send_alerts(*, now: datetime) -> int:
    """Record an alert for each recipient and rule with new cases; return how many."""
    chosen = [(each, content.rules_of(each, each.urgent_kinds)) for each in _active_recipients()]
    codes = {rule.code for _recipient, rules in chosen for rule in rules}
    causes = tuple(rule for rule in RULES if rule.code in codes)
    items_by_code: dict[str, list[InboxItem]] = defaultdict(list)
    for item in query.load_items(causes=causes, now=now, most=MAX_CASES):
        items_by_code[item.cause.code].append(item)
    told = {(row.recipient_id, row.cause): set(row.cases) for row in AlertedKind.objects.all()}
    count = 0
    for recipient, rules in chosen:
        for rule in rules:
            items = items_by_code[rule.code]
            if _cases(items) != told.get((recipient.pk, rule.code), set()):
                count += _alert(recipient, rule.code, items, now=now)
    return count


@transaction.atomic(durable=True)
def _alert(
    recipient: AlertRecipient, cause: str, items: Sequence[InboxItem], *, now: datetime
) -> bool:
    """Record one alert if there are new cases and the last is old enough. Locks the row of the rule."""
    row = AlertedKind(recipient=recipient, cause=cause)
    AlertedKind.objects.bulk_create([row], ignore_conflicts=True)
    told = AlertedKind.objects.select_for_update(of=["self"]).get(recipient=recipient, cause=cause)
    waiting = _cases(items)
    is_due = told.at is None or told.at <= now - GROUP_PERIOD
    if not waiting - set(told.cases):
        told.cases = sorted(waiting)  # without those that are settled
    elif is_due:
        told.cases, told.at = sorted(waiting), now
        period = int(now.timestamp() // GROUP_PERIOD.total_seconds())
        outbox.record_event(
            name="staff.alert",
            key=f"staff.alert:{recipient.pk}:{cause}:{period}",
            subject=f"staff_alerts:{recipient.pk}",
            payload=content.alert_payload(recipient, items),
            at=now,
        )
    else:
        return False
    told.save(update_fields=["cases", "at"])
    return told.at == now


def _cases(items: Sequence[InboxItem]) -> set[str]:
    """Return the keys of rows; a row that stands for several records has no id that stays."""
    return {EVERYTHING if item.cause.filters else str(item.row) for item in items}


def send_digests(*, now: datetime) -> int:
    """Record the digests that are due; return how many. A late worker sends them the same day."""
    count = 0
    for recipient in _active_recipients():
        local = now.astimezone(ZoneInfo(recipient.time_zone))
        is_written = recipient.digest_day is not None and recipient.digest_day >= local.date()
        if recipient.digest_kinds and not is_written and local.time() >= recipient.digest_at:
            count += _send_digest(recipient, day=local.date(), now=now)
    return count


@transaction.atomic(durable=True)
def _send_digest(recipient: AlertRecipient, *, day: date, now: datetime) -> bool:
    """Record the digest of a day, unless another worker has; nothing if nothing waits."""
    unwritten = Q(digest_day=None) | Q(digest_day__lt=day)
    if not AlertRecipient.objects.filter(unwritten, pk=recipient.pk).update(digest_day=day):
        return False
    inbox = _load_digest(recipient, now)
    if not inbox.rows and not recipient.sends_empty_digest:
        return False
    outbox.record_event(
        name="staff.digest",
        key=f"staff.digest:{recipient.pk}:{day.isoformat()}",
        subject=f"staff_alerts:{recipient.pk}",
        payload=content.digest_payload(recipient, inbox),
        at=now,
    )
    return True


def send_test(recipient: AlertRecipient, *, now: datetime) -> None:
    """Send the digest of this moment to a recipient. Raises as the sender does."""
    payload = content.digest_payload(recipient, _load_digest(recipient, now))
    event = Event(name="staff.digest", payload=payload, occurred_at=now)
    is_chat = recipient.channel is not None
    message = Message(
        event=event,
        sender=preferences.CHAT if is_chat else preferences.EMAIL,
        recipient=payload["chat"] if is_chat else payload["email"][0],
        template="staff_digest",
        locale=recipient.language,
    )
    composed = replace(dispatch.compose(message), message_id=make_msgid())
    dispatch.hand_over(composed, sender=message.sender)


def _load_digest(recipient: AlertRecipient, now: datetime) -> Inbox:
    causes = tuple(content.rules_of(recipient, recipient.digest_kinds))
    return query.load(causes=causes, now=now, most=MAX_CASES)


def _active_recipients() -> list[AlertRecipient]:
    rows = AlertRecipient.objects.select_related("user", "channel").order_by("pk")
    return [recipient for recipient in rows if content.is_active(recipient)]
