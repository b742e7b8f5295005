"""Cell values: split and write the lists of a cell; read choices, days and stored files."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.safety import documents
from storefront.lib.text import fold

SEPARATOR = "|"
DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S")  # the last one: a date of a workbook


def split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|\n]", text)] if text.strip() else []


def write_list(texts: Sequence[str]) -> str:
    plain = [text.replace(SEPARATOR, "/") for text in texts]
    return " | ".join(plain) if any(plain) else ""


def check_count(texts: Sequence[str], found: Sequence[Any]) -> None:
    """Raise UnreadableError if a column has more values than the list."""
    if len(texts) > len(found):
        message = _("%(count)s values for %(found)s entries")
        raise UnreadableError(message % {"count": len(texts), "found": len(found)})


def read_choice(text: str, choices: Iterable[tuple[str, Any]]) -> str:
    """Return the code that a text names, by code or label. Raises UnreadableError."""
    known = [*choices]
    for code, label in known:
        if fold(text).replace("_", " ") in {code.replace("_", " "), fold(str(label))}:
            return code
    message = _("%(text)s is none of: %(known)s")
    codes = ", ".join(code for code, _label in known)
    raise UnreadableError(message % {"text": text[:60], "known": codes})


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
        raise UnreadableError(_("no document is stored as %(text)s") % {"text": text[:60]})
    return text
