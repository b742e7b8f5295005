"""The Jinja environment of the shop's pages: translated, escaped, strict about names."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import (
    get_language,
    gettext,
    ngettext,
    npgettext,
    override,
    pgettext,
)
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from storefront.lib.money import Money
from storefront.web import beams, cards, formats, seo, supplied, words

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)


def environment(**options: Any) -> Environment:
    """Build the environment; Django calls it once."""
    options |= {
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    env = Environment(**options)  # noqa: S701 - Django's backend turns escaping on
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translated, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.policies["ext.i18n.trimmed"] = True
    env.globals |= {"static": static, "url": url, "beam": beams.glyph, "beam_chart": beams.chart}
    env.filters |= {
        "money": lambda price: formats.money(price, _language()),
        "number": lambda value: formats.number(value, _language()),
        "duration": duration,
        "day": lambda one: formats.day(one, _language()),
        "moment": lambda at: formats.moment(at, _language()),
        "clock": lambda at: formats.clock(at, _language()),
        "country": lambda code: formats.country(code, _language()),
        "listed": lambda texts: formats.listing([str(text) for text in texts], _language()),
        "word": lambda code, kind: _word(str(code), kind, _language()),
        "ip": words.ip,
        "supplied": supplied.supplied,
        "options": supplied.options,
        "in_english": supplied.in_english,
        "picture": picture,
        "without_tables": without_tables,
        "plain": lambda number: f"{number:f}",
    }
    env.globals |= {
        "days": days,
        "ago": ago,
        "countries": lambda codes: formats.countries(tuple(codes), _language()),
        "money_of": money_of,
        "card": cards.card,
        "shop_json": seo.shop_json,
        "trail_json": seo.trail_json,
        "bad_basis": words.BAD_BASIS,
        "row_titles": words.ROW_TITLES,
    }
    return env


def translated(message: str) -> str:
    """Translate as Django does, and remember it: a page says the same words again and again."""
    return _translated(message, _language())


@lru_cache(maxsize=4096)
def _translated(message: str, language: str) -> str:
    with override(language):
        return gettext(message)


def url(name: str, *args: Any) -> str:
    return _url(name, args, _language())


@lru_cache(maxsize=8192)
def _url(name: str, args: tuple[Any, ...], language: str) -> str:
    with override(language):
        return reverse(name, args=args)


def duration(minutes: int) -> tuple[str, str]:
    number, unit = formats.duration(minutes, _language())
    return number, _word(unit, "time", _language())


def days(first: date, last: date) -> str:
    return formats.days(first, last, _language())


def ago(then: datetime, now: datetime) -> str:
    return formats.ago(then, now, _language())


def money_of(amount: Decimal, currency: str) -> str:
    return formats.money(Money(amount, currency), _language())


def picture(stem: str, width_px: int) -> str:
    return f"{settings.MEDIA_URL}pictures/{stem}-{width_px}.webp"


@lru_cache(maxsize=4096)
def _word(code: str, kind: str, language: str) -> str:
    with override(language):
        return words.word(code, kind)


def without_tables(clean_html: str) -> Markup:
    """Show a description without its tables: our own table says it better, with sources."""
    return Markup(TABLE.sub("", clean_html))  # noqa: S704 - the catalog cleaned it when it was written


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
