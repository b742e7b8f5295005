"""Exchange rates: fetch, import, set by hand, approve, reject, expire.

A small change is applied at once; a larger one waits for staff. Without ``RATES_URL`` nothing is
fetched. A change locks the channels of the currency, then its rates, each in id order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Q

from catalog.enums import EU, RateStatus
from catalog.exchange_rates import cbar, ecb
from catalog.models import Channel, ExchangeRate, ExchangeRateUpdate, Listing
from catalog.pricing import landed_cost, repricing_queue
from catalog.pricing.policy import rate_limits
from catalog.pricing.rate_validity import assess_rate, exceeds_max_change
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.http.download import download
from storefront.lib.http.errors import ExternalServiceError

Status = ExchangeRateUpdate.Status
MAX_CLOCK_SKEW = timedelta(days=1)


class FutureRateError(ValueError):
    """The rate is dated in the future."""


def import_daily(*, content: bytes, source: str, actor: str, now: datetime) -> dict[str, int]:
    """Import a list of the ECB or the Central Bank of Azerbaijan for the currency of each channel.

    Returns how many rates were applied, held for approval, and already known.
    Locks:  as ``import_rates``
    Raises: UnreadableRatesError  not a rate list
            FutureRateError       dated in the future
    """
    root = ecb.read_xml(content)
    daily = cbar.parse(root) if cbar.is_list(root) else ecb.parse(root)
    counts = {"applied": 0, "waiting": 0, "known": 0}
    for quote in sorted(set(Channel.objects.values_list("currency", flat=True))):
        done = import_rates(
            quote=quote,
            rates=daily.into(quote),
            source=source,
            as_of=daily.as_of,
            actor=actor,
            now=now,
        )
        for what in done.values():
            counts[what] += 1
    return counts


@transaction.atomic(durable=True)
def import_rates(  # noqa: PLR0913 - which rates, and who reported them when
    *,
    quote: str,
    rates: Mapping[str, Decimal],
    source: str,
    as_of: datetime,
    actor: str,
    now: datetime,
) -> dict[str, str]:
    """Apply rates whose change is within the limit; hold the others for approval.

    Idempotent: the same or older rates change nothing.
    Shape:  the result by base currency: ``applied``, ``waiting`` or ``known``
    Locks:  the channels of that currency, then its rates, each in id order
    Raises: FutureRateError  dated in the future
    """
    if as_of > now + MAX_CLOCK_SKEW:
        raise FutureRateError(f"The rates of {as_of:%Y-%m-%d} are dated in the future.")
    present = _lock(quote)
    done: dict[str, str] = {}
    for base in sorted(rates):
        row, rate = present.get(base), rates[base]
        if row is not None and (
            row.as_of >= as_of or _was_decided(row, rate, source=source, as_of=as_of)
        ):
            done[base] = "known"
            continue
        update = _new_update(
            row, base=base, quote=quote, rate=rate, source=source, as_of=as_of, actor=actor, now=now
        )
        if row is not None and exceeds_max_change(
            old=row.rate,
            new=rate,
            passed=_time_since_reports(row, as_of=as_of),
            limits=rate_limits(),
        ):
            update.status = Status.WAITING
        _supersede(base=base, quote=quote, actor=actor, now=now)
        update.save()
        if update.status == Status.WAITING and row is not None:
            ExchangeRate.objects.filter(pk=row.pk).update(pending_rate=rate)
            _update_validity([row.pk], now=now)
        else:
            _apply(update, now=now)
        done[base] = update.status
    return done


@requires_transaction
def set_manual_rate(  # noqa: PLR0913 - which rate, and who reported it when
    *, base: str, quote: str, rate: Decimal, source: str, as_of: datetime, actor: str, now: datetime
) -> ExchangeRate:
    """Apply a rate set by staff, without a limit to its change. Raises FutureRateError."""
    if as_of > now + MAX_CLOCK_SKEW:
        raise FutureRateError(f"The rate of {as_of:%Y-%m-%d} is dated in the future.")
    present = _lock(quote).get(base)
    _supersede(base=base, quote=quote, actor=actor, now=now)
    update = _new_update(
        present, base=base, quote=quote, rate=rate, source=source, as_of=as_of, actor=actor, now=now
    )
    update.save()
    return _apply(update, now=now)


def _new_update(
    row: ExchangeRate | None, *, source: str, actor: str, now: datetime, **values: Any
) -> ExchangeRateUpdate:
    """Return an unsaved update with the status applied; ``row`` is the current rate."""
    return ExchangeRateUpdate(
        **values,
        old_rate=row.rate if row else None,
        source=source[:60],
        status=Status.APPLIED,
        status_since=now,
        reported_by=actor[:100],
        reported_at=now,
    )


@transaction.atomic(durable=True)
def approve(*, update: ExchangeRateUpdate, actor: str, now: datetime) -> None:
    """Apply a rate that was held. Raises InvalidTransitionError, ConcurrentUpdateError."""
    _lock(update.quote)
    update.move(Status.APPROVED, at=now, actor=actor)
    _apply(update, now=now)


@transaction.atomic(durable=True)
def reject(*, update: ExchangeRateUpdate, actor: str, reason: str, now: datetime) -> None:
    """Keep the current rate. The same rate of the same date and source is ignored from now on.

    Locks:  as ``import_rates``
    Raises: InvalidTransitionError, ConcurrentUpdateError  already decided
    """
    present = _lock(update.quote)
    update.move(Status.REJECTED, at=now, actor=actor, reason=reason)
    if row := present.get(update.base):
        ExchangeRate.objects.filter(pk=row.pk).update(pending_rate=None)
        _update_validity([row.pk], now=now)


@transaction.atomic(durable=True)
def expire_old(*, now: datetime) -> int:
    """Update the validity of rates that aged, queue their prices; return how many rates changed.

    Locks:  the changed rates, in id order
    """
    aged = [
        row.pk for row in ExchangeRate.objects.order_by("pk") if _status(row, now) != row.validity
    ]
    if aged:
        _update_validity(aged, now=now)
    return len(aged)


@requires_transaction
def _lock(quote: str) -> dict[str, ExchangeRate]:
    channels = Channel.objects.filter(currency=quote).order_by("pk")
    list(channels.select_for_update(of=["self"], no_key=True).values_list("pk"))
    rates = ExchangeRate.objects.filter(quote=quote).order_by("pk")
    return {row.base: row for row in rates.select_for_update(of=["self"])}


def _was_decided(row: ExchangeRate, rate: Decimal, *, source: str, as_of: datetime) -> bool:
    updates = ExchangeRateUpdate.objects.filter(
        base=row.base, quote=row.quote, as_of=as_of, rate=rate
    )
    return updates.filter(source=source[:60], status__in=[Status.REJECTED, Status.WAITING]).exists()


def _time_since_reports(row: ExchangeRate, *, as_of: datetime) -> timedelta:
    """Return the time from the current rate to the first rate held or rejected after it.

    Without such a rate, the time ends at ``as_of``. The limit of a change grows with this time. If
    it did not end there, a held or rejected rate would be within the limit some days later.
    """
    updates = ExchangeRateUpdate.objects.filter(base=row.base, quote=row.quote)
    last = updates.filter(status__in=[Status.APPLIED, Status.APPROVED]).aggregate(last=Max("pk"))[
        "last"
    ]
    held_or_rejected = updates.filter(pk__gt=last or 0, as_of__gt=row.as_of, as_of__lte=as_of)
    return (held_or_rejected.aggregate(first=Min("as_of"))["first"] or as_of) - row.as_of


def _supersede(*, base: str, quote: str, actor: str, now: datetime) -> None:
    for update in ExchangeRateUpdate.objects.filter(base=base, quote=quote, status=Status.WAITING):
        update.move(Status.SUPERSEDED, at=now, actor=actor)


@requires_transaction
def _apply(update: ExchangeRateUpdate, *, now: datetime) -> ExchangeRate:
    before = ExchangeRate.objects.filter(base=update.base, quote=update.quote).first()
    row, _ = ExchangeRate.objects.update_or_create(
        base=update.base,
        quote=update.quote,
        defaults={
            "rate": update.rate,
            "source": update.source,
            "as_of": update.as_of,
            "pending_rate": None,
        },
    )
    is_same = before is not None and before.rate == update.rate and before.pending_rate is None
    _update_validity([row.pk], now=now, has_changed=not is_same)
    return row


@requires_transaction
def _update_validity(rate_ids: Iterable[int], *, now: datetime, has_changed: bool = True) -> None:
    """Save the validity of these rates and queue the prices that depend on them.

    If neither the rate nor its validity changed, nothing is queued.
    Locks:  the rates, in id order
    """
    rates = ExchangeRate.objects.filter(pk__in=rate_ids).order_by("pk")
    for row in rates.select_for_update(of=["self"]):
        validity = _status(row, now)
        if validity != row.validity:
            ExchangeRate.objects.filter(pk=row.pk).update(validity=validity)
        elif not has_changed:
            continue
        dependent = Listing.objects.filter(_depends_on(row), channel__currency=row.quote)
        touched = dependent.order_by("variant_id").values_list("variant_id", flat=True)
        repricing_queue.enqueue(variant_ids=touched.distinct(), now=now)


def _depends_on(row: ExchangeRate) -> Q:
    """Filter listings with a cost or MAP in the rate's base currency; for EUR, also with duty."""
    bought = Q(wholesale_currency=row.base) | Q(map_currency=row.base)
    if row.base != landed_cost.DUTY_CURRENCY:
        return bought
    channels = [
        channel.pk
        for channel in Channel.objects.filter(currency=row.quote)
        if not EU.isdisjoint(channel.destinations)
    ]
    from_inside = Q(origins__contained_by=sorted(EU))
    return bought | (Q(channel__in=channels) & ~from_inside)


def _status(row: ExchangeRate, now: datetime) -> RateStatus:
    return assess_rate(
        rate=row.rate, as_of=row.as_of, pending_rate=row.pending_rate, limits=rate_limits(), now=now
    ).status


ACTOR = "fetch of rates"
MAX_BYTES = 1_000_000
DAY = "{day}"  # in a URL: today in Baku, such as 01.12.2026


def fetch(*, now: datetime) -> dict[str, int]:
    """Fetch the daily lists of ``RATES_URL`` and import them; do nothing without a URL.

    One list that fails does not keep the others from being imported.

    Raises: ExternalServiceError  one cannot be fetched
            UnreadableRatesError  not a rate list
            FutureRateError       dated in the future
    """
    counts: Counter[str] = Counter()
    failures: list[Exception] = []
    for template in settings.RATES_URL:
        url = template.replace(DAY, f"{now.astimezone(cbar.BAKU):%d.%m.%Y}")
        try:
            content = download(url, max_bytes=MAX_BYTES).content
            source = urlsplit(url).hostname or "?"
            counts.update(import_daily(content=content, source=source, actor=ACTOR, now=now))
        except (ExternalServiceError, ecb.UnreadableRatesError, FutureRateError) as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return dict(counts)
