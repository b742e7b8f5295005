"""Exchange rates: fetch, import, set by hand, approve, reject, expire.

A small move takes effect at once; a larger one waits for staff. Without ``RATES_URL`` nothing is
fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, Q

from catalog.enums import EU
from catalog.enums import RateStanding as Standing
from catalog.exchange_rates import ecb
from catalog.models import Channel, ExchangeRate, Listing, RateNews
from catalog.pricing import landed_cost, repricing_queue
from catalog.pricing.policy import limits
from catalog.pricing.rate_validity import moved_too_far, worth
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.http.download import download

Status = RateNews.Status
AHEAD = timedelta(days=1)


class FutureRateError(ValueError):
    """It is of a day that has not come."""


def take_in_daily(*, content: bytes, source: str, actor: str, now: datetime) -> dict[str, int]:
    """Take in a list of the European Central Bank for the money of each channel.

    Returns how many rates are taken, wait for a person, and tell nothing new.

    Locks:  as ``take_in``
    Raises: UnreadableRatesError  it is no such list
            FutureRateError       it is of a day that has not come
    """
    daily = ecb.read(content)
    counts = {"taken": 0, "waiting": 0, "known": 0}
    for quote in sorted(set(Channel.objects.values_list("currency", flat=True))):
        done = take_in(
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
def take_in(  # noqa: PLR0913 - which rates, and who says so when
    *,
    quote: str,
    rates: Mapping[str, Decimal],
    source: str,
    as_of: datetime,
    actor: str,
    now: datetime,
) -> dict[str, str]:
    """Let rates count that moved as little as rates do; let the others wait for a person.

    The same or older news changes nothing. Returns what became of each base: ``taken``,
    ``waiting`` or ``known``.

    Locks:  the channels of that money, then its rates, each in id order
    Raises: FutureRateError  they are of a day that has not come
    """
    if as_of > now + AHEAD:
        raise FutureRateError(f"They are of {as_of:%Y-%m-%d}, which has not come.")
    present = _lock(quote)
    done: dict[str, str] = {}
    for base in sorted(rates):
        row, rate = present.get(base), rates[base]
        if row is not None and (
            row.as_of >= as_of or _was_judged(row, rate, source=source, as_of=as_of)
        ):
            done[base] = "known"
            continue
        news = RateNews(
            base=base,
            quote=quote,
            rate=rate,
            old_rate=row.rate if row else None,
            source=source[:60],
            as_of=as_of,
            status=Status.TAKEN,
            status_since=now,
            told_by=actor[:100],
            told_at=now,
        )
        if row is not None and moved_too_far(
            old=row.rate, new=rate, passed=_passed(row, as_of=as_of), limits=limits()
        ):
            news.status = Status.WAITING
        _lapse(base=base, quote=quote, actor=actor, now=now)
        news.save()
        if news.status == Status.WAITING and row is not None:
            ExchangeRate.objects.filter(pk=row.pk).update(waiting_rate=rate)
            _settle([row.pk], now=now)
        else:
            _count(news, now=now)
        done[base] = news.status
    return done


@needs_transaction
def say(  # noqa: PLR0913 - which rate, and who says so when
    *,
    base: str,
    quote: str,
    rate: Decimal,
    source: str,
    as_of: datetime,
    actor: str,
    now: datetime,
) -> ExchangeRate:
    """Let a rate count because a person says so, however far it moves.

    Locks:  as ``take_in``
    Raises: FutureRateError  it is of a day that has not come
    """
    if as_of > now + AHEAD:
        raise FutureRateError(f"It is of {as_of:%Y-%m-%d}, which has not come.")
    present = _lock(quote).get(base)
    _lapse(base=base, quote=quote, actor=actor, now=now)
    news = RateNews.objects.create(
        base=base,
        quote=quote,
        rate=rate,
        old_rate=present.rate if present else None,
        source=source[:60],
        as_of=as_of,
        status=Status.TAKEN,
        status_since=now,
        told_by=actor[:100],
        told_at=now,
    )
    return _count(news, now=now)


@transaction.atomic(durable=True)
def approve(*, news: RateNews, actor: str, now: datetime) -> None:
    """Let a rate count that moved too far to be believed by itself.

    Locks:  as ``take_in``
    Raises: IllegalMoveError, LostRaceError  it does not wait any more
    """
    _lock(news.quote)
    news.move(Status.APPROVED, at=now, actor=actor)
    _count(news, now=now)


@transaction.atomic(durable=True)
def reject(*, news: RateNews, actor: str, reason: str, now: datetime) -> None:
    """Go on with the rate that counts. The same news does not come back.

    Locks:  as ``take_in``
    Raises: IllegalMoveError, LostRaceError  it does not wait any more
    """
    present = _lock(news.quote)
    news.move(Status.REJECTED, at=now, actor=actor, reason=reason)
    if row := present.get(news.base):
        ExchangeRate.objects.filter(pk=row.pk).update(waiting_rate=None)
        _settle([row.pk], now=now)


@transaction.atomic(durable=True)
def find_aged(*, now: datetime) -> int:
    """Have prices counted anew where a rate grew too old; return how many rates that were.

    Locks:  the rates that aged, in id order
    """
    aged = [
        row.pk for row in ExchangeRate.objects.order_by("pk") if _standing(row, now) != row.standing
    ]
    if aged:
        _settle(aged, now=now)
    return len(aged)


@needs_transaction
def _lock(quote: str) -> dict[str, ExchangeRate]:
    channels = Channel.objects.filter(currency=quote).order_by("pk")
    list(channels.select_for_update(of=["self"], no_key=True).values_list("pk"))
    rates = ExchangeRate.objects.filter(quote=quote).order_by("pk")
    return {row.base: row for row in rates.select_for_update(of=["self"])}


def _was_judged(row: ExchangeRate, rate: Decimal, *, source: str, as_of: datetime) -> bool:
    told = RateNews.objects.filter(base=row.base, quote=row.quote, as_of=as_of, rate=rate)
    return told.filter(source=source[:60], status__in=[Status.REJECTED, Status.WAITING]).exists()


def _passed(row: ExchangeRate, *, as_of: datetime) -> timedelta:
    """Return how long nothing was heard that could have told of a move since the rate that counts.

    What was not believed ends the silence: else waiting would make any rate believable, the very
    one too that a person rejected.
    """
    told = RateNews.objects.filter(base=row.base, quote=row.quote)
    last = told.filter(status__in=[Status.TAKEN, Status.APPROVED]).aggregate(last=Max("pk"))["last"]
    doubted = told.filter(pk__gt=last or 0, as_of__gt=row.as_of, as_of__lte=as_of)
    return (doubted.aggregate(first=Min("as_of"))["first"] or as_of) - row.as_of


def _lapse(*, base: str, quote: str, actor: str, now: datetime) -> None:
    for news in RateNews.objects.filter(base=base, quote=quote, status=Status.WAITING):
        news.move(Status.LAPSED, at=now, actor=actor)


@needs_transaction
def _count(news: RateNews, *, now: datetime) -> ExchangeRate:
    """Let news be the rate that counts, and have the prices that hang on it counted anew."""
    before = ExchangeRate.objects.filter(base=news.base, quote=news.quote).first()
    row, _ = ExchangeRate.objects.update_or_create(
        base=news.base,
        quote=news.quote,
        defaults={
            "rate": news.rate,
            "source": news.source,
            "as_of": news.as_of,
            "waiting_rate": None,
        },
    )
    is_same = before is not None and before.rate == news.rate and before.waiting_rate is None
    _settle([row.pk], now=now, is_news=not is_same)
    return row


@needs_transaction
def _settle(rate_ids: Iterable[int], *, now: datetime, is_news: bool = True) -> None:
    """Write down how sure these rates are, and have what hangs on them counted anew.

    A confirmation of a sure rate changes no price.

    Locks:  the rates, in id order
    """
    found = ExchangeRate.objects.filter(pk__in=rate_ids).order_by("pk")
    for row in found.select_for_update(of=["self"]):
        standing = _standing(row, now)
        if standing != row.standing:
            ExchangeRate.objects.filter(pk=row.pk).update(standing=standing)
        elif not is_news:
            continue
        hanging = Listing.objects.filter(_hanging_on(row), channel__currency=row.quote)
        touched = hanging.order_by("variant_id").values_list("variant_id", flat=True)
        repricing_queue.ask(variant_ids=touched.distinct(), now=now)


def _hanging_on(row: ExchangeRate) -> Q:
    """Ask for what is bought, or has a MAP, in that money, or may pay the flat duty in euros."""
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


def _standing(row: ExchangeRate, now: datetime) -> Standing:
    return worth(
        rate=row.rate, as_of=row.as_of, waiting=row.waiting_rate, limits=limits(), now=now
    ).standing


ACTOR = "fetch of rates"
MAX_BYTES = 1_000_000


def fetch(*, now: datetime) -> dict[str, int]:
    """Fetch the daily list of ``RATES_URL`` and take it in; without an address, do nothing.

    Raises: OutsideError          it cannot be fetched, now or at all
            UnreadableRatesError  it is no such list
            FutureRateError       it is of a day that has not come
    """
    url = settings.RATES_URL
    if not url:
        return {}
    content = download(url, max_bytes=MAX_BYTES).content
    source = urlsplit(url).hostname or "?"
    return take_in_daily(content=content, source=source, actor=ACTOR, now=now)
