"""Spelling: replace an unknown search word by the most similar word of our cards."""

from difflib import get_close_matches

from django.db.models import F, Func, Value
from django.db.models.functions import Length

from catalog.attributes.families import SEARCH_WORDS
from catalog.models import SearchTerm
from storefront.lib.text import fold

MIN_LENGTH = 4
MIN_SIMILARITY = 0.72
MAX_CORRECTED = 3  # words of a search
CANDIDATES = 300
_ALWAYS_KNOWN = frozenset(word for words in SEARCH_WORDS.values() for word in fold(words).split())


def correct_spelling(text: str) -> str:
    """Return the text with each unknown word replaced by the most similar known one.

    Shape:  only the first ``MAX_CORRECTED`` long words are corrected; a word without a similar word
            stays
    """
    folded = [fold(word) for word in text.split()]
    long_words = [
        word for word in dict.fromkeys(folded) if len(word) >= MIN_LENGTH and word.isalpha()
    ]
    nearest = {word: _nearest(word) for word in long_words[:MAX_CORRECTED]}
    return " ".join(nearest.get(word, word) for word in folded)


def _nearest(word: str) -> str:
    """Return the word if it is known or no word is similar, otherwise the most similar word.

    The database excludes words that share too few letters: comparing 20,000 here takes 0.3 s.
    """
    foreign = Length(Func(F("word"), Value(word), Value(""), function="translate"))
    # The ratio of get_close_matches is at most 2 * shared letters / letters of both
    max_similarity = 200 * (Length("word") - foreign) - round(100 * MIN_SIMILARITY) * Length("word")
    candidates = (
        SearchTerm.objects.annotate(max_similarity=max_similarity)
        .filter(max_similarity__gte=round(100 * MIN_SIMILARITY) * len(word))
        .order_by("-max_similarity")
        .values_list("word", flat=True)[:CANDIDATES]
    )
    known = _ALWAYS_KNOWN.union(candidates)
    if word in known:
        return word
    return next(iter(get_close_matches(word, known, n=1, cutoff=MIN_SIMILARITY)), word)
