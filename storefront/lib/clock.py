"""Clock: make a clock that starts at a given time, find midnight; format a moment in a country's time zone."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime
from django.utils import timezone

type Clock = Callable[[], datetime]
UTC = ZoneInfo("UTC")
_ABBREVIATION = re.compile("[A-Z]{2,5}")
# Countries with several time zones: the zone where most people live.
_MAIN_ZONES = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "KZ": "Asia/Almaty",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}


def running_clock(now: datetime) -> Clock:
    """Return a clock that starts at ``now`` and advances with real time.

    Use it for work that waits for external services, so that later writes get their true time.
    """
    started_ns = time.monotonic_ns()

    def clock() -> datetime:
        return now + timedelta(microseconds=(time.monotonic_ns() - started_ns) // 1000)

    return clock


def midnight(day: date) -> datetime:
    """Return the start of a day in the active time zone."""
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


@lru_cache(maxsize=300)
def time_zone_of(country: str) -> ZoneInfo:
    """Return the main time zone of a country; UTC if it has several and none is listed."""
    name = _MAIN_ZONES.get(country)
    if name is None:
        names = [zone for zone, owner in get_global("zone_territories").items() if owner == country]
        name = names[0] if len(names) == 1 else "UTC"
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:  # the machine has no time zone files
        return UTC


@lru_cache(maxsize=300)
def time_zones_of(country: str) -> tuple[ZoneInfo, ...]:
    """Return all time zones of a country; UTC if it is unknown."""
    zones = get_global("zone_territories").items()
    names = sorted(name for name, owner in zones if owner == country)
    known = []
    for name in names:
        with suppress(ZoneInfoNotFoundError):
            known.append(ZoneInfo(name))
    return tuple(known) or (UTC,)


def format_local(at: datetime, pattern: str, *, country: str, locale: Locale) -> str:
    """Format a moment in the time zone of a country, with the zone: 14:35 CET."""
    here = at.astimezone(time_zone_of(country))
    written = format_datetime(here, pattern, tzinfo=here.tzinfo, locale=locale)
    name = format_datetime(here, "z", tzinfo=here.tzinfo, locale=locale)
    return f"{written} {name if _ABBREVIATION.fullmatch(name) else _offset(here)}"


def _offset(here: datetime) -> str:
    minutes = int((here.utcoffset() or timedelta()).total_seconds()) // 60
    hours, remaining_minutes = divmod(abs(minutes), 60)
    return f"GMT{'-' if minutes < 0 else '+'}{hours}" + (
        f":{remaining_minutes:02}" if remaining_minutes else ""
    )
