"""Jinja environment: compile templates per language, translate, escape, reject unknown names."""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.backends.jinja2 import Jinja2
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
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

from catalog.enums import EU
from catalog.models.families import cached_families
from catalog.products import images
from storefront.identity.current import YOUR_EUROPE_URL, guarantee_artwork, shop_identity
from storefront.lib.money import Money
from storefront.web.catalog import product_card, product_title, structured_data, supplier_text
from storefront.web.charts import beam
from storefront.web.core import formats, labels
from storefront.web.rendering.constant_folding import FoldingGenerator

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL | re.IGNORECASE)


class LanguageBackend(Jinja2):
    """Django's Jinja backend, with an environment per language and script prefix.

    Compiled templates contain URLs, which begin with the script prefix: "/", or the path of a
    market.
    """

    @property
    def env(self) -> Environment:
        key = get_language() or settings.LANGUAGE_CODE, get_script_prefix()
        if (known := self._environments.get(key)) is None:
            known = self._environments[key] = for_language(self._plain, key[0])
        return known

    @env.setter
    def env(self, plain: Environment) -> None:
        self._plain = plain
        self._environments = {
            (code, "/"): for_language(plain, code) for code, _ in settings.SUPPLIER_LANGUAGES
        }


class _Environment(Environment):
    """Environment whose templates share its globals.

    Jinja's map of a template's own globals makes each import and each render several times slower.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        if d:  # Jinja would add them to the globals of all templates
            raise TypeError("pass values as context, not as globals of a template")
        return self.globals


def environment(**options: Any) -> Environment:
    """Return the environment that all languages share; called once by Django."""
    options |= {
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    env = _Environment(**options)  # Django enables escaping
    env.code_generator_class = FoldingGenerator
    env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.policies["ext.i18n.trimmed"] = True
    env.filters |= {
        "ip": labels.ip,
        "supplied": supplier_text.translated,
        "options": supplier_text.options,
        "in_english": supplier_text.marked_english,
        "product_title": product_title.product_title,
        "variant_title": product_title.variant_title,
        "marked_title": product_title.marked_title,
        "picture": images.url_of,
        "without_tables": without_tables,
        "plain": lambda number: f"{number:f}",
    }
    env.globals |= {
        "static": static if settings.DEBUG else lru_cache(static),
        "identity": shop_identity,
        "guarantee_artwork": guarantee_artwork,
        "your_europe": YOUR_EUROPE_URL,
        "eu": EU,
        "beam": beam.glyph,
        "beam_chart": beam.chart,
        "card": product_card.card,
        "family_kind": lambda code: cached_families().kind_of(code),
        "stock_of": product_card.availability_of,
        "shop_json": structured_data.shop_json,
        "trail_json": structured_data.trail_json,
        "bad_basis": labels.BAD_BASIS,
        "row_titles": labels.ROW_TITLES,
    }
    return env


def for_language(base: Environment, language: str) -> Environment:
    """Return an environment whose templates are compiled for one language."""
    env = base.overlay()
    env.extend(language=language)
    env.filters = base.filters | {
        "money": lambda price: formats.money(price, language),
        "percent": lambda rate: formats.percent(rate, language),
        "number": lambda value: formats.number(value, language),
        "duration": lambda minutes: duration(minutes, language),
        "day": lambda value: formats.day(value, language),
        "date_time": lambda at, country: formats.date_time(at, language, country),
        "clock": lambda at, country: formats.clock(at, language, country),
        "country": lambda code: formats.country(code, language),
        "listed": lambda texts: formats.joined([str(text) for text in texts], language),
        "word": lambda code, kind: word(str(code), kind, language),
    }
    env.globals = base.globals | {
        "url": lambda name, *args: _url(name, args, language, get_script_prefix()),
        "days": lambda first, last: formats.days(first, last, language),
        "country_options": lambda codes, chosen: formats.country_options(
            tuple(codes), chosen, language
        ),
        "ago": lambda then, now: formats.ago(then, now, language),
        "money_of": lambda amount, currency: formats.money(Money(amount, currency), language),
    }
    return env


@lru_cache(maxsize=8192)
def _url(name: str, args: tuple[Any, ...], language: str, prefix: str) -> str:
    del prefix  # ``reverse`` prepends it; part of the cache key
    with override(language):
        return reverse(name, args=args)


def duration(minutes: int, language: str) -> tuple[str, str]:
    number, unit = formats.duration(minutes, language)
    return number, _word(unit, "time", language)


def word(code: str, kind: str, language: str) -> str:
    """Return the label of a code. Names of families are not cached here, because staff edit them."""
    if kind == "family":
        return cached_families().name_in(code, language)
    return _word(code, kind, language)


@lru_cache(maxsize=4096)
def _word(code: str, kind: str, language: str) -> str:
    with override(language):
        return labels.label_for(code, kind)


def without_tables(clean_html: str) -> Markup:
    """Remove tables from a description: the specification table replaces them."""
    return Markup(TABLE.sub("", clean_html))  # noqa: S704 - sanitized by the catalog
