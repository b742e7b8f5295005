"""Recognition: find the carrier of a tracking number, or say that it is undecided. Pure.

A number alone decides only if its format is the carrier's own and its check digit, if it has one,
is right. A format that several carriers share decides nothing without the supplier's wording. What
contradicts is reported as a finding, never resolved silently.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from shipping.carriers.check_digits import is_valid
from shipping.carriers.numbers import normalize_number
from shipping.carriers.registry import (
    BY_CODE,
    NUMBER_FORMATS,
    Carrier,
    NumberFormat,
    clean_name,
    find_by_name,
)

_MAX_CACHED = 4096


class Finding(StrEnum):
    """What staff have to decide: the values of ``Parcel.CarrierFinding``."""

    NONE = ""
    UNDECIDED = "undecided"
    CHECK_DIGIT = "check_digit"
    OTHER_CARRIER = "other_carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The carrier of a number. ``carrier`` is None if undecided, ``candidates`` are possible then.

    ``name`` is what to call the carrier: its own name, or what the supplier wrote.
    """

    number: str
    carrier: Carrier | None
    candidates: tuple[Carrier, ...]
    finding: Finding
    name: str


@dataclass(frozen=True, slots=True)
class _Reading:
    """The carriers whose formats a number has, by how much that proves."""

    own: tuple[Carrier, ...] = ()
    shared: tuple[Carrier, ...] = ()
    # A published check digit is wrong; of these, the formats that are a carrier's own.
    wrong: tuple[Carrier, ...] = ()
    wrong_own: tuple[Carrier, ...] = ()
    is_postal: bool = False

    @property
    def possible(self) -> tuple[Carrier, ...]:
        return _unique((*self.own, *self.shared))


def recognize(number: str, *, country: str = "", wording: str = "") -> Recognition:
    """Recognize the carrier of a parcel.

    ``country`` is where the parcel is delivered, ``wording`` what the supplier calls the carrier.
    Raises: InvalidTrackingNumberError
    """
    normalized = normalize_number(number)
    reading = _read(normalized)
    named = find_by_name(wording, country=country)
    if named:
        carrier, candidates, finding = _decide_named(reading, named, country)
    else:
        carrier, candidates, finding = _decide_unnamed(reading, country)
    if carrier is not None:
        name = carrier.name
    elif len(named) == 1:
        name = named[0].name
    else:
        name = clean_name(wording)
    if carrier is None and finding == Finding.NONE:
        finding = Finding.UNDECIDED
    return Recognition(
        number=normalized,
        carrier=carrier,
        candidates=_unique(candidates) if carrier is None else (carrier,),
        finding=finding,
        name=name,
    )


@lru_cache(maxsize=_MAX_CACHED)
def _read(number: str) -> _Reading:
    own: list[Carrier] = []
    shared: list[Carrier] = []
    wrong: list[Carrier] = []
    wrong_own: list[Carrier] = []
    is_postal = False
    for format_ in NUMBER_FORMATS:
        match = format_.pattern.fullmatch(number)
        if match is None:
            continue
        if not format_.check or is_valid(format_.check, match[1], match[2]):
            (own if format_.is_own else shared).append(format_.carrier)
            is_postal = is_postal or _is_postal(format_)
        elif format_.is_published:
            wrong.append(format_.carrier)
            wrong_own.extend([format_.carrier] if format_.is_own else [])
        else:
            # The rule is not certain enough to call the number wrong.
            shared.append(format_.carrier)
    return _Reading(
        own=_unique(own),
        shared=_unique(shared),
        wrong=_unique(carrier for carrier in wrong if carrier not in (*own, *shared)),
        wrong_own=_unique(carrier for carrier in wrong_own if carrier not in own),
        is_postal=is_postal,
    )


def _is_postal(format_: NumberFormat) -> bool:
    """Return whether postal operators of all countries track such numbers."""
    return format_.check == "s10" and format_.carrier.kind != "forwarder"


type _Decision = tuple[Carrier | None, tuple[Carrier, ...], Finding]


def _decide_unnamed(reading: _Reading, country: str) -> _Decision:
    own = reading.own if reading.is_postal else _deliverers(reading.own, country)
    if len(own) == 1:
        return own[0], own, Finding.NONE
    if own:
        return _common_group(own), own, Finding.NONE
    if reading.wrong_own:
        return None, reading.wrong_own, Finding.CHECK_DIGIT
    return None, _deliverers(reading.shared, country), Finding.NONE


def _decide_named(reading: _Reading, named: tuple[Carrier, ...], country: str) -> _Decision:
    """Decide with the supplier's wording: it must fit the number, or the number decides nothing."""
    own = tuple(each for each in reading.own if _is_one_of(each, named))
    fitting = own or tuple(each for each in reading.shared if _is_one_of(each, named))
    if fitting:
        if len(fitting) == 1 and (own or fitting[0] in named):
            return fitting[0], fitting, Finding.NONE
        return (named[0] if len(named) == 1 else None), fitting, Finding.NONE
    if reading.own:
        return _decide_foreign(reading, named, country)
    if any(_is_one_of(each, named) for each in reading.wrong) or reading.wrong_own:
        return None, named, Finding.CHECK_DIGIT
    # No format of the carrier fits, but not all are known: the supplier's word stands.
    return (named[0] if len(named) == 1 else None), named, Finding.NONE


def _decide_foreign(reading: _Reading, named: tuple[Carrier, ...], country: str) -> _Decision:
    """Decide a number that is another carrier's own. Carriers that hand over may use such."""
    if reading.is_postal and len(named) == 1 and named[0].kind == "post":
        if country in named[0].countries:
            return named[0], named, Finding.NONE
        return None, (*named, *reading.own), Finding.NONE
    if any(each.kind == "forwarder" for each in (*named, *reading.own)):
        return None, (*named, *reading.own), Finding.NONE
    return None, (*named, *reading.own), Finding.OTHER_CARRIER


def _is_one_of(carrier: Carrier, named: Iterable[Carrier]) -> bool:
    """Return whether a carrier is named, itself or with its group."""
    return any(each in (carrier, BY_CODE.get(carrier.group)) for each in named)


def _common_group(carriers: tuple[Carrier, ...]) -> Carrier | None:
    """Return the carrier that stands for all of these, if there is one."""
    groups = {carrier.group or carrier.code for carrier in carriers}
    return BY_CODE[groups.pop()] if len(groups) == 1 else None


def _deliverers(carriers: tuple[Carrier, ...], country: str) -> tuple[Carrier, ...]:
    """Return the carriers that deliver in a country; all of them if none is known to do so."""
    local = tuple(
        each for each in carriers if not country or not each.countries or country in each.countries
    )
    return local or carriers


def _unique(carriers: Iterable[Carrier]) -> tuple[Carrier, ...]:
    return tuple(dict.fromkeys(carriers))
