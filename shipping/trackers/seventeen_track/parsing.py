"""17TRACK parsing: decode the answers and webhooks of 17TRACK. Pure.

Answers are ``{"code", "data": {"accepted", "rejected"}}``, both for registrations and reports. All
sizes are limited, because an answer is not trusted.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shipping.shipments.event_sources import PROVIDER
from shipping.shipments.statuses import TrackingUpdate
from shipping.trackers.base import RegistrationResult, TrackingReport
from shipping.trackers.seventeen_track.statuses import status_of
from storefront.lib.http.errors import PermanentError, TemporaryError

ALREADY_REGISTERED = -18019901
NOT_REGISTERED = -18019902
NO_INFORMATION_YET = -18019909
# The account's quota of registrations is used up, for today or until more is bought.
QUOTA_ERRORS = frozenset({-18019907, -18019908})
INTERNAL_ERROR = -18010003
UPDATED, STOPPED = "TRACKING_UPDATED", "TRACKING_STOPPED"
MAX_EVENTS = 500

type Text = Annotated[str, Meta(max_length=2000)]


class Problem(msgspec.Struct, frozen=True):
    code: int = 0
    message: Text = ""


class Item(msgspec.Struct, frozen=True):
    """One accepted or rejected number of an answer."""

    number: Annotated[str, Meta(max_length=100)]
    tag: Text | None = None
    carrier: int | None = None
    track_info: Any = None
    error: Problem = Problem()


class Data(msgspec.Struct, frozen=True):
    accepted: list[Item] = msgspec.field(default_factory=list)
    rejected: list[Item] = msgspec.field(default_factory=list)
    errors: list[Problem] = msgspec.field(default_factory=list)


class Answer(msgspec.Struct, frozen=True):
    code: int
    data: Data | None = None


class Event(msgspec.Struct, frozen=True):
    time_utc: Text | None = None
    time_iso: Text | None = None
    description: Text | None = None
    description_translation: Any = None
    location: Text | None = None
    stage: Text | None = None
    sub_status: Text | None = None


class Carrier(msgspec.Struct, frozen=True):
    key: int = 0
    name: Text | None = None


class Leg(msgspec.Struct, frozen=True):
    """The events of one carrier; the first leg is that of the registered carrier."""

    provider: Carrier = Carrier()
    events: list[Event] = msgspec.field(default_factory=list)


class Tracking(msgspec.Struct, frozen=True):
    providers: list[Leg] = msgspec.field(default_factory=list)


class TrackInfo(msgspec.Struct, frozen=True):
    tracking: Tracking | None = None


class Webhook(msgspec.Struct, frozen=True):
    event: Text
    data: Any = None


def read_registrations(answer: Any) -> list[RegistrationResult]:
    """Return the result for each number. Raises TemporaryError, PermanentError."""
    data = _data(answer)
    results = [
        RegistrationResult(number=item.number, carrier_code=_code(item.carrier))
        for item in data.accepted
    ]
    for item in data.rejected:
        is_known = item.error.code == ALREADY_REGISTERED
        results.append(
            RegistrationResult(
                number=item.number,
                carrier_code=_code(item.carrier),
                problem="" if is_known else _text_of(item.error),
                is_quota_used_up=item.error.code in QUOTA_ERRORS,
            )
        )
    return results


def read_reports(answer: Any) -> list[TrackingReport]:
    """Return the reports of an answer; a number without information yet has an empty one.

    Raises: TemporaryError, PermanentError
    """
    data = _data(answer)
    known = [_report(item) for item in data.accepted]
    return known + [
        TrackingReport(number=item.number, is_registered=item.error.code != NOT_REGISTERED)
        for item in data.rejected
        if item.error.code in {NOT_REGISTERED, NO_INFORMATION_YET}
    ]


def read_webhook(body: bytes) -> TrackingReport | None:
    """Return the report of a webhook, None for an unknown event. Raises PermanentError."""
    try:
        webhook = msgspec.json.decode(body, type=Webhook)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PermanentError(f"malformed payload: {error}", code="malformed") from error
    if webhook.event not in {UPDATED, STOPPED}:
        return None
    return _report(_converted(webhook.data, Item), has_ended=webhook.event == STOPPED)


def _data(answer: Any) -> Data:
    decoded = _converted(answer, Answer)
    problems = decoded.data.errors if decoded.data else []
    if decoded.code or problems or decoded.data is None:
        problem = problems[0] if problems else Problem(code=decoded.code)
        kind = TemporaryError if problem.code == INTERNAL_ERROR else PermanentError
        raise kind(_text_of(problem), code=str(problem.code))
    return decoded.data


def _report(item: Item, *, has_ended: bool = False) -> TrackingReport:
    info = TrackInfo() if item.track_info is None else _converted(item.track_info, TrackInfo)
    legs = info.tracking.providers if info.tracking else []
    events = [event for leg in legs for event in leg.events]
    return TrackingReport(
        number=item.number,
        reference=item.tag or "",
        carrier_code=_code(item.carrier) or (_code(legs[0].provider.key) if legs else 0),
        carrier_name=((legs[0].provider.name or "") if legs else "")[:60],
        updates=tuple(_update(event) for event in events[:MAX_EVENTS]),
        has_ended=has_ended,
    )


def _update(event: Event) -> TrackingUpdate:
    text, place = event.description or "", event.location or ""
    happened_at = _moment(event.time_utc) or _moment(event.time_iso)
    # The status is no part of the id: 17TRACK may classify an event again.
    when = happened_at.isoformat() if happened_at else ""
    digest = hashlib.sha256(f"{when}\n{text}\n{place}".encode("utf-8", "replace")).hexdigest()
    return TrackingUpdate(
        status=status_of(sub_status=event.sub_status or "", stage=event.stage or "", text=text),
        text=_translation(event.description_translation) or text,
        place=place,
        happened_at=happened_at,
        external_id=f"17track:{digest[:40]}",
        source=PROVIDER,
    )


def _translation(translation: Any) -> str:
    text = translation.get("description") if isinstance(translation, dict) else None
    return text if isinstance(text, str) else ""


def _moment(text: str | None) -> datetime | None:
    """Parse a time; one without a zone is UTC. None if it is missing or malformed."""
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _code(carrier: int | None) -> int:
    return carrier if carrier and 0 < carrier < 2**31 else 0


def _text_of(problem: Problem) -> str:
    return f"17TRACK {problem.code}: {problem.message}"[:300]


def _converted[T](value: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(value, type=kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PermanentError(f"malformed answer: {error}", code="malformed") from error
