"""Command arguments: parse a supplier's connection, read secrets from files or standard input."""

import json
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suppliers.connections.setup import ConnectionInput, SupplierInput
from suppliers.connectors import CONNECTORS

# Options named like model fields; the admin has the other settings.
CONNECTION_FIELDS = ("calls_per_second", "max_concurrent_calls", "account_id")


class InvalidArgumentError(Exception):
    """An argument is invalid. The message contains no secret value."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--code", required=True, help="lowercase letters, digits and hyphens")
    parser.add_argument("--connector", choices=sorted(CONNECTORS))
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
    for name, help_text in (
        ("calls-per-second", "rate limit"),
        ("max-concurrent-calls", "maximum number of concurrent calls"),
    ):
        parser.add_argument(f"--{name}", type=_small_number, metavar="N", help=help_text)
    parser.add_argument(
        "--account-id", help="our account ID with the supplier, if it signs webhooks with it"
    )


def _small_number(text: str) -> int:
    """Parse a number; argparse turns a ValueError into its message."""
    number = int(text)
    if not 0 <= number <= 32_767:  # noqa: PLR2004 - the range of the columns
        raise ValueError(text)
    return number


def parse_input(options: dict[str, Any], *, stdin: Callable[[], str]) -> SupplierInput:
    """Return the parsed settings. Raises InvalidArgumentError."""
    return SupplierInput(
        connector=options["connector"],
        currency=options["currency"],
        name=options["name"],
        connection={name: options[name] for name in CONNECTION_FIELDS if options[name] is not None},
        connection_input=ConnectionInput(
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


def _pairs(flag: str, arguments: list[str]) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in arguments]
    if not all(name and equals for name, equals, _ in pairs):
        # Do not repeat the text: it may be a secret without its name.
        raise InvalidArgumentError(f"{flag}: enter NAME=VALUE.")
    return [(name.strip(), value) for name, _, value in pairs]


def _secret(name: str, value: str, stdin: Callable[[], str]) -> str:
    if value == "-":
        return stdin().strip()
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(
            f"secret {name}: cannot read the file ({type(error).__name__})."
        ) from error


def _json(name: str, value: str) -> Any:
    """Parse JSON; a plain word is a string."""
    try:
        return json.loads(value)
    except ValueError:
        if value[:1] in '{["':
            raise InvalidArgumentError(
                f"option {name}: {value[:40]!r} is not valid JSON."
            ) from None
        return value
