"""Stripe parsing: convert the library's answers to our objects, read webhook events."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from orders.gateways.stripe.objects import Event
from storefront.lib.http.errors import PermanentError, TemporaryError

CHECKOUT_LOCALES = frozenset(
    [
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
        "ms",
        "mt",
        "nb",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sv",
        "th",
        "tr",
        "vi",
        "zh",
    ]
)


def read_event(body: bytes) -> Event:
    """Read the body of a webhook.

    Raises: PermanentError  it is no event
    """
    try:
        return msgspec.json.decode(body, type=Event)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PermanentError(f"stripe: event not understood: {error}") from error


class Answer(Protocol):
    """An object of Stripe's library, which only the gateway imports: it takes 3 MB."""

    def to_dict(self) -> dict[str, Any]: ...


def locale_of(language: str) -> Any:
    """Return Checkout's locale for a language; "auto", the browser's, for one it lacks."""
    return language[:2] if language[:2] in CHECKOUT_LOCALES else "auto"


def parse[T](kind: type[T], answer: Answer) -> T:
    return _convert(kind, answer.to_dict())


def parse_list[T](kind: type[T], answer: Answer) -> list[T]:
    rows: Mapping[str, Any] = answer.to_dict()
    return [_convert(kind, row) for row in rows.get("data", [])]


def has_more(answer: Answer) -> bool:
    return bool(answer.to_dict().get("has_more"))


def _convert[T](kind: type[T], row: Any) -> T:
    try:
        return msgspec.convert(row, type=kind)
    except msgspec.ValidationError as error:
        raise unreadable(str(error)) from error


def unreadable(what: str) -> TemporaryError:
    return TemporaryError(f"stripe: {what}", is_outcome_unknown=True)
