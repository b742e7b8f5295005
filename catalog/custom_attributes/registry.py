"""Custom attribute registry: read the definitions, keep them in memory for ten seconds."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from catalog.models import CustomAttribute
from catalog.models.texts import TRANSLATED_LANGUAGES

CACHE_S = 10.0
CUSTOM = "custom:"  # prefix of a code in ``Spec.sources``, forms and locked fields
_cached: "tuple[float, tuple[Definition, ...]] | None" = None  # expiry by the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """The definition of one attribute. Hashable, since it is part of cache keys.

    A localized text has a definition in each language: ``care`` in English, then ``care:az``, whose
    ``language`` is ``az``.
    Shape:  ``names`` are pairs of language and name; ``choices`` pairs of a code and such names
    """

    code: str
    kind: str
    names: tuple[tuple[str, str], ...]
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    labels: tuple[str, ...] = ()
    families: frozenset[str] = frozenset()
    is_localized: bool = False
    language: str = ""
    filter_display: str = ""  # ``CustomAttribute.FilterDisplay``

    def name_in(self, language: str) -> str:
        return in_language(self.names, language) or self.code

    def applies_to(self, family: str) -> bool:
        return not self.families or family in self.families

    def translation_in(self, values: Mapping[str, Any], language: str) -> str:
        """Return the text of ``Spec.custom_values`` in another language than English, or ""."""
        value = values.get(translation_code(self.code, language)) if self.is_localized else ""
        return value if isinstance(value, str) else ""


def in_language(names: tuple[tuple[str, str], ...], language: str) -> str:
    """Return the name in a language, else in English, else ""."""
    known = dict(names)
    return known.get(language) or known.get("en", "")


def translation_code(code: str, language: str) -> str:
    return f"{code}:{language}"


def load() -> tuple[Definition, ...]:
    """Read all definitions, in their order; translations follow the English text."""
    definitions = (
        Definition(
            code=row.code,
            kind=row.kind,
            names=_pairs(row.names),
            unit=row.unit,
            minimum=row.minimum,
            maximum=row.maximum,
            choices=tuple((code, _pairs(names)) for code, names in row.choices),
            labels=tuple(row.labels),
            families=frozenset(row.families),
            is_localized=row.is_localized,
            filter_display=row.filter_display,
        )
        for row in CustomAttribute.objects.order_by("position", "code")
    )
    return tuple(one for definition in definitions for one in _in_each_language(definition))


def _in_each_language(definition: Definition) -> Iterator[Definition]:
    """Yield a definition, and of a localized text one per translation, named ``Care (az)``."""
    yield definition
    for language, _name in TRANSLATED_LANGUAGES if definition.is_localized else ():
        suffix = f" ({language})"
        yield replace(
            definition,
            code=translation_code(definition.code, language),
            names=tuple((known, name + suffix) for known, name in definition.names),
            labels=tuple(label + suffix for label in (definition.code, *definition.labels)),
            is_localized=False,
            language=language,
        )


def cached() -> tuple[Definition, ...]:
    """Return all definitions, at most ten seconds old. For pages."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached is None or _cached[0] < time.monotonic():
        _cached = (time.monotonic() + CACHE_S, load())
    return _cached[1]


def clear_cache() -> None:
    """Let this process read the definitions again; others do within ten seconds."""
    global _cached  # noqa: PLW0603 - as above
    _cached = None


def name_of(code: str, language: str) -> str:
    """Return the name of an attribute in a language, of an unknown one its code."""
    return next((one.name_in(language) for one in cached() if one.code == code), code)


def choice_name(code: str, choice: str, language: str) -> str:
    """Return the name of an attribute's choice in a language, of any other value the value."""
    choices = next((dict(one.choices) for one in cached() if one.code == code), {})
    return in_language(choices.get(choice, ()), language) or choice


def _pairs(names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(names.items()))
