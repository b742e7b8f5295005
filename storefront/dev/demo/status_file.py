"""Status file: write the demo's addresses and settings while it is ready, read and print them."""

import json
import os
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from storefront.dev.demo import secrets
from storefront.dev.runtime.postgres import find_programs
from storefront.dev.runtime.processes import Child
from storefront.ops.environment import is_set

ROOT = Path(__file__).resolve().parents[3]
LABELS = {
    "shop": "Shop",
    "shop_az": "Shop for Azerbaijan",
    "admin": "Admin",
    "api": "API docs",
    "sandbox": "Sandbox supplier",
    "bigbuy": "BigBuy sandbox",
    "feed": "Feed sandbox",
    "gateway": "Payment gateway",
    "tracker": "Tracking provider",
    "labels": "Label provider",
    "receiver": "Webhook receiver",
    "shopify": "Shopify store",
    "woocommerce": "WooCommerce store",
    "bigcommerce": "BigCommerce store",
    "sms": "SMS sandbox",
    "mailbox": "Mailbox",
}


def hang_up(
    var: Path,
    *,
    settings: Mapping[str, str],
    urls: Mapping[str, str],
    staff: Mapping[str, str],
    children: Sequence[Child],
) -> dict[str, Any]:
    """Write var/demo.json, which exists while the demo is ready, and return it."""
    facts = {
        "settings": dict(settings),
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


def adopt_settings(environ: MutableMapping[str, str]) -> None:
    """Use the settings of the running demo, unless the environment has settings of another shop."""
    if any(is_set(environ, name) for name in ("ENVIRONMENT", "DATABASE_URL", "REDIS_URL")):
        return
    facts = read(Path(environ.get("VAR_DIR") or ROOT / "var"))
    if facts and Path(f"/proc/{facts['launcher']}").exists():
        environ.update(facts["settings"])
        if "postgres" in facts["pids"]:  # pg_dump and pg_restore of its version
            environ["PATH"] = os.pathsep.join((str(find_programs()), environ.get("PATH", "")))


def table(facts: Mapping[str, Any]) -> str:
    """Format the addresses for the terminal."""
    urls = facts["urls"]
    rows = [(label, str(urls[name])) for name, label in LABELS.items() if name in urls]
    sign_in = ("", f"{facts['staff']['email']}  {facts['staff']['password']}")
    rows.insert(rows.index((LABELS["admin"], str(urls["admin"]))) + 1, sign_in)
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in rows)
