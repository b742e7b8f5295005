"""Option texts: translate the option names and values of variants.

The translations of staff (``OptionText``) come first, then the words of ``vocabulary``. Staff's
are kept in memory for ten seconds.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from catalog.models import OptionText
from catalog.texts.vocabulary import OPTION_NAME, OPTION_VALUE, Translations

CACHE_S = 10.0
NAME, VALUE = OptionText.Kind.NAME, OptionText.Kind.VALUE
_PIECES = re.compile(r"(\d+) ?pcs?", re.IGNORECASE)
_WORD = re.compile(r"\b(?!(?:mah|usb|cri|led)\b)[a-z]{3}", re.IGNORECASE)
_VOCABULARY: Mapping[str, Translations] = {NAME: OPTION_NAME, VALUE: OPTION_VALUE}
_PIECES_TEXT = _("%(count)s pcs")


@dataclass(frozen=True, slots=True, eq=False)
class OptionTexts:
    """The translations of staff. Part of cache keys: equal texts are the same object.

    Shape:  ``texts`` maps (kind, key) to texts by language
    """

    texts: Mapping[tuple[str, str], Mapping[str, str]]


_cached = (0.0, OptionTexts({}))  # expiry by the monotonic clock


def cached() -> OptionTexts:
    """Return the translations of staff, at most ten seconds old."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached[0] < time.monotonic():
        rows = OptionText.objects.exclude(texts={}).values_list("kind", "key", "texts")
        read = {(kind, key): texts for kind, key, texts in rows}
        known = _cached[1] if read == _cached[1].texts else OptionTexts(read)
        _cached = (time.monotonic() + CACHE_S, known)
    return _cached[1]


def clear_cache() -> None:
    """Let this process read the translations again; others do within ten seconds."""
    global _cached  # noqa: PLW0603 - as above
    _cached = (0.0, _cached[1])


def option_key(text: str) -> str:
    """Return the key of an option name or value. SQL makes it by ``lower(btrim(text))``."""
    return text.strip().lower()


def needs_translation(text: str) -> bool:
    """Return whether a text has a word: ``18650`` and ``XL`` are the same in every language."""
    return _WORD.search(text) is not None


def translate_option(text: str, *, kind: str, language: str) -> str:
    """Return a name or value in a language; "" if no translation is known."""
    texts = cached().texts.get((kind, option_key(text)), {})
    return texts.get(language) or translate_known_word(text, kind=kind, language=language)


def translate_known_word(text: str, *, kind: str, language: str) -> str:
    """Return the translation in the vocabulary, or "". Values may be lists: ``Black, Red``."""
    translations = _VOCABULARY[kind]
    with override(language):
        if translation := translations.get(text.casefold()):
            return str(translation)
        if kind != VALUE:
            return ""
        if pieces := _PIECES.fullmatch(text):
            return str(_PIECES_TEXT) % {"count": pieces[1]}
        parts = [translations.get(part.casefold()) for part in text.split(", ")]
        return ", ".join(str(part) for part in parts) if all(parts) else ""


def options_in(text: str, language: str) -> str:
    """Return the options of a variant, such as ``Purple / 2 pcs``, in a language."""
    return " / ".join(
        translate_option(part, kind=VALUE, language=language) or part for part in text.split(" / ")
    )
