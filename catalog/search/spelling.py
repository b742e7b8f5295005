"""Spelling: replace unknown search words by the most similar words of our cards."""

import re
from collections.abc import Mapping, Sequence

from django.db.models import F, Func, Value
from django.db.models.functions import Length

from catalog.attributes.families import BUILT_IN
from catalog.models import SearchTerm
from catalog.search.vocabulary import WORDS
from storefront.lib.text import fold

MIN_LENGTH = 5  # of a corrected word; shorter ones are similar to many others
LONG_WORD = 7  # letters from which a word may have ``MAX_ERRORS``; shorter ones may have one error
MAX_ERRORS = 2
MIN_SIMILARITY = 0.72
MAX_CORRECTED = 3  # words of a search
CANDIDATES = 300
_KNOWN = WORDS.union(*(fold(family.search_words).split() for family in BUILT_IN))


def replace_words(text: str, nearest: Mapping[str, str]) -> str:
    """Return a text with these folded words replaced."""
    return re.sub(r"\w+", lambda match: nearest.get(fold(match.group()), match.group()), text)


def nearest_words(words: Sequence[str]) -> dict[str, str]:
    """Return the most similar known word of each folded word, if one is similar.

    Shape:  only the first ``MAX_CORRECTED`` long words are compared
    """
    long_words = [
        word for word in dict.fromkeys(words) if len(word) >= MIN_LENGTH and word.isalpha()
    ]
    nearest = {word: _nearest(word) for word in long_words[:MAX_CORRECTED]}
    return {word: found for word, found in nearest.items() if found}


def _nearest(word: str) -> str:
    """Return the most similar known word, "" if none is similar.

    The database excludes words that share too few letters: comparing 20,000 here takes 0.3 s.
    """
    other_letters = Length(Func(F("word"), Value(word), Value(""), function="translate"))
    # A similar word shares most of its letters.
    max_similarity = 200 * (Length("word") - other_letters) - round(100 * MIN_SIMILARITY) * Length(
        "word"
    )
    candidates = (
        SearchTerm.objects.annotate(max_similarity=max_similarity)
        .filter(max_similarity__gte=round(100 * MIN_SIMILARITY) * len(word))
        .order_by("-max_similarity")
        .values_list("word", flat=True)[:CANDIDATES]
    )
    ranked = sorted(
        (errors, known[0] != word[0], known not in _KNOWN, known)
        for known in _KNOWN.union(candidates)
        if (errors := _errors(word, known)) <= _allowed(word, known)
    )
    return ranked[0][-1] if ranked else ""


def _allowed(word: str, known: str) -> int:
    """Return how many errors may separate two words."""
    if len(known) < MIN_LENGTH - 1:
        return 0
    return MAX_ERRORS if max(len(word), len(known)) >= LONG_WORD else 1


def _errors(word: str, known: str) -> int:
    """Count the edits between two words: a wrong, missing or added letter, or two swapped ones."""
    if abs(len(word) - len(known)) > MAX_ERRORS:
        return MAX_ERRORS + 1
    before: list[int] = []
    row = list(range(len(known) + 1))
    for place, letter in enumerate(word):
        last, before, row = before, row, [place + 1]
        for at, other in enumerate(known):
            edits = min(before[at + 1] + 1, row[at] + 1, before[at] + (letter != other))
            is_swapped = place and at and letter == known[at - 1] and word[place - 1] == other
            row.append(min(edits, last[at - 1] + 1) if is_swapped else edits)
    return row[-1]
