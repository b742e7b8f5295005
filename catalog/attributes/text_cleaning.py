"""Text cleaning: sanitize supplier titles, texts and HTML before display. Pure."""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple

import nh3

from storefront.lib.text import drop_controls

MAX_TITLE = 150
MAX_SUMMARY = 300
MAX_HTML = 60_000

ALLOWED_TAGS = frozenset(
    {"p", "br", "ul", "ol", "li", "strong", "b", "em", "i", "h3", "h4", "sub", "sup"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
# Tags whose content is dropped too.
DROPPED_WITH_CONTENT = frozenset(
    {"script", "style", "iframe", "object", "noscript", "template", "title"}
)
_UNWANTED = {"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk"}  # controls, overrides, emoji, unassigned
_ALLOWED_SIGNS = frozenset("°®™©")
_VARIATION = re.compile("[\ufe00-\ufe0f\u20e3]")
# A number before "lm". A space separates thousands only if the next group starts with 0:
# "1 000 lm" is 1000 lumens; in "Spot 400 350 lm" only 350 is the output, 400 is part of the name.
_CLAIM = (
    r"(?:(?:up to|max\.|bis zu|jusqu'à)\s*)?(?:(?<![\w.,'’-])\d+[-–~](?=\d))?"
    r"(?<![\d.,'’])(?P<{0}>\d{{1,3}}(?:[.,'’]\d{{3}})+|\d{{1,3}}(?: 0\d\d)+|\d+(?:[.,]\d+)?)"
    r"\s*-?\s*(?:lm|lumens?)\b"
)
_LUMENS = re.compile(
    rf"[(\[]\s*{_CLAIM.format('bracketed')}\s*[)\]]|{_CLAIM.format('bare')}", re.IGNORECASE
)
_GROUPED = re.compile(r"\d{1,3}(?:[.,'’ ]\d{3})+")
_NARROW_BLANK = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_GAP = re.compile(r"\s*,(?:\s*,)+")
_BRACKET_GAP = re.compile(r"(?<=[(\[])[\s,;]+|[\s,;]+(?=[)\]])|[(\[]\s*[)\]]")
_ENDS = " ,;-–|"
_TAG = re.compile(r"<[^>]*>")
_STYLE_TAG = re.compile(r"</?(?:b|br|em|font|i|p|span|strong|sub|sup|u)\b[^<>]*>", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Normalize to one line without control characters, direction overrides or emoji."""
    normal = unicodedata.normalize("NFC", _VARIATION.sub("", text))
    characters = (
        " " if character in "\t\r\n" else character
        for character in normal
        if character in _ALLOWED_SIGNS
        or character in "\t\r\n"
        or unicodedata.category(character) not in _UNWANTED
    )
    return " ".join("".join(characters).split())


def clean_title(text: str, *, output_lm: int | None) -> str:
    """Return a clean title of at most ``MAX_TITLE`` characters.

    Lumen values that differ from ``output_lm`` are removed; the numbers of a model name stay.
    """
    title = _plain_title(text)

    def keep_if_confirmed(match: re.Match[str]) -> str:
        return match[0] if _stated_lm(match) == output_lm else " "

    confirmed = _LUMENS.sub(keep_if_confirmed, title)
    if confirmed != title:
        confirmed = close_gaps(confirmed)
    return shorten(confirmed.strip(_ENDS), MAX_TITLE)


def stated_lumens(text: str) -> dict[str, int]:
    """Return the lumens that a text states, as written and as a number."""
    return {
        match[0].strip(_ENDS): _stated_lm(match) for match in _LUMENS.finditer(_plain_title(text))
    }


def _plain_title(text: str) -> str:
    return clean_text(_NARROW_BLANK.sub("", _STYLE_TAG.sub(" ", html.unescape(text))))


def _stated_lm(match: re.Match[str]) -> int:
    return _number(match["bracketed"] or match["bare"])


def close_gaps(title: str) -> str:
    """Remove leftovers of deleted text: repeated spaces and commas, empty brackets."""
    closed = _BRACKET_GAP.sub("", _GAP.sub(",", title))
    return " ".join(closed.split()).strip(_ENDS)


def _number(claim: str) -> int:
    if _GROUPED.fullmatch(claim):
        return int(re.sub(r"\D", "", claim[:20]))
    return round(float(claim[:20].replace(",", ".")))


def shorten(text: str, length: int) -> str:
    """Cut at the end of a word."""
    if len(text) <= length:
        return text
    head, _, _ = text[: length + 1].rpartition(" ")
    return (head or text[:length]).rstrip(_ENDS)


def clean_html(dirty: str) -> str:
    return nh3.clean(
        drop_controls(dirty[:MAX_HTML]),
        tags=set(ALLOWED_TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes={},
        link_rel=None,
        strip_comments=True,
    ).strip()


def make_summary(clean: str) -> str:
    first = clean.split("<table", 1)[0]
    text = clean_text(html.unescape(_TAG.sub(" ", first)))
    if len(text) <= MAX_SUMMARY:
        return text
    sentences, _, _ = text[: MAX_SUMMARY + 1].rpartition(". ")
    return f"{sentences}." if sentences else shorten(text, MAX_SUMMARY)


# Generic environmental claims such as "eco-friendly": a shop may not repeat them without recognized
# proof (Directive (EU) 2024/825). Names of modes ("Eco") and colors stay.

_ENVIRONMENTAL = (
    r"\b(?:(?:100 ?% )?(?:eco(?:logical(?:ly)?)?|environment(?:ally)?|climate|nature|planet|earth)[ -]"
    r"?(?:friendly|conscious|neutral|positive|responsible|sound)"
    r"|(?:carbon|co2)[ -]?(?:neutral|free|positive)|sustainab(?:le|ly|ility)|biodegradable"
    r"|zero[ -]emissions?|green (?:product|technology|choice|energy|lighting)s?|energy[ -]conscious"
    r"|umweltfreundlich\w*|umweltbewusst\w*|klimaneutral\w*|klimafreundlich\w*|nachhaltig\w*)\b"
)
# A guarantee such as "5 year warranty" is shown only with evidence (``ProductGuarantee``).
_DURATION = r"\d{1,3}[ -]?(?:years?|yrs?|months?|jahren?|monaten?|il(?:lik)?|ay(?:lıq)?)\b"
_GUARANTEE = (
    rf"(?:\b(?:{_DURATION}|(?:one|two|three|four|five|ten)[ -]years?)[ -]*(?:of )?)?"
    r"(?:\b(?:limited|lifetime|extended|full|lebenslange|ömürlük)[ -]*)*"
    r"\b(?:warrant(?:y|ies)|guarantee[ds]?|\w*garantie\w*|zəmanət\w*)"
    rf"(?:[: ]+(?:of |for |von )?(?:{_DURATION}|lifetime\b))?"
)
GUARANTEE_CLAIM = re.compile(_GUARANTEE, re.IGNORECASE)
_UNPROVEN = rf"(?:{_ENVIRONMENTAL}|{_GUARANTEE})"
_UNPROVEN_PHRASE = re.compile(_UNPROVEN, re.IGNORECASE)
# A sentence ends at a full stop, not within "2.5 h", or at a tag.
_SENTENCE = re.compile(r"(?:[^<>.!?]|[.](?=\d))+[.!?]*")
_INLINE_TAG = re.compile(r"</?(?:b|em|i|strong|sub|sup)>")
# The innermost one: a row such as "Warranty | 5 years" makes its claim with several elements.
_ROW = re.compile(r"<(tr|li)>(?:(?!<\1>).)*?</\1>", re.DOTALL)
_EMPTY_ELEMENT = re.compile(r"<(p|li|h3|h4|strong|b|em|i)>\s*</\1>")
_EMPTY_LIST = re.compile(r"<(ul|ol)>\s*</\1>")


class Cut(NamedTuple):
    """A text without unproven claims, and the claims that were in it."""

    text: str
    claims: list[str]


def unproven_claims(text: str) -> list[str]:
    """Return the environmental and guarantee claims of a text."""
    return _UNPROVEN_PHRASE.findall(text)


def cut_claims_from_title(title: str) -> Cut:
    claims = unproven_claims(title)
    return Cut(close_gaps(_UNPROVEN_PHRASE.sub(" ", title)) if claims else title, claims)


def cut_claims_from_html(
    clean_html: str, find: Callable[[str], Sequence[str]] = unproven_claims
) -> Cut:
    """Cut each sentence, list item and table row with a claim; their rest would often be broken.

    ``find`` returns the claims of a text.
    """
    plain = _INLINE_TAG.sub("", clean_html)  # a claim may be printed in bold in part
    claims = list(find(plain))
    if not claims:
        return Cut(clean_html, [])
    text = _ROW.sub(lambda row: "" if find(_TAG.sub(" ", row[0])) else row[0], plain)
    text = _SENTENCE.sub(lambda sentence: "" if find(sentence[0]) else sentence[0], text)
    text = _EMPTY_ELEMENT.sub("", _EMPTY_ELEMENT.sub("", text))
    return Cut(_EMPTY_LIST.sub("", text).strip(), claims)
