"""Spelling: replace an unknown search word by the most similar word of our cards."""

from __future__ import annotations

from difflib import get_close_matches

from django.db.models.functions import Length

from catalog.attributes.families import SEARCH_WORDS
from catalog.models import SearchWord
from storefront.lib.text import fold

MIN_LENGTH = 4
LIKENESS = 0.72
CANDIDATES = 20_000
_ALWAYS_KNOWN = frozenset(word for words in SEARCH_WORDS.values() for word in fold(words).split())


def correct(words: str) -> str:
    """Return the words, each unknown one replaced by the nearest that we know.

    Shape:  words without a near one stay as they are
    """
    said = [fold(word) for word in words.split()]
    doubtful = {word for word in said if len(word) >= MIN_LENGTH and word.isalpha()}
    if not doubtful:
        return words
    lengths = [len(word) for word in doubtful]
    known = set(
        SearchWord.objects.annotate(length=Length("word"))
        .filter(length__gte=min(lengths) - 2, length__lte=max(lengths) + 2)
        .values_list("word", flat=True)[:CANDIDATES]
    )
    known |= _ALWAYS_KNOWN
    nearest = {
        word: found[0]
        for word in doubtful - known
        if (found := get_close_matches(word, known, n=1, cutoff=LIKENESS))
    }
    return " ".join(nearest.get(word, word) for word in said)
