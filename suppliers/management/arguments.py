"""Command arguments: parse a supplier's settings, read secrets from files or standard input."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from suppliers.connections.setup import Wiring, Wish
from suppliers.connectors import ADAPTERS
from suppliers.models import FeedLimits, FeedRun, Supplier

# Options named like model fields.
OF_SUPPLIER = (
    "name",
    "language",
    "lead_days",
    "acknowledge_within_min",
    "buffer",
    "counts_down_at",
)
OF_CONNECTION = ("calls_per_second", "calls_at_once", "account_id")
EVERY = [*(str(kind) for kind in FeedRun.Kind), "orders"]


class UnreadableError(Exception):
    """An argument is invalid. The message contains no secret value."""


def describe(parser: ArgumentParser) -> None:
    parser.add_argument("--code", required=True, help="lowercase letters, digits and hyphens")
    parser.add_argument("--connector", choices=sorted(ADAPTERS))
    parser.add_argument("--base-url", help="address of the supplier's API, server or files")
    parser.add_argument("--name")
    parser.add_argument(
        "--currency", help="currency of its costs, such as EUR; default: the connector's"
    )
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a secret; NAME=@FILE reads a file and NAME=- standard input, which keeps it"
        " out of the shell history; NAME= deletes it",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help="an option of the connector; null restores the default",
    )
    parser.add_argument("--language", choices=[code for code, _ in settings.LANGUAGES])
    parser.add_argument(
        "--counts-down-at",
        choices=Supplier.CountsDownAt.values,
        help="when the reported stock contains our order; never: only after a stock count",
    )
    for name, words in (
        ("lead-days", "handling time: days from an order to handover to the carrier"),
        ("acknowledge-within-min", "minutes until an unconfirmed order is flagged for staff"),
        ("buffer", "safety stock: units that are never sold"),
        ("calls-per-second", "rate limit"),
        ("calls-at-once", "maximum number of concurrent calls"),
    ):
        parser.add_argument(f"--{name}", type=_count, metavar="N", help=words)
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help=f"quarantine threshold, one of {', '.join(FeedLimits.NAMES)};"
        " NAME= restores the default",
    )
    parser.add_argument(
        "--account-id", help="our account ID with the supplier, if it signs webhooks with it"
    )
    parser.add_argument(
        "--every",
        action="append",
        default=[],
        metavar="KIND=MINUTES",
        help=f"sync interval, one of {', '.join(EVERY)}",
    )


def _count(text: str) -> int:
    """Parse a number; argparse turns a ValueError into its message."""
    number = int(text)
    if not 0 <= number <= 32_767:  # noqa: PLR2004 - the range of the columns
        raise ValueError(text)
    return number


def wish(options: dict[str, Any], *, stdin: Callable[[], str]) -> Wish:
    """Return the parsed settings.

    Raises: UnreadableError
    """
    connection = {name: options[name] for name in OF_CONNECTION if options[name] is not None}
    for kind, minutes in _pairs("--every", options["every"]):
        if kind not in EVERY or not minutes.isdecimal() or int(minutes) < 1:
            raise UnreadableError(
                f"--every: enter KIND=MINUTES, where KIND is one of {', '.join(EVERY)}."
            )
        connection[f"{kind}_every_min"] = int(minutes)
    return Wish(
        connector=options["connector"],
        currency=options["currency"],
        supplier={name: options[name] for name in OF_SUPPLIER if options[name] is not None},
        connection=connection,
        limits=dict(_limit(*pair) for pair in _pairs("--limit", options["limit"])),
        wiring=Wiring(
            base_url=options["base_url"],
            secrets={
                name: _secret(name, value, stdin)
                for name, value in _pairs("--secret", options["secret"])
            },
            options={
                name: _json(name, value) for name, value in _pairs("--option", options["option"])
            },
        ),
    )


def _pairs(flag: str, given: list[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given]
    if not all(name and equals for name, equals, _ in pairs):
        # Do not repeat the text: it may be a secret without its name.
        raise UnreadableError(f"{flag}: enter NAME=VALUE.")
    return [(name.strip(), value) for name, _, value in pairs]


def _limit(name: str, value: str) -> tuple[str, int | None]:
    if name not in FeedLimits.NAMES or (value and not value.isdecimal()):
        raise UnreadableError(
            f"--limit: enter NAME=NUMBER, where NAME is one of {', '.join(FeedLimits.NAMES)}."
        )
    return name, int(value) if value else None


def _secret(name: str, value: str, stdin: Callable[[], str]) -> str:
    if value == "-":
        return stdin().strip()
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(
            f"secret {name}: cannot read the file ({type(error).__name__})."
        ) from error


def _json(name: str, value: str) -> Any:
    """Parse JSON; a plain word is a string."""
    try:
        return json.loads(value)
    except ValueError:
        if value[:1] in '{["':
            raise UnreadableError(f"option {name}: {value[:40]!r} is not valid JSON.") from None
        return value
