"""Search query parser: turn search text into filters and search words, and these into SQL. Pure.

Example: ``18650 usb-c headlamp under 100g``. Recognized parts become filters or a sort order, the
         rest are search words. No text is an error.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from catalog.attributes.identifiers import InvalidGtinError, brand_key, gtin14
from catalog.search.filters import CHOICES, RANGE_FIELDS, ProductFilter
from catalog.search.vocabulary import (
    ALL_MEANINGS,
    FILTERS,
    IN_PHRASES,
    MAX_PHRASE,
    SEPARATORS,
    STOP_WORDS,
    Meaning,
    Phrase,
    phrase_stem,
    stem,
)
from storefront.lib.money import Money
from storefront.lib.text import fold
from storefront.lib.units import G_PER_OZ

# Words outside of phrases that say nothing about the product.
FILLERS = frozenset(
    {"more", "less", "isleyen", "salan", "dolan", "kimi", "sigan", "saxlayan", "yanan", "hediyye"}
)
MAX_TERMS = 12
MAX_TERM_LENGTH = 40
MIN_NUMBER_LENGTH = 5
MIN_SEARCHED_STEM = 4  # letters of a stem that is searched in the text of cards

_BELOW = (
    r"under|below|(?:less|lighter|cheaper|shorter) than|at most|up to|max|maximum|<=|<|≤"
    r"|en cox|maksimum"
)
_ABOVE = (
    r"over|above|(?:more|brighter|longer|heavier) than|at least|from|min|minimum|>=|>|≥|en azi?"
)
_NUMBER = r"(?P<number>\d{1,7}(?:[.,]\d{3})*(?:[.,]\d{1,2})?)"
# Unit (Azerbaijani words take endings) -> facet; a plain number after "under" is money.
_UNITS = (
    r"(?P<weight>kg|oz|g|gr|grams?|qram\w*|q)"
    r"|(?P<lumens>lm|lumens?|lumen\w*)"
    r"|(?P<runtime>h|hrs?|hours?|saat\w*)"
    r"|(?P<beam>m|meters?|metres?|metr\w*)"
    r"|(?P<price>€|\$|£|₼|eur|euros?|usd|gbp|azn|[ae]vro\w*|yevro\w*|manat\w*|dol+ars?\w*|pounds?)"
)
_AFTER = (
    r"(?:(?:ve|ya|ya da)\s+)?(?:daha\s+)?(?:(?P<most>qeder\w*|kimi|az|yungul|ucuz|asagi)"
    r"|(?P<least>cox|artiq|baha|parlaq|guclu|uzun|yuxari))"
    r"|(?:or|and)\s+(?:(?P<most_en>less|under|below|cheaper|lighter)"
    r"|(?P<least_en>more|above|over|up|brighter|longer|heavier))"
)
# Beginning of a currency word or sign -> currency.
_CURRENCIES = {
    **dict.fromkeys(("€", "e", "a", "y"), "EUR"),
    **dict.fromkeys(("£", "gbp", "pound"), "GBP"),
    **dict.fromkeys(("$", "usd", "dol"), "USD"),
    **dict.fromkeys(("₼", "azn", "manat"), "AZN"),
}
_FROM = r"(?:between\s+|from\s+)?(?P<low>\d{1,6}(?:\.\d{2})?)\s*(?:-|–|to|and|ve)"
_BOUND = re.compile(
    rf"(?<!\S)(?:{_FROM}|(?P<below>{_BELOW})|(?P<above>{_ABOVE}))?\s*(?P<sign>[€$£₼])?\s*{_NUMBER}"
    rf"(?P<plus>\+)?\s*(?:(?:{_UNITS})(?:[-'’](?:y?[ae]|d[ae]n?|l[iu]k?))?\+?)?(?:\s+(?:{_AFTER}))?(?!\S)"
)
_WORD = re.compile(r"\w+(?:[-./']\w+)*")


class Term(NamedTuple):
    """One search word or phrase.

    Shape:  ``names`` are its forms as an identifier; ``is_prefix``: the word may be incomplete;
            ``is_optional``: it ranks results and excludes none
    """

    word: str
    names: tuple[str, ...] = ()
    is_prefix: bool = False
    is_optional: bool = False
    meaning: Meaning | None = None


class _Found(NamedTuple):
    """A phrase, or with an empty key a word, by its position in the text."""

    start: int
    end: int
    key: Phrase


def parse(query: ProductFilter, *, with_choices: bool = True) -> ProductFilter:
    """Return the query with the filters in its text; ``search_text`` keeps the remaining text.

    Shape:  ``with_choices``: also phrases such as "magnetic", not only numbers and sort orders
    """
    if not query.search_text:
        return query
    remaining = query.search_text
    folded = fold(remaining)
    if len(folded) != len(remaining):  # a letter that folds into two: positions no longer agree
        remaining = folded
    for match in list(_BOUND.finditer(folded)):
        changed = _with_bound(query, match)
        if changed is not query:
            query = changed
            remaining, folded = (_blank(text, *match.span()) for text in (remaining, folded))
    for found in list(_read(folded, FILTERS)):
        if found.key and (with_choices or FILTERS[found.key][0] not in CHOICES):
            query = _with_choice(query, *FILTERS[found.key])
            remaining = _blank(remaining, found.start, found.end)
    words = " ".join(remaining.split())
    return replace(query, search_text=words if split_terms(words) else "")


class ConvertedPrice(NamedTuple):
    """A price of a search text in another currency, and what was searched instead, if anything."""

    stated: Money
    searched: Money | None


def convert_prices(
    text: str, *, currency: str, rate_of: Callable[[str], Decimal | None]
) -> tuple[str, tuple[ConvertedPrice, ...]]:
    """Return the text with its prices in the currency of the shop, and the converted ones.

    A price without a rate is removed from the text.
    Shape:  ``rate_of`` returns the value of one unit of a currency
    """
    folded, converted = fold(text), list[ConvertedPrice]()
    if len(folded) != len(text):
        text = folded
    for match in reversed(list(_BOUND.finditer(folded))):
        unit = "price" if match["price"] else "sign"
        stated = _currency(match[unit] or currency)
        if stated == currency:
            continue
        rate = rate_of(stated)
        spans = {match.span(unit): " eur" if unit == "price" else "€"}
        for name in filter(match.group, ("low", "number")):
            price = Money(_number(match[name]), stated)
            searched = price.converted(rate=rate, currency=currency).rounded() if rate else None
            converted.append(ConvertedPrice(price, searched))
            if searched is not None:
                spans[match.span(name)] = f"{searched.amount:f}"
        if rate is None:
            spans = {match.span(): " "}
        for (start, end), new in sorted(spans.items(), reverse=True):
            text = text[:start] + new + text[end:]
    return text, tuple(converted)


def _currency(word: str) -> str:
    beginnings = sorted(_CURRENCIES, key=len, reverse=True)
    return next((_CURRENCIES[each] for each in beginnings if word.startswith(each)), word)


def is_wordless(query: ProductFilter) -> bool:
    """Return whether the text names no search word and no filter, such as "%"."""
    return (
        query.search_text != ""
        and parse(ProductFilter(search_text=query.search_text)) == ProductFilter()
    )


def split_terms(text: str, *, meanings: Mapping[Phrase, Meaning] = ALL_MEANINGS) -> list[Term]:
    """Split the remaining text into search words, and phrases that stand for attributes.

    Shape:  ``meanings`` from ``vocabulary.meanings_of``
    """
    folded = fold(text.replace("\0", " "))
    found = list(_read(folded, meanings))[:MAX_TERMS]
    terms = [_term(folded[each.start : each.end], meanings.get(each.key)) for each in found]
    if terms and terms[-1].meaning is None and len(terms[-1].word) > 1:
        terms[-1] = terms[-1]._replace(is_prefix=True)
    separators = [word.start() for word in _WORD.finditer(folded) if word.group() in SEPARATORS]
    sections = [sum(start < each.start for start in separators) for each in found]
    return _with_one_type(terms, sections)


def part_number(text: str) -> Term | None:
    """Return the whole text as one identifier, such as "TD WEI370" or "4 006381 333931"."""
    key = brand_key(text)
    is_number = MIN_NUMBER_LENGTH <= len(key) <= MAX_TERM_LENGTH and re.search(r"\d", key)
    return Term("", _names(key)) if is_number else None


def _with_one_type(terms: list[Term], sections: Sequence[int]) -> list[Term]:
    """Let one term name the type of the product, and make other types optional.

    It is the last type before "with" or "for": "headlamp strap", "strap for a headlamp". If that
    is only "light", a kind of light elsewhere counts: "light for my bike".
    """
    families = [term.meaning.families if term.meaning else frozenset[str]() for term in terms]
    types = [at for at, term in enumerate(terms) if term.meaning and term.meaning.is_type]
    first = [at for at in types if sections[at] == sections[types[0]]][-1:]
    if first:
        first = [at for at in types if families[at] < families[first[0]]][-1:] or first
    others = set(types) - set(first)
    return [term._replace(is_optional=at in others) for at, term in enumerate(terms)]


def _term(word: str, meaning: Meaning | None) -> Term:
    if meaning:
        return Term(word, meaning=meaning)
    return Term(word[:MAX_TERM_LENGTH], _names(word[:MAX_TERM_LENGTH]))


def _read(folded: str, known: Container[Phrase]) -> Iterator[_Found]:
    """Yield the longest known phrases and the other words, without stop words.

    A phrase covers whole words: a part number such as ``TW-18650`` holds no phrase.
    """
    # Start and end of each part, its word, and whether it is the first and the last part.
    parts = [
        (start, end, word, number == 0, number == len(spans) - 1)
        for word in _WORD.finditer(folded)
        for spans in [_parts(word)]
        for number, (start, end) in enumerate(spans)
    ]
    stems = [phrase_stem(folded[start:end]) for start, end, *_ in parts]
    at = 0
    while at < len(parts):
        start, _end, word, is_first, _is_last = parts[at]
        for size in range(min(MAX_PHRASE, len(parts) - at) if is_first else 0, 0, -1):
            key, last = tuple(stems[at : at + size]), parts[at + size - 1]
            if key in known and last[4]:
                yield _Found(start, last[1], key)
                at += size
                break
        else:
            if is_first and word.group() not in SEPARATORS | STOP_WORDS | FILLERS:
                yield _Found(*word.span(), ())
            at += 1


def _parts(word: re.Match[str]) -> list[tuple[int, int]]:
    """Return the spans of the parts of a hyphenated word, without stop words."""
    return [
        (word.start() + part.start(), word.start() + part.end())
        for part in re.finditer(r"[^-/]+", word.group())
        if part.group() not in STOP_WORDS or part.group() in IN_PHRASES
    ]


def _names(word: str) -> tuple[str, ...]:
    names = {word, brand_key(word)} - {""}
    with suppress(InvalidGtinError):
        # Pages print a GTIN without leading zeros.
        names.add(gtin14(word if len(word) in {8, 12, 13, 14} else word.zfill(14)))
    return tuple(sorted(names))


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _with_choice(query: ProductFilter, code: str, value: str) -> ProductFilter:
    if code == "in_stock":
        return replace(query, in_stock=True)
    if code == "sort":
        return replace(query, sort=value) if query.sort == "best" else query
    return replace(query, **{code: query.chosen_in(code) | {value}})  # type: ignore[arg-type]


def _with_bound(query: ProductFilter, match: re.Match[str]) -> ProductFilter:
    """Parse one number; a number without a unit counts only after "under" or "over"."""
    part = match.groupdict()
    code = next(
        (code for code in ("weight", "lumens", "runtime", "beam", "price") if part[code]), None
    )
    if code is None and (part["sign"] or part["below"] or part["above"]):
        code = "price"
    if code is None:
        return query
    number = _in_unit(part["number"], part["weight"])
    # A bare "100 g" or "€50" is a maximum; a bare "1000 lm" or "10 h" a minimum.
    is_most = code in {"weight", "price"}
    if part["below"] or part["most"] or part["most_en"]:
        is_most = True
    if part["above"] or part["least"] or part["least_en"] or part["plus"]:
        is_most = False
    low, high = query.range_of(code)
    if part["low"]:
        low, is_most = _in_unit(part["low"], part["weight"]), True
    bound = (low, number) if is_most else (number, high)
    return replace(query, **{RANGE_FIELDS.get(code, code): bound})  # type: ignore[arg-type]


def _in_unit(text: str, weight_unit: str | None) -> Decimal:
    """Return a number of a text; a weight in grams."""
    number = _number(text)
    if weight_unit == "kg":
        return number * 1000
    return (number * G_PER_OZ).quantize(Decimal(1)) if weight_unit == "oz" else number


def _number(text: str) -> Decimal:
    """Parse ``1,000`` and ``1.000`` as a thousand, ``9,90`` and ``9.90`` as decimals."""
    digits = re.sub(r"[.,](?=\d{3}(?!\d))", "", text)
    return Decimal(digits.replace(",", "."))


# Text queries


class Sql(NamedTuple):
    """A piece of SQL with its parameter values."""

    text: str
    values: tuple[Any, ...] = ()


def term_query(term: Term) -> Sql:
    """Build a tsquery that matches a search word in each of its forms."""
    if term.meaning is None:
        return _query(term)
    text = () if term.meaning.is_use else term.meaning.text
    return _query(term, text, weight="A" if term.meaning.is_in_title else "")


def rank_query(terms: Sequence[Term]) -> Sql:
    """Build a tsquery that ranks cards higher the more of the words they contain."""
    queries = [_query(term, term.meaning.text if term.meaning else ()) for term in terms]
    return Sql(
        " || ".join(query.text for query in queries),
        tuple(value for query in queries for value in query.values),
    )


def _query(term: Term, text: Sequence[str] = (), *, weight: str = "") -> Sql:
    simple = [_lexeme(term.word, weight, is_prefix=term.is_prefix)]
    root = stem(term.word)
    if not term.meaning and root != term.word and len(root) >= MIN_SEARCHED_STEM:
        simple.append(_lexeme(root, weight, is_prefix=True))
    values = (
        " | ".join(_lexeme(word, weight) for word in (term.word, *text) if word),
        " | ".join(simple) if term.word else "",
        " | ".join(_lexeme(name, "") for name in term.names),
    )
    return Sql(
        "(to_tsquery('english', %s) || to_tsquery('simple', %s) || CAST(%s AS tsquery))", values
    )


def _lexeme(word: str, weight: str, *, is_prefix: bool = False) -> str:
    quoted = "'" + word.replace("\\", "").replace("'", "''") + "'"
    return f"{quoted}:{'*' if is_prefix else ''}{weight}" if is_prefix or weight else quoted
