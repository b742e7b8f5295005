"""Read the names that goods are ordered by: what looks the same must be the same. Pure."""

from __future__ import annotations

import unicodedata

from suppliers.connectors.feed.rows.numbers import UnreadableError

LONGEST = 60
# Controls, direction overrides, zero-width signs, halves of characters, emoji, nothing at all.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk", "Mn", "Me", "Zl", "Zp"})


def normalized(text: str) -> str:
    """Return a SKU as it is kept: composed, without spaces around it; leading zeros stay.

    Raises: UnreadableError
    """
    sku = unicodedata.normalize("NFC", text.strip())
    if not sku:
        raise UnreadableError("the SKU is empty")
    if len(sku) > LONGEST:
        raise UnreadableError(f"the SKU has {len(sku)} characters, {LONGEST} are the most")
    unseen = next((each for each in sku if unicodedata.category(each) in UNSEEN), None)
    if unseen is not None:
        name = unicodedata.name(unseen, "a control character")
        raise UnreadableError(f"the SKU holds U+{ord(unseen):04X}, {name.lower()}")
    if " ".join(sku.split()) != sku:
        raise UnreadableError("the SKU holds several spaces in a row, or strange ones")
    return sku


def twin_key(sku: str) -> str:
    """Fold a SKU so that two which a person would confuse are one."""
    return sku.casefold()
