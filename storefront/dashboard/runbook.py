"""Runbook: read from ``docs/runbook`` what each cause of the inbox means and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings

FOLDER = "docs/runbook"
_ENTRY = re.compile(
    r"^## (?P<heading>[^\n]+)\n\n`(?P<code>\w+)`\n\n\*\*Means:\*\*(?P<means>.+?)\*\*Check:\*\*"
    r"(?P<check>.+?)\*\*Act:\*\*(?P<act>.+?)\*\*Escalate:\*\*(?P<escalate>.+?)\n(?=\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookEntry:
    heading: str
    means: str
    check: str
    act: str
    escalate: str


@cache
def entries() -> Mapping[str, RunbookEntry]:
    """Return the entries by the code of their cause; empty if the documents are not installed."""
    found: dict[str, RunbookEntry] = {}
    for path in sorted((settings.BASE_DIR / FOLDER).glob("*.md")):
        for match in _ENTRY.finditer(path.read_text(encoding="utf-8")):
            parts = {name: " ".join(text.split()) for name, text in match.groupdict().items()}
            code = parts.pop("code")
            found[code] = RunbookEntry(**parts)
    return found
