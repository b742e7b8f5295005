"""Lenient parsing: repair JSON text, read numbers in text and times without a zone. Pure."""

import codecs
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Protocol

import msgspec

from catalog.records import ImportIssue
from storefront.lib.money import Money
from storefront.lib.text import drop_controls

MAX_NUMBER_LENGTH = 40
MAX_INTEGER = Decimal(10**18)
MAX_SKU_LENGTH = 60
MAX_URL_LENGTH = 500
MAX_PICTURES = 20

_sorted_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")


def text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def amount(value: Any) -> Decimal | None:
    """Parse one number; None for an empty value and for anything but a finite number."""
    if isinstance(value, bool) or value is None:
        return None
    number_text = str(value).strip()
    if len(number_text) > MAX_NUMBER_LENGTH:
        return None
    try:
        number = Decimal(number_text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def integer(value: Any) -> int | None:
    """Parse a whole number; None for a fraction and for anything but a number."""
    number = amount(value)
    if number is None or number != number.to_integral_value() or abs(number) > MAX_INTEGER:
        return None
    return int(number)


def timestamp(value: Any) -> datetime | None:
    """Parse a time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def cost(sku: str, value: Any, *, currency: str) -> Money | ImportIssue:
    if value is None or value == "":
        return ImportIssue(row=sku, code="cost-missing", message="The price is missing.")
    number = amount(value)
    if number is None:
        message = f"{str(value)[:40]!r} is not a price."
        return ImportIssue(row=sku, code="cost-unreadable", message=message)
    if number <= 0:
        return ImportIssue(row=sku, code="cost-not-positive", message=f"The price is {number}.")
    return Money(number, currency)


def picture_urls(urls: Iterable[str]) -> tuple[str, ...]:
    usable = (
        url
        for url in urls
        if url.startswith(("https://", "http://")) and len(url) <= MAX_URL_LENGTH
    )
    return tuple(dict.fromkeys(usable))[:MAX_PICTURES]


def digest(value: Any) -> str:
    """Return 32 characters that change with the value, but not with the order of its keys."""
    return blake2b(_sorted_encoder.encode(value), digest_size=16).hexdigest()


# Repairs of JSON: a parser rejects a document in which one string holds half a surrogate pair.
ESCAPE = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|(\\.)"
)
# The end of a chunk that may be the start of an escape, or of a pair of escapes.
PARTIAL_ESCAPE = re.compile(r"(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?$")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
SPACE_TABLE = str.maketrans("\t\n\r", "   ")
CHUNK = 65_536


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class RepairedJson:
    """A JSON file with invalid characters repaired.

    Broken UTF-8 becomes U+FFFD, line breaks and tabs become spaces. Other control characters and
    lone surrogate escapes are dropped.
    """

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._cut_off = ""

    def read(self, size: int = CHUNK) -> bytes:
        if size == 0:
            return b""
        while chunk := self._file.read(max(size, CHUNK)):
            text = self._cut_off + self._decoder.decode(chunk)
            self._cut_off = ""
            if "\\" in text[-12:]:
                end = _find_safe_cut(text)
                text, self._cut_off = text[:end], text[end:]
            if repaired := _repair(text):
                return repaired
        remaining, self._cut_off = self._cut_off + self._decoder.decode(b"", final=True), ""
        return _repair(remaining)


def repair_json(content: bytes) -> bytes:
    return _repair(content.decode("utf-8", "replace"))


def _repair(text: str) -> bytes:
    text = drop_controls(text).translate(SPACE_TABLE)
    if SURROGATE.search(text):
        text = ESCAPE.sub(lambda match: match[1] or match[3] or "", text)
    return text.encode()


def _find_safe_cut(text: str) -> int:
    """Return where the text can be cut without splitting an escape."""
    match = PARTIAL_ESCAPE.search(text, max(0, len(text) - 12))
    end = match.start() if match else len(text)
    backslashes = len(text[:end]) - len(text[:end].rstrip("\\"))
    return end - backslashes % 2
