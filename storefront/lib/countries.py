"""Which two-letter codes are of countries. Pure."""

from __future__ import annotations

import re

from babel import Locale

_TWO_LETTERS = re.compile(r"[A-Z]{2}")  # other codes are of regions
# Codes of groups and of places that are made up: nothing is sent there.
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
COUNTRIES = frozenset(filter(_TWO_LETTERS.fullmatch, map(str, Locale("en").territories)))
COUNTRIES -= _NO_COUNTRIES
