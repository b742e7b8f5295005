"""Word search: find the cards of a search text, correct its spelling, drop words without matches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import F, Func, Value
from django.db.models.functions import Length
from pyroaring import BitMap64

from catalog.attributes.families import BUILT_IN
from catalog.models import SearchTerm
from catalog.models.families import cached_families
from catalog.search import query_parser
from catalog.search.card_index import CardIndex
from catalog.search.filters import ProductFilter
from catalog.search.query_parser import Term
from catalog.search.selection import select
from catalog.search.vocabulary import WORDS, Meaning, meanings_of
from storefront.lib.text import fold

MIN_LENGTH = 5  # of a corrected word; shorter ones are similar to many others
LONG_WORD = 7  # letters from which a word may have ``MAX_ERRORS``; shorter ones may have one error
MAX_ERRORS = 2
MIN_SIMILARITY = 0.72
MAX_CORRECTED = 3  # words of a search
CANDIDATES = 300
_KNOWN = WORDS.union(*(fold(family.search_words).split() for family in BUILT_IN))


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSearch:
    """One interpretation of a search text.

    Shape:  ``query`` includes the filters of the text; ``terms`` rank the cards in ``matches``,
            which is None if the text has no word to search for; ``cards`` are the matches of each
            term; ``dropped`` are words that match nothing together with the others
    """

    query: ProductFilter
    terms: tuple[Term, ...]
    cards: Mapping[Term, BitMap64]
    matches: BitMap64 | None = None
    corrected: str = ""
    dropped: tuple[str, ...] = ()


def interpretations(asked: ProductFilter, index: CardIndex) -> Iterator[WordSearch]:
    """Yield the interpretations of a search text, the strictest first.

    The next one is for a list that is empty with the last one: without uses, then with the choices
    of filters as search words.
    """
    found = _find(asked, index)
    yield found
    if any(_is_use(term) for term in found.terms):
        no_uses = {term: BitMap64() for term in found.terms if _is_use(term)}
        yield _match(replace(found, cards={**found.cards, **no_uses}), asked)
    text = found.corrected or asked.search_text
    words = _search(asked, text, index, with_choices=False)
    if words.query != found.query:
        yield replace(words, corrected=found.corrected)


def _find(asked: ProductFilter, index: CardIndex) -> WordSearch:
    """Find the cards of a search text, which may be a part number as a whole.

    Queries:  one for words whose cards are not kept; for unknown words one each, and one for their
              corrections
    Locks:    the index, but not during queries
    """
    number = query_parser.part_number(asked.search_text)
    found = _search(asked, asked.search_text, index, number)
    if number and found.terms == (number,):
        return found
    unknown = tuple(
        term.word for term, cards in found.cards.items() if not cards and not term.meaning
    )
    nearest = index.memoize_query(("spelling", unknown), lambda: nearest_words(unknown))
    while nearest:
        text = replace_words(asked.search_text, nearest)
        corrected = _search(asked, text, index)
        # Discard corrections that match no product together with the other words.
        fitting = {word: to for word, to in nearest.items() if to not in corrected.dropped}
        if fitting == nearest:
            is_empty = corrected.matches is not None and not corrected.matches
            return found if is_empty else replace(corrected, corrected=text)
        nearest = fitting
    return found


def _search(
    asked: ProductFilter,
    text: str,
    index: CardIndex,
    number: Term | None = None,
    *,
    with_choices: bool = True,
) -> WordSearch:
    query = query_parser.parse(replace(asked, search_text=text), with_choices=with_choices)
    meanings = meanings_of(cached_families())
    terms = query_parser.split_terms(query.search_text, meanings=meanings)
    if not terms:
        return WordSearch(query=query, terms=(), cards={})
    cards = _look_up([*terms, number] if number else terms, index)
    if number and (numbered := cards.pop(number)):
        return WordSearch(query=asked, terms=(number,), cards={}, matches=numbered)
    # IPX7 passes the filter of "ip68", too; cards with the word itself rank first.
    ranking = (
        term._replace(is_optional=True)
        for term in query_parser.split_terms(text, meanings=meanings)
        if term.meaning and term.meaning.is_filter and term not in cards
    )
    return _match(WordSearch(query=query, terms=(*terms, *ranking), cards=cards), asked)


def _look_up(terms: Sequence[Term], index: CardIndex) -> dict[Term, BitMap64]:
    """Return the cards of each term: by text, and by the attributes that a phrase stands for."""
    in_text = [term for term in terms if not _is_family(term)]
    by_text = dict(zip(in_text, index.search(in_text), strict=True))
    with index.lock:
        return {term: _cards(term, by_text, index) for term in terms}


def _cards(term: Term, by_text: Mapping[Term, BitMap64], index: CardIndex) -> BitMap64:
    meaning = term.meaning
    if meaning is None:
        return by_text[term]
    cards = index.memoize(("meaning", meaning), lambda: _cards_by_attributes(meaning, index))
    if _is_family(term):
        return cards
    return cards & by_text[term] if meaning.is_type else cards | by_text[term]


def _is_family(term: Term) -> bool:
    """Return whether a term names all products of a family: "headlamp", but not "strap"."""
    return term.meaning is not None and term.meaning.is_type and not term.meaning.text


def _cards_by_attributes(meaning: Meaning, index: CardIndex) -> BitMap64:
    if not (meaning.families or meaning.filters):
        return BitMap64()
    cards = index.cards_with("family", *meaning.families) if meaning.families else index.cards
    if not meaning.filters:
        return cards
    selections = (
        select(query, index=index, base=cards, in_stock=BitMap64(), country="")
        for query in meaning.filters
    )
    return BitMap64.union(*(selection.cards() for selection in selections))


def _match(found: WordSearch, asked: ProductFilter) -> WordSearch:
    """Require all terms together; drop terms that match nothing together with the others.

    The type of product is kept first, then the rarest words; uses such as "dog walk" come last.
    """
    required = [term for term in found.terms if not term.is_optional]
    matches, dropped = None, set[Term]()
    for term in sorted(required, key=lambda term: (_priority(term), len(found.cards[term]))):
        both = found.cards[term] if matches is None else matches & found.cards[term]
        if both:
            matches = both
        else:
            dropped.add(term)
    has_filters = replace(found.query, search_text="") != replace(asked, search_text="")
    if required and matches is None and not has_filters:  # nothing is left of the text
        return replace(found, matches=BitMap64())
    return replace(
        found,
        terms=tuple(term for term in found.terms if term not in dropped),
        matches=matches,
        dropped=tuple(term.word for term in found.terms if term in dropped),
    )


def _priority(term: Term) -> int:
    return 0 if term.meaning and term.meaning.is_type else 2 if _is_use(term) else 1


def _is_use(term: Term) -> bool:
    return term.meaning is not None and term.meaning.is_use


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
