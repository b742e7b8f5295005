"""Feed items: hold one variant as a feed shows it, trim its texts, check its GTIN. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape

from stdnum import ean

from storefront.lib.money import Money

# Limits of Google's product data specification; those of Meta and Microsoft are not lower.
MAX_TITLE, MAX_DESCRIPTION, MAX_BRAND, MAX_MPN = 150, 5000, 70, 70
MAX_PICTURES = 10  # beside the first one
MIN_HIGHLIGHTS, MAX_HIGHLIGHTS, MAX_HIGHLIGHT = 2, 10, 150
# Prefixes of GTIN-13 for restricted circulation and coupons: no manufacturer has them.
_RESTRICTED_PREFIXES = ("02", "04", "2", "98", "99")
_TAG = re.compile(r"<[^>]*>")
_BLOCK_END = re.compile(r"</(?:p|li|h\d|tr|div)>|<br\s*/?>", re.IGNORECASE)
_LAST_WORD = re.compile(r"\s+\S*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """The cheapest delivery of one unit to the country of the feed; days are whole days."""

    country: str
    price: Money
    handling_days: int
    min_transit_days: int
    max_transit_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One value of the specification table."""

    section: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One variant.

    Shape:  ``price`` is the regular price; ``sale_price`` is what it costs during ``sale_period``,
            and ``price`` is then the lowest price of the 30 days before; ``quantity`` is the most
            that one order may contain, 0 if it is sold out; ``group`` is the same for all variants
            of a product, and empty if color and size do not distinguish them
    """

    sku: str
    group: str
    title: str
    description: str
    url: str
    picture_urls: tuple[str, ...]
    quantity: int
    restock_on: date | None
    price: Money
    sale_price: Money | None
    sale_period: tuple[datetime, datetime] | None
    brand: str
    gtin: str
    mpn: str
    google_category: int
    product_type: str
    color: str
    size: str
    weight_g: int | None
    shipping: Shipping | None
    highlights: tuple[str, ...]
    details: tuple[Detail, ...]

    @property
    def current_price(self) -> Money:
        return self.sale_price or self.price


def manufacturer_gtin(gtin14: str) -> str:
    """Return a GTIN without padding; empty if no manufacturer can have it."""
    digits = gtin14.lstrip("0")
    length = next((each for each in (8, 12, 13, 14) if len(digits) <= each), 0)
    number = digits.zfill(length)
    if not digits or not ean.is_valid(number):
        return ""
    as_ean13 = number.zfill(13)[-13:]
    return "" if length != 8 and as_ean13.startswith(_RESTRICTED_PREFIXES) else number  # noqa: PLR2004


def plain_text(html: str) -> str:
    """Return the text of HTML; each block is a line."""
    text = unescape(_TAG.sub("", _BLOCK_END.sub("\n", html)))
    lines = (" ".join(line.split()) for line in _CONTROL.sub(" ", text).splitlines())
    return "\n".join(line for line in lines if line)


def trimmed(text: str, limit: int) -> str:
    """Return a text of at most ``limit`` characters, cut between words."""
    if len(text) <= limit:
        return text
    start = text[:limit]
    cut = _LAST_WORD.sub("", start)
    return f"{cut.rstrip(' ,.;:') if cut != start else start[:-1]}…"


def highlights(details: Iterable[Detail]) -> tuple[str, ...]:
    """Return the first details as sentences; none if there are fewer than a feed may have."""
    texts = [f"{each.name}: {each.value}" for each in details]
    short = tuple(text for text in texts if len(text) <= MAX_HIGHLIGHT)[:MAX_HIGHLIGHTS]
    return short if len(short) >= MIN_HIGHLIGHTS else ()
