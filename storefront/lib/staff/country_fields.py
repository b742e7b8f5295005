"""Country fields: select a country or currency by name; parse a list of codes, such as "DE, AT"."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.numbers import get_territory_currencies
from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from storefront.lib.address import COUNTRIES


def clean_country(text: str) -> str:
    """Return a country code in upper case, or "". Raises ValidationError."""
    code = text.upper()
    if code and code not in COUNTRIES:
        message = _("%(code)s is not a country code. Enter two letters, such as DE.")
        raise forms.ValidationError(message % {"code": code}, code="no_country")
    return code


class CodeField(forms.ChoiceField):
    """A code that staff select by its name, such as "Germany (DE)"."""

    widget = UnfoldAdminSelectWidget
    default_error_messages = {"invalid_choice": gettext_lazy("%(value)s is not an available code.")}

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).upper()


class CountryField(CodeField):
    """A country; ``codes`` are the countries to select from."""

    default_error_messages = {
        "invalid_choice": gettext_lazy(
            "%(value)s is not a country code. Enter two letters, such as DE."
        )
    }

    def __init__(self, *, codes: Collection[str] = COUNTRIES, **options: Any) -> None:
        known = frozenset(codes)
        super().__init__(choices=lambda: _by_name("territories", known), **options)


class CurrencyField(CodeField):
    """A currency that is legal tender in a country."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=lambda: _by_name("currencies", current_currencies()), **options)


@lru_cache(maxsize=1)
def current_currencies() -> frozenset[str]:
    return frozenset(code for country in COUNTRIES for code in get_territory_currencies(country))


def _by_name(kind: str, codes: frozenset[str]) -> list[tuple[str, str]]:
    return [("", "---------"), *_named(kind, codes, (get_language() or "en")[:2])]


@lru_cache(maxsize=16)
def _named(kind: str, codes: frozenset[str], language: str) -> list[tuple[str, str]]:
    names = getattr(Locale(language), kind)
    named = ((code, f"{names.get(code, code)} ({code})") for code in codes)
    return sorted(named, key=lambda each: each[1].casefold())


class CountriesField(forms.CharField):
    """Field of two-letter country codes, stored as a list in the given order."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        codes = str(value or "").replace(",", " ").split()
        return list(dict.fromkeys(map(clean_country, codes)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True
