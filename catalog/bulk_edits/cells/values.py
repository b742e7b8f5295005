"""Cell values: split and write lists; read choices, yes or no, days and stored files."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.safety import documents
from storefront.lib.text import fold

SEPARATOR = "|"
_WORD = re.compile(r"[^\W_]+")
_YES = frozenset(map(fold, ("yes", "true", "1", "y", "included", "bəli", "ja", "da")))
_NO = frozenset(map(fold, ("no", "false", "0", "n", "not included", "xeyr", "nein")))
DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S")  # the last one: a date of a workbook


def split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|\n]", text)] if text.strip() else []


def write_list(texts: Sequence[str]) -> str:
    plain = [text.replace(SEPARATOR, "/") for text in texts]
    return " | ".join(plain) if any(plain) else ""


def check_count(texts: Sequence[str], found: Sequence[Any]) -> None:
    """Raise UnreadableError if a column has more values than the list."""
    if len(texts) > len(found):
        message = _("%(count)s values for %(found)s entries: enter one value for each")
        raise UnreadableError(message % {"count": len(texts), "found": len(found)})


def check_length(text: str, most: int) -> None:
    """Raise UnreadableError if a text has more characters."""
    if len(text) > most:
        message = _("%(text)s is longer than %(most)s characters")
        raise UnreadableError(message % {"text": text[:60], "most": most})


def read_choice(text: str, choices: Any) -> str:
    """Return the code that a text names, by code or label. Raises UnreadableError.

    Shape:  ``choices`` as Django's ``ChoiceField.choices``, without groups
    """
    known = [(str(code), str(label)) for code, label in choices if code]
    for code, label in known:
        if _words(text) in {_words(code), _words(label)}:
            return code
    message = _("%(text)s is none of: %(known)s")
    codes = ", ".join(code for code, _label in known)
    raise UnreadableError(message % {"text": text[:60], "known": codes[:200]})


def _words(text: str) -> str:
    """Return the words of a text, so that ``USB-C`` is ``usb_c``."""
    return " ".join(_WORD.findall(fold(text)))


def read_yes_no(text: str) -> bool:
    """Return whether a text says yes. Raises UnreadableError."""
    folded = fold(text)
    if folded not in _YES | _NO:
        raise UnreadableError(_("%(text)s is neither yes nor no") % {"text": text[:60]})
    return folded in _YES


def read_day(text: str) -> str:
    """Return a day as ISO text. Raises UnreadableError."""
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    message = _("%(text)s is not a date. Write it as 2027-01-31")
    raise UnreadableError(message % {"text": text[:60]})


def read_stored_file(text: str) -> str:
    """Return the name of a stored document. Raises UnreadableError."""
    if not documents.is_stored(text):
        message = _(
            "no document is stored as %(text)s: upload it as a product document, then copy its name"
            " from an export"
        )
        raise UnreadableError(message % {"text": text[:60]})
    return text
