"""Price book versions: create a draft, take it live, restore an earlier book."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext

from catalog.models import Channel, PriceBook, PriceRule
from catalog.price_books import dry_run
from catalog.pricing import policy

Status = PriceBook.Status


class NotReadyError(Exception):
    """A book cannot go live as it is; the message says why."""


@transaction.atomic(durable=True)
def create_draft(
    *, channel: Channel, actor: str, now: datetime, template: PriceBook | None = None
) -> PriceBook:
    """Create a draft with the rules and guards of another book, or of the live one.

    Locks:  the channel
    """
    _lock(channel)
    live = PriceBook.objects.filter(channel=channel, status=Status.LIVE).first()
    return _copy(template or live, channel=channel, actor=actor, now=now)


@transaction.atomic(durable=True)
def publish(*, book: PriceBook, actor: str, now: datetime) -> None:
    """Make a draft the live book of its channel and request repricing.

    Locks:  the channel, then the book
    Raises: NotReadyError           no rules, or no current dry run
            InvalidTransitionError  not a draft
    """
    _lock(book.channel)
    row = PriceBook.objects.select_for_update(of=["self"]).get(pk=book.pk)
    if row.status == Status.DRAFT and (message := dry_run.why_stale(book=row, now=now)):
        raise NotReadyError(message)
    _publish(row, actor=actor, now=now)


@transaction.atomic(durable=True)
def publish_first(*, book: PriceBook, actor: str, now: datetime) -> None:
    """Publish the first book of a channel. No dry run: the channel has no prices yet.

    Locks:  the channel, then the book
    Raises: NotReadyError  not the first book, or no rules
    """
    _lock(book.channel)
    if PriceBook.objects.filter(channel=book.channel).exclude(pk=book.pk).exists():
        raise NotReadyError(gettext("This is not the first price book of its channel."))
    row = PriceBook.objects.select_for_update(of=["self"]).get(pk=book.pk)
    _publish(row, actor=actor, now=now)


@transaction.atomic(durable=True)
def restore(*, book: PriceBook, actor: str, now: datetime) -> PriceBook:
    """Restore the rules and guards of an earlier book as a new live version.

    Locks:  the channel, then the new book
    Raises: NotReadyError  ``book`` is a draft or is live
    """
    _lock(book.channel)
    row = PriceBook.objects.get(pk=book.pk)
    if row.status != Status.RETIRED:
        raise NotReadyError(gettext("Only a price book that was live before can be restored."))
    new = _copy(row, channel=row.channel, actor=actor, now=now, restored_from=row)
    _publish(new, actor=actor, now=now)
    return new


def clear_dry_run(*, book: PriceBook) -> None:
    """Discard the dry run of a draft and increment its revision.

    To be called after each change of its rules or guards.
    """
    PriceBook.objects.filter(pk=book.pk, status=Status.DRAFT).update(
        dry_run_result=None, dry_run_at=None, revision=F("revision") + 1
    )


def request_repricing(*, channel: Channel, now: datetime) -> None:
    Channel.objects.filter(pk=channel.pk).update(reprice_requested_at=now)


def _lock(channel: Channel) -> None:
    Channel.objects.select_for_update(of=["self"], no_key=True).get(pk=channel.pk)


def _copy(
    template: PriceBook | None,
    *,
    channel: Channel,
    actor: str,
    now: datetime,
    restored_from: PriceBook | None = None,
) -> PriceBook:
    books = PriceBook.objects.filter(channel=channel)
    book = PriceBook.objects.create(
        channel=channel,
        version=(books.aggregate(last=Max("version"))["last"] or 0) + 1,
        status_since=now,
        created_by=actor[:100],
        created_at=now,
        restored_from=restored_from,
        floor_margin_rate=template.floor_margin_rate if template else 0,
        max_change_per_run=template.max_change_per_run if template else None,
        max_change_per_day=template.max_change_per_day if template else None,
    )
    if template is not None:
        PriceRule.objects.bulk_create(
            PriceRule(book=book, **policy.rule_columns(rule))
            for rule in template.rules.order_by("number")
        )
    return book


def _publish(book: PriceBook, *, actor: str, now: datetime) -> None:
    if not book.rules.exists():
        raise NotReadyError(gettext("This price book has no rules. Add a rule first."))
    for live in PriceBook.objects.filter(channel=book.channel, status=Status.LIVE):
        live.move(Status.RETIRED, at=now, actor=actor, reason=f"Replaced by {book}")
    book.move(Status.LIVE, at=now, actor=actor, live_at=now)
    request_repricing(channel=book.channel, now=now)
