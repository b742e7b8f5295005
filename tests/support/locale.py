"""The folder of the Azerbaijani translations."""

from __future__ import annotations

from pathlib import Path

LOCALE = Path("storefront/locale/az/LC_MESSAGES")
