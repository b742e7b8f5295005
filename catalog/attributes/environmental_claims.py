"""Environmental claims: cut generic ones such as "eco-friendly" from a supplier's texts. Pure.

A shop may not repeat them without recognized proof. Names of modes ("Eco") and colors stay.
Source: Directive (EU) 2024/825, article 1 and annex
"""

import re
from typing import NamedTuple

from catalog.attributes.text_cleaning import close_gaps

_CLAIM = (
    r"\b(?:(?:100 ?% )?(?:eco(?:logical(?:ly)?)?|environment(?:ally)?|climate|nature|planet|earth)[ -]"
    r"?(?:friendly|conscious|neutral|positive|responsible|sound)"
    r"|(?:carbon|co2)[ -]?(?:neutral|free|positive)|sustainab(?:le|ly|ility)|biodegradable"
    r"|zero[ -]emissions?|green (?:product|technology|choice|energy|lighting)s?|energy[ -]conscious"
    r"|umweltfreundlich\w*|umweltbewusst\w*|klimaneutral\w*|klimafreundlich\w*|nachhaltig\w*)\b"
)
_PHRASE = re.compile(_CLAIM, re.IGNORECASE)
# A sentence ends at a full stop, not within "2.5 h", or at a tag.
_SENTENCE = re.compile(
    rf"(?:[^<>.!?]|[.](?=\d))*{_CLAIM}(?:[^<>.!?]|[.](?=\d))*[.!?]*", re.IGNORECASE
)
_EMPTY_ELEMENT = re.compile(r"<(p|li|h3|h4|strong|b|em|i)>\s*</\1>")
_EMPTY_LIST = re.compile(r"<(ul|ol)>\s*</\1>")


class Cut(NamedTuple):
    """A text without generic environmental claims, and the claims that were in it."""

    text: str
    claims: list[str]


def cut_from_title(title: str) -> Cut:
    claims = _PHRASE.findall(title)
    return Cut(close_gaps(_PHRASE.sub(" ", title)) if claims else title, claims)


def cut_from_html(clean_html: str) -> Cut:
    """Cut each sentence that makes a claim: without its adjective it would often be broken."""
    claims = _PHRASE.findall(clean_html)
    if not claims:
        return Cut(clean_html, [])
    text = _EMPTY_ELEMENT.sub("", _EMPTY_ELEMENT.sub("", _SENTENCE.sub("", clean_html)))
    return Cut(_EMPTY_LIST.sub("", text).strip(), claims)
