"""Carriers: load them with their number formats and tracking pages, find them by name. Pure.

The data is in ``data/*.tsv``; each format and page names its source. ``evidence`` is "published" if
the carrier or a standard states the rule, "observed" if it only shows in public tracking numbers.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_NAME_LENGTH = 40
UNNAMED = "Carrier"
_DATA = Path(__file__).with_name("data")
_UNSAFE_IN_NAMES = re.compile(r"[^\w .&+/()-]+")
_MAX_WORDING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A carrier. ``countries`` is empty if it delivers in many countries.

    ``kind``: "post", "express", "parcel", or "forwarder": it hands parcels over to another carrier.
    An alias that is also a common word begins with "=": it must be all that the supplier wrote.
    ``group`` is the code of a carrier that stands for several, such as DHL for DHL Express.
    """

    code: str
    name: str
    kind: str
    group: str
    countries: frozenset[str]
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """A format of tracking numbers; its groups are what is checked, and the check digit.

    ``is_own`` is true if no other carrier in the data uses such numbers, except those that have
    the same format.
    """

    carrier: Carrier
    pattern: re.Pattern[str]
    is_own: bool
    check: str
    is_published: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPage:
    """A tracking page. Empty ``countries`` or ``languages`` mean any; "*" is any known country."""

    carrier: Carrier
    countries: frozenset[str]
    languages: frozenset[str]
    url: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


CARRIERS = tuple(
    Carrier(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        group=row["group"],
        countries=frozenset(row["countries"].split()),
        aliases=tuple(filter(None, row["aliases"].split("|"))),
    )
    for row in _rows("carriers.tsv")
)
BY_CODE = {carrier.code: carrier for carrier in CARRIERS}
BY_NAME = {carrier.name: carrier for carrier in CARRIERS}
NUMBER_FORMATS = tuple(
    NumberFormat(
        carrier=BY_CODE[row["carrier"]],
        pattern=re.compile(row["pattern"]),
        is_own=row["own"] == "yes",
        check=row["check"],
        is_published=row["evidence"] == "published",
        source=row["source"],
    )
    for row in _rows("number_formats.tsv")
)
TRACKING_PAGES = tuple(
    TrackingPage(
        carrier=BY_CODE[row["carrier"]],
        countries=frozenset(row["countries"].split()),
        languages=frozenset(row["languages"].split()),
        url=row["url"],
    )
    for row in _rows("tracking_pages.tsv")
)


def clean_name(wording: str) -> str:
    """Return an unknown carrier's name without unsafe characters, at most 40 characters long."""
    words = _UNSAFE_IN_NAMES.sub(" ", wording).split()
    return " ".join(words)[:MAX_NAME_LENGTH].strip() or UNNAMED


def standard_name(wording: str) -> str:
    """Return the name of the carrier that a supplier names; an unknown name is only cleaned."""
    named = find_by_name(wording)
    return named[0].name if len(named) == 1 else clean_name(wording)


def find_by_name(wording: str, *, country: str = "") -> tuple[Carrier, ...]:
    """Return the carriers that a supplier's wording names, such as "DHL Paket, insured".

    A longer name hides those inside it. One name may stand for carriers of different countries;
    the country of delivery then decides, if it can.
    """
    found: dict[str, Carrier] = {}
    for match in _NAMES.finditer(_fold(wording[:_MAX_WORDING])):
        carriers = _BY_FOLDED_NAME[match[0].replace(" ", "")]
        local = [carrier for carrier in carriers if country in carrier.countries]
        found |= {carrier.code: carrier for carrier in local or carriers}
    return tuple(found.values())


def _fold(name: str) -> str:
    """Return a name in lower case without accents and punctuation: "Österr. Post" → "osterr post"."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ı", "i").replace("ə", "e"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(re.sub(r"[\W_]+", " ", letters).split())


def _index_names() -> tuple[dict[str, list[Carrier]], re.Pattern[str]]:
    carriers: dict[str, list[Carrier]] = defaultdict(list)
    patterns = set()
    for carrier in CARRIERS:
        exact = {_fold(alias) for alias in carrier.aliases if alias.startswith("=")}
        for folded in {_fold(name) for name in (carrier.name, carrier.code, *carrier.aliases)}:
            carriers[folded.replace(" ", "")].append(carrier)
            # A name in Chinese has no spaces around it.
            edge = r"\b" if folded.isascii() else ""
            pattern = edge + re.escape(folded).replace(r"\ ", " ?") + edge
            patterns.add(rf"\A{pattern}\Z" if folded in exact else pattern)
    longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
    return dict(carriers), re.compile("|".join(longest_first))


_BY_FOLDED_NAME, _NAMES = _index_names()
