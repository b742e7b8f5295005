"""Where the Azerbaijani texts are."""

from __future__ import annotations

from pathlib import Path

LOCALE = Path("storefront/locale/az/LC_MESSAGES")
