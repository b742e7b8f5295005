"""Competitor sources: fetch the price list of each due source, import it.

A failed fetch or an invalid list changes no known price. The error is shown on the page of the
source, and the source is fetched again when it is due.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from django.db.models.functions import Least

from catalog.competitors import labels, price_import
from catalog.competitors.csv_format import UnreadableFileError
from catalog.competitors.matching import DoubtfulListError
from catalog.competitors.price_import import Taken
from catalog.enums import Dialect
from catalog.models import CompetitorFile, CompetitorSource
from catalog.models.competitors import CameBy
from storefront.lib.http.download import download
from storefront.lib.http.errors import OutsideError, TemporaryError
from storefront.lib.http.redaction import without
from storefront.lib.http.responses import Exchange
from storefront.lib.security.encryption import BrokenSealError, unseal

log = logging.getLogger(__name__)

READ_S = 10.0
TOTAL_S = 60.0
SECRET = "value"  # noqa: S105 - key of the secret in the encrypted value
CONDITIONS = {"etag": "if-none-match", "modified": "if-modified-since"}
LONGEST_MARK = 200
LONGEST_PROBLEM = 300
# Cache validators may be wrong: fetch the full list once a day.
BELIEVED = timedelta(days=1)
# Retry a temporary failure sooner than the next interval.
AGAIN = timedelta(minutes=30)


class NothingCountsError(ValueError):
    """No line of a list could be imported; the message gives the reason for the first."""


# Errors that are shown on the source and change nothing.
SPOKEN = (
    OutsideError,
    UnreadableFileError,
    DoubtfulListError,
    NothingCountsError,
    BrokenSealError,
)


def due(*, now: datetime) -> list[int]:
    """Return the sources that are due."""
    found = CompetitorSource.objects.filter(is_on=True, due_at__lte=now)
    return list(found.order_by("due_at", "pk").values_list("pk", flat=True))


def ask_soon(*, source: CompetitorSource, now: datetime) -> None:
    """Make a source due now."""
    CompetitorSource.objects.filter(pk=source.pk).update(due_at=now)


def fetch(*, source_id: int, now: datetime) -> Taken | None:
    """Fetch a due source and import its list; return None if that brought nothing.

    One of several concurrent calls fetches. Safe to repeat after a crash. Unexpected errors are
    recorded and raised.
    Raises: HeldTransactionError
    """
    source = _claimed(source_id, now)
    if source is None:
        return None
    secret = ""
    try:
        secret = str(unseal(source.secret_sealed).get(SECRET, ""))
        answer = _asked(source, secret, now)
        taken = None if answer is None else _taken_in(source, answer, secret, now)
    except SPOKEN as error:
        # The error quotes the list, and a server may echo our secret.
        why = str(error)
        if isinstance(error, UnreadableFileError):
            why = labels.words(error.code, error.values)
        _note(source, without(why, _spellings(secret)), now)
        if isinstance(error, TemporaryError):
            asked = CompetitorSource.objects.filter(pk=source.pk)
            asked.update(due_at=Least("due_at", now + AGAIN))
        return None
    except Exception as error:
        _note(source, f"Unexpected error: {type(error).__name__}.", now)
        raise
    CompetitorSource.objects.filter(pk=source.pk).update(
        heard_at=now, problem="", failing_since=None
    )
    return taken


def _note(source: CompetitorSource, words: str, now: datetime) -> None:
    log.warning("no prices fetched from %s: %s", source, words)
    CompetitorSource.objects.filter(pk=source.pk).update(
        problem=words[:LONGEST_PROBLEM], failing_since=source.failing_since or now
    )


def _spellings(secret: str) -> list[str]:
    """Return a secret as it is, and as JSON or CSV would quote it."""
    return [secret, json.dumps(secret)[1:-1], secret.replace('"', '""')]


def _claimed(source_id: int, now: datetime) -> CompetitorSource | None:
    source = CompetitorSource.objects.filter(pk=source_id, is_on=True, due_at__lte=now).first()
    if source is None:
        return None
    then = now + timedelta(minutes=source.every_min)
    mine = CompetitorSource.objects.filter(pk=source.pk, is_on=True, due_at=source.due_at)
    return source if mine.update(due_at=then, asked_at=now) else None


def _asked(source: CompetitorSource, secret: str, now: datetime) -> Exchange | None:
    """Fetch the list of a source; return None if it is unchanged."""
    known = _known(source)
    is_believed = bool(known) and now - datetime.fromisoformat(known["at"]) < BELIEVED
    conditions = {
        header: known[mark]
        for mark, header in CONDITIONS.items()
        if is_believed and known.get(mark)
    }
    answer = download(
        source.url,
        headers={**conditions, **({source.header: secret} if source.header else {})},
        max_bytes=price_import.MOST_BYTES,
        read_s=READ_S,
        total_s=TOTAL_S,
        hidden=[secret] if secret else [],
    )
    if answer.status != HTTPStatus.NOT_MODIFIED:
        return answer
    if not conditions:
        raise UnreadableFileError("nothing_to_keep")
    return None


def _known(source: CompetitorSource) -> dict[str, str]:
    """Return the stored validators of this url and format."""
    known = source.remembered
    is_same = (known.get("url"), known.get("dialect")) == (source.url, source.dialect)
    return known if is_same else {}


def _taken_in(source: CompetitorSource, answer: Exchange, secret: str, now: datetime) -> Taken:
    _refuse_cut_off(source, answer)
    marks = {
        "url": source.url,
        "dialect": source.dialect,
        "at": now.isoformat(),
        "digest": hashlib.sha256(answer.content).hexdigest(),
    }
    as_of = _age(answer.headers.get("last-modified", ""), now)
    file = _kept(source, answer.content, marks["digest"], secret=secret, as_of=as_of, now=now)
    asked = CompetitorSource.objects.filter(pk=source.pk)
    try:
        taken = price_import.take_in(file=file, actor=file.received_by, now=now, is_looked_at=False)
    except DoubtfulListError:
        # The same content is the same list; it is fetched and checked again.
        asked.update(remembered=marks, last_file=file)
        raise
    if taken.became:
        # Stored last: after a crash or an empty import the list is fetched again.
        marks |= {"etag": _mark(answer, "etag"), "modified": _mark(answer, "last-modified")}
    asked.update(remembered=marks, last_file=file)
    if not taken.became:
        first = taken.refused[0]
        why = labels.words(first.code, first.values)
        raise NothingCountsError(f"All rows were rejected. Row {first.number}: {why}")
    return taken


def _mark(answer: Exchange, header: str) -> str:
    """Return a validator that can be sent back unchanged; empty if it cannot."""
    told = answer.headers.get(header, "")
    return told if told.isascii() and told.isprintable() and len(told) <= LONGEST_MARK else ""


def _refuse_cut_off(source: CompetitorSource, answer: Exchange) -> None:
    """Reject a list that may be truncated: its last price could lack a digit.

    Raises: UnreadableFileError
    """
    is_measured = any(name in answer.headers for name in ("content-length", "transfer-encoding"))
    is_ended = answer.content.endswith((b"\n", b"\r"))
    if source.dialect == Dialect.CSV and not is_measured and not is_ended:
        raise UnreadableFileError("cut_off")


def _kept(  # noqa: PLR0913 - what, from whom, and how old it is
    source: CompetitorSource,
    content: bytes,
    digest: str,
    *,
    secret: str,
    as_of: datetime | None,
    now: datetime,
) -> CompetitorFile:
    """Store a list as received; the same content again updates the stored list.

    Raises: UnreadableFileError  no price list
    """
    last = source.last_file if _known(source).get("digest") == digest else None
    if last is not None and last.content:
        last.received_at, last.as_of = now, as_of
        last.save(update_fields=["received_at", "as_of"])
        return last
    return price_import.receive(
        name=source.name,
        content=content,
        actor=f"source {source.name}",
        dialect=Dialect(source.dialect),
        came_by=CameBy.FETCHED,
        as_of=as_of,
        now=now,
        hidden=_spellings(secret),
    )


def _age(modified: str, now: datetime) -> datetime | None:
    """Return since when a list is unchanged, None if the server does not say."""
    try:
        told = parsedate_to_datetime(modified)
    except (ValueError, OverflowError):
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return min(told, now)
