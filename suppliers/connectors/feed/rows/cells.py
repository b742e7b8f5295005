"""Feed cells: read the cells of a row that a mapping names, normalize SKUs. Pure.

Two SKUs that look the same must be the same.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from catalog.attributes.numbers import UnreadableError
from catalog.records import ImportIssue
from suppliers.connectors.feed.mapping import sources
from suppliers.connectors.feed.mapping import spec as mappings
from suppliers.connectors.feed.mapping.sources import Formula, Row
from suppliers.connectors.feed.mapping.spec import Source
from suppliers.connectors.parsing import MAX_SKU_LENGTH

MAX_RAW_CELLS = 60
MAX_LABEL_LENGTH = 60
MAX_RAW_LENGTH = 200


class Cells:
    """Reads the mapped cells of a file's rows.

    Shape:  ``mark`` is the decimal separator of the file
    """

    def __init__(self, mapping: mappings.Mapping, *, mark: str) -> None:
        self.mark = mark
        self._sources = mapping.fields
        self._getters = {
            name: sources.make_getter(source) for name, source in mapping.fields.items()
        }

    def __contains__(self, name: str) -> bool:
        return name in self._getters

    def source(self, name: str) -> Source:
        return self._sources[name]

    def value(self, name: str, row: Row) -> Any:
        get = self._getters.get(name)
        return None if get is None else get(row)

    def text(self, name: str, row: Row) -> str:
        get = self._getters.get(name)
        return "" if get is None else sources.text(get(row))

    def identifier(self, name: str, row: Row) -> str:
        """Return a cell that identifies something. Raises UnreadableError: a formula."""
        value = self.value(name, row)
        if isinstance(value, Formula):
            raise UnreadableError("the cell contains a formula; formulas are not calculated")
        return sources.text(value)

    def warning(
        self, name: str, row: Row, error: UnreadableError, *, sku: str, code: str
    ) -> ImportIssue:
        """Return the issue of a cell without which the row is imported."""
        raw = {name: self.text(name, row)[:MAX_RAW_LENGTH]}
        return ImportIssue(row=sku, code=code, message=sentence(error), is_fatal=False, raw=raw)

    def number_text(self, name: str, row: Row) -> tuple[str, str]:
        return self.to_number_text(self.value(name, row))

    def to_number_text(self, value: Any) -> tuple[str, str]:
        """Return a number and its decimal separator; a formula as text, which is no number."""
        if isinstance(value, Formula):
            return str(value), self.mark
        return sources.text(value), "." if isinstance(value, Decimal | int) else self.mark


def sentence(error: UnreadableError) -> str:
    message = str(error)
    return f"{message[:1].upper()}{message[1:]}."


def shortened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first cells of a row, shortened, to show what was wrong."""
    return {
        str(name)[:MAX_LABEL_LENGTH]: sources.text(value)[:MAX_RAW_LENGTH]
        for name, value in list(row.items())[:MAX_RAW_CELLS]
    }


SCIENTIFIC = re.compile(r"\d[.,]\d+E\+\d{1,2}")
# Controls, direction overrides, zero-width signs, surrogates, emoji, unassigned characters.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk", "Mn", "Me", "Zl", "Zp"})


def normalized(text: str) -> str:
    """Return a SKU as stored: composed, stripped. Raises UnreadableError."""
    sku = unicodedata.normalize("NFC", text.strip())
    if not sku:
        raise UnreadableError("the SKU is empty")
    if SCIENTIFIC.fullmatch(sku):
        raise UnreadableError(f"a spreadsheet turned the SKU into the number {sku}")
    if len(sku) > MAX_SKU_LENGTH:
        raise UnreadableError(
            f"the SKU has {len(sku)} characters; at most {MAX_SKU_LENGTH} are allowed"
        )
    invisible = next(
        (character for character in sku if unicodedata.category(character) in INVISIBLE_CATEGORIES),
        None,
    )
    if invisible is not None:
        name = unicodedata.name(invisible, "a control character")
        raise UnreadableError(f"the SKU contains U+{ord(invisible):04X}, {name.lower()}")
    if " ".join(sku.split()) != sku:
        raise UnreadableError("the SKU contains repeated or unusual spaces")
    return sku
