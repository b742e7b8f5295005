"""Word search: find the cards of a search text, correct its spelling, drop words without matches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyroaring import BitMap64

from catalog.models.families import cached_families
from catalog.search import query_parser, spelling
from catalog.search.card_index import CardIndex
from catalog.search.filters import ProductFilter
from catalog.search.query_parser import Term
from catalog.search.selection import select
from catalog.search.vocabulary import Meaning, meanings_of


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
    nearest = index.memoize_query(("spelling", unknown), lambda: spelling.nearest_words(unknown))
    while nearest:
        text = spelling.replace_words(asked.search_text, nearest)
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
