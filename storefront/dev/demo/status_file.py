"""Status file: write the demo's addresses while it is ready, read and print them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storefront.dev.demo import secrets
from storefront.dev.runtime.processes import Child

LABELS = {
    "shop": "Shop",
    "admin": "Admin",
    "api": "API docs",
    "sandbox": "Sandbox supplier",
    "bigbuy": "BigBuy sandbox",
    "feed": "Feed sandbox",
    "gateway": "Payment gateway",
    "mailbox": "Mailbox",
}


def hang_up(
    var: Path, *, urls: Mapping[str, str], staff: Mapping[str, str], children: Sequence[Child]
) -> dict[str, Any]:
    """Write var/demo.json, which is there exactly as long as the demo is ready, and return it."""
    facts = {
        "urls": dict(urls),
        "pids": {child.name: child.pid for child in children},
        "staff": dict(staff),
        "launcher": os.getpid(),
    }
    secrets.write_private(var / "demo.json", json.dumps(facts, indent=2) + "\n")
    return facts


def take_down(var: Path) -> None:
    (var / "demo.json").unlink(missing_ok=True)


def read(var: Path) -> dict[str, Any] | None:
    try:
        facts: dict[str, Any] = json.loads((var / "demo.json").read_text())
    except (OSError, ValueError):
        return None
    return facts


def table(facts: Mapping[str, Any]) -> str:
    """Lay the facts out for a person."""
    rows = [(label, str(facts["urls"][name])) for name, label in LABELS.items()]
    rows.insert(2, ("", f"{facts['staff']['email']}  {facts['staff']['password']}"))
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in rows)
