"""Competitor sources: fetch the price list of each due source, import it.

A failed fetch or an invalid list changes no known price. The error is shown on the page of the
source, and the source is fetched again when it is due.
"""

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from django.db.models.functions import Least

from catalog.competitors import labels, price_import
from catalog.competitors.csv_format import UnreadableFileError
from catalog.competitors.matching import ImplausibleListError
from catalog.competitors.price_import import ImportResult
from catalog.enums import ListFormat
from catalog.models import CompetitorPriceList, CompetitorSource
from catalog.models.competitors import SourceType
from storefront.lib.http.download import download
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.http.redaction import redact
from storefront.lib.http.responses import ServiceResponse
from storefront.lib.security.encryption import DecryptionError, decrypt

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 60.0
SECRET_KEY = "value"  # noqa: S105 - key of the secret in the encrypted value
VALIDATOR_HEADERS = {"etag": "if-none-match", "modified": "if-modified-since"}
MAX_VALIDATOR_LENGTH = 200
MAX_PROBLEM_LENGTH = 300
# Cache validators may be wrong: fetch the full list once a day.
FULL_FETCH_EVERY = timedelta(days=1)
# Retry a temporary failure sooner than the next interval.
RETRY_AFTER = timedelta(minutes=30)


class NothingImportedError(ValueError):
    """No line of a list could be imported; the message says why the first line was rejected."""


# Errors that are shown on the source and change nothing.
EXPECTED_ERRORS = (
    ExternalServiceError,
    UnreadableFileError,
    ImplausibleListError,
    NothingImportedError,
    DecryptionError,
)


def due_sources(*, now: datetime) -> list[int]:
    due = CompetitorSource.objects.filter(is_enabled=True, due_at__lte=now)
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True))


def make_due(*, source: CompetitorSource, now: datetime) -> None:
    CompetitorSource.objects.filter(pk=source.pk).update(due_at=now)


def fetch_source(*, source_id: int, now: datetime) -> ImportResult | None:
    """Fetch a due source and import its list; None if it is not due, unchanged, or failed.

    Of several concurrent calls only one fetches. Safe to repeat after a crash. Unexpected errors
    are recorded and raised.
    Raises: OpenTransactionError
    """
    source = _claim(source_id, now)
    if source is None:
        return None
    secret = ""
    try:
        secret = str(decrypt(source.secret_encrypted).get(SECRET_KEY, ""))
        answer = _download(source, secret, now)
        result = None if answer is None else _import(source, answer, secret, now)
    except EXPECTED_ERRORS as error:
        # The error quotes the list, and a server may echo our secret.
        why = str(error)
        if isinstance(error, UnreadableFileError):
            why = labels.message(error.code, error.values)
        _record_failure(source, redact(why, _spellings(secret)), now)
        if isinstance(error, TemporaryError):
            row = CompetitorSource.objects.filter(pk=source.pk)
            row.update(due_at=Least("due_at", now + RETRY_AFTER))
        return None
    except Exception as error:
        _record_failure(source, f"Unexpected error: {type(error).__name__}.", now)
        raise
    CompetitorSource.objects.filter(pk=source.pk).update(
        last_success_at=now, problem="", failing_since=None
    )
    return result


def _record_failure(source: CompetitorSource, message: str, now: datetime) -> None:
    log.warning("no prices fetched from %s: %s", source, message)
    CompetitorSource.objects.filter(pk=source.pk).update(
        problem=message[:MAX_PROBLEM_LENGTH], failing_since=source.failing_since or now
    )


def _spellings(secret: str) -> list[str]:
    """Return a secret as it is, and as JSON or CSV would quote it."""
    return [secret, json.dumps(secret)[1:-1], secret.replace('"', '""')]


def _claim(source_id: int, now: datetime) -> CompetitorSource | None:
    source = CompetitorSource.objects.filter(pk=source_id, is_enabled=True, due_at__lte=now).first()
    if source is None:
        return None
    then = now + timedelta(minutes=source.interval_minutes)
    due = CompetitorSource.objects.filter(pk=source.pk, is_enabled=True, due_at=source.due_at)
    return source if due.update(due_at=then, last_fetch_at=now) else None


def _download(source: CompetitorSource, secret: str, now: datetime) -> ServiceResponse | None:
    """Fetch the list of a source; return None if it is unchanged."""
    known = _validators(source)
    is_recent = bool(known) and now - datetime.fromisoformat(known["at"]) < FULL_FETCH_EVERY
    conditions = {
        header: known[mark]
        for mark, header in VALIDATOR_HEADERS.items()
        if is_recent and known.get(mark)
    }
    answer = download(
        source.url,
        headers={**conditions, **({source.header: secret} if source.header else {})},
        max_bytes=price_import.MAX_BYTES,
        read_s=READ_TIMEOUT_S,
        total_s=TOTAL_TIMEOUT_S,
        secrets=[secret] if secret else [],
    )
    if answer.status != HTTPStatus.NOT_MODIFIED:
        return answer
    if not conditions:
        raise UnreadableFileError("nothing_to_keep")
    return None


def _validators(source: CompetitorSource) -> dict[str, str]:
    """Return the stored validators; empty if the URL or the format changed since."""
    known = source.validators
    is_same = (known.get("url"), known.get("list_format")) == (source.url, source.list_format)
    return known if is_same else {}


def _import(
    source: CompetitorSource, answer: ServiceResponse, secret: str, now: datetime
) -> ImportResult:
    _reject_truncated(source, answer)
    marks = {
        "url": source.url,
        "list_format": source.list_format,
        "at": now.isoformat(),
        "digest": hashlib.sha256(answer.content).hexdigest(),
    }
    as_of = _last_modified(answer.headers.get("last-modified", ""), now)
    file = _store(source, answer.content, marks["digest"], secret=secret, as_of=as_of, now=now)
    row = CompetitorSource.objects.filter(pk=source.pk)
    try:
        result = price_import.import_list(
            file=file, actor=file.received_by, now=now, is_previewed=False
        )
    except ImplausibleListError:
        # No cache validators are stored, so that the list is fetched and checked again. If its
        # content is still the same, ``_store`` updates this row instead of adding one.
        row.update(validators=marks, last_file=file)
        raise
    if result.outcomes:
        # Cache validators are stored only now: after a crash or an empty import, the list is
        # fetched again.
        marks |= {
            "etag": _validator(answer, "etag"),
            "modified": _validator(answer, "last-modified"),
        }
    row.update(validators=marks, last_file=file)
    if not result.outcomes:
        first = result.rejected[0]
        why = labels.message(first.code, first.values)
        raise NothingImportedError(f"All rows were rejected. Row {first.number}: {why}")
    return result


def _validator(answer: ServiceResponse, header: str) -> str:
    """Return a validator that can be sent back unchanged; empty if it cannot."""
    value = answer.headers.get(header, "")
    return (
        value
        if value.isascii() and value.isprintable() and len(value) <= MAX_VALIDATOR_LENGTH
        else ""
    )


def _reject_truncated(source: CompetitorSource, answer: ServiceResponse) -> None:
    """Reject a list that may be truncated: its last price could lack a digit.

    Raises: UnreadableFileError
    """
    is_measured = any(name in answer.headers for name in ("content-length", "transfer-encoding"))
    is_ended = answer.content.endswith((b"\n", b"\r"))
    if source.list_format == ListFormat.CSV and not is_measured and not is_ended:
        raise UnreadableFileError("cut_off")


def _store(  # noqa: PLR0913 - source, content, digest, secret, dates
    source: CompetitorSource,
    content: bytes,
    digest: str,
    *,
    secret: str,
    as_of: datetime | None,
    now: datetime,
) -> CompetitorPriceList:
    """Store a list, or update the last one if the content is the same. Raises UnreadableFileError."""
    last = source.last_file if _validators(source).get("digest") == digest else None
    if last is not None and last.content:
        last.received_at, last.as_of = now, as_of
        last.save(update_fields=["received_at", "as_of"])
        return last
    return price_import.store_list(
        name=source.name,
        content=content,
        actor=f"source {source.name}",
        list_format=ListFormat(source.list_format),
        source_type=SourceType.FETCHED,
        as_of=as_of,
        now=now,
        hidden=_spellings(secret),
    )


def _last_modified(modified: str, now: datetime) -> datetime | None:
    """Return the Last-Modified time, at most ``now``; None if it is missing or invalid."""
    try:
        moment = parsedate_to_datetime(modified)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(moment, now)
