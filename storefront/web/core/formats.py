"""Formats: write numbers, money, dates and countries by the conventions of a language. Pure."""

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_interval, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from storefront.lib.clock import format_local
from storefront.lib.money import Money, format_money

# European English: 3–7 Dec, €69.90.
REGIONS = {"en": "en_GB", "az": "az_AZ", "zh-hans": "zh_Hans"}
AZERBAIJANI = "abcçdeəfgğhxıijkqlmnoöprsştuüvwyz"
MINUTES_PER_HOUR = 60
LONG_H = 10
DAY = timedelta(days=1)


@lru_cache
def region(language: str) -> Locale:
    return Locale.parse(REGIONS.get(language, language))


@lru_cache(maxsize=4096)
def money(price: Money, language: str) -> str:
    return format_money(price.rounded().amount, price.currency, region(language))


@lru_cache(maxsize=4096)
def number(value: float | Decimal, language: str) -> str:
    return format_decimal(value, locale=region(language))


@lru_cache(maxsize=256)
def percent(rate: Decimal, language: str) -> str:
    """Format a fraction as a percentage: 19%, 25.5%."""
    return format_percent(rate, "#,##0.###%", locale=region(language))


@lru_cache(maxsize=1024)
def duration(minutes: int, language: str) -> tuple[str, str]:
    """Split a duration into number and unit: minutes below one hour, else hours."""
    if minutes < MINUTES_PER_HOUR:
        return str(minutes), "min"
    hours = round(minutes / MINUTES_PER_HOUR, 1)
    if hours >= LONG_H or hours == int(hours):
        hours = round(hours)
    return format_decimal(hours, locale=region(language)), "h"


@lru_cache(maxsize=1024)
def days(first: date, last: date, language: str) -> str:
    """Format a range of days briefly: 3–7 Dec."""
    if first == last:
        return day(first, language)
    return format_interval(first, last, "MMMd", locale=region(language))


@lru_cache(maxsize=1024)
def day(value: date, language: str) -> str:
    return format_skeleton("MMMd", value, locale=region(language))


def date_time(at: datetime, language: str, country_code: str) -> Markup:
    return _local(at, "d MMM y, HH:mm", language, country_code)


def clock(at: datetime, language: str, country_code: str) -> Markup:
    return _local(at, "HH:mm", language, country_code)


def _local(at: datetime, pattern: str, language: str, country_code: str) -> Markup:
    written = format_local(at, pattern, country=country_code, locale=region(language))
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), written)


def ago(then: datetime, now: datetime, language: str) -> str:
    """Format how long ago something was: at least one second, also if ``then`` is in the future."""
    passed = max(now - then, timedelta(seconds=1))
    return format_timedelta(-passed, add_direction=True, locale=region(language))


@lru_cache(maxsize=1024)
def country(code: str, language: str) -> str:
    return str(region(language).territories.get(code, code))


@lru_cache(maxsize=64)
def countries(codes: tuple[str, ...], language: str) -> list[tuple[str, str]]:
    """Return codes with names, sorted by the alphabet of the language."""
    named = [(code, country(code, language)) for code in codes]
    return sorted(named, key=lambda pair: _alphabetical(pair[1], language))


@lru_cache(maxsize=256)
def country_options(codes: tuple[str, ...], chosen: str, language: str) -> Markup:
    """Return the options of a country select as HTML."""
    option = Markup('<option value="{}"{}>{}</option>')
    return Markup("").join(
        option.format(code, Markup(" selected") if code == chosen else "", name)
        for code, name in countries(codes, language)
    )


def _alphabetical(name: str, language: str) -> tuple[int, ...]:
    if language == "az":
        characters = name.replace("İ", "i").replace("I", "ı").lower()
        return tuple(AZERBAIJANI.find(character) for character in characters)
    plain = unicodedata.normalize("NFKD", name.casefold())
    return tuple(ord(character) for character in plain if not unicodedata.combining(character))


def joined(items: list[str], language: str) -> str:
    return str(format_list(items, locale=region(language)))
