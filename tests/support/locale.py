"""Locale: the folder of the Azerbaijani translations."""

from pathlib import Path

LOCALE = Path("storefront/locale/az/LC_MESSAGES")
