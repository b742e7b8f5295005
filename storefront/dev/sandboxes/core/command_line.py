"""Sandbox command line: the options of every sandbox, and one for each rule."""

import re
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser
from dataclasses import fields
from pathlib import Path
from typing import Any

from storefront.lib.env import env_str

UNIT = re.compile(r"_(s|eur|usd)$")  # the unit in a rule's name; the option's name omits it


def parser(name: str, description: str | None) -> ArgumentParser:
    """Return a parser with the address and the folder of a sandbox."""
    options = ArgumentParser(prog=f"storefront.dev.sandboxes.{name}", description=description)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, required=True, help="0: any free port")
    options.add_argument("--data", type=Path, required=True, help="folder of the database")
    return options


def add_rules(options: ArgumentParser, rules: Any) -> None:
    """Add an option for each field of a dataclass."""
    options.formatter_class = ArgumentDefaultsHelpFormatter
    for rule in fields(rules):
        option = "--" + UNIT.sub("", rule.name).replace("_", "-")
        if isinstance(rule.default, bool):
            options.add_argument(option, dest=rule.name, action="store_true", help=" ")
        else:
            kind = type(rule.default)
            options.add_argument(option, dest=rule.name, type=kind, default=rule.default, help=" ")


def chosen_rules[R](rules: type[R], asked: object) -> R:
    """Return the rules from parsed options."""
    names = [rule.name for rule in fields(rules)]  # type: ignore[arg-type]  # a dataclass
    return rules(**{name: getattr(asked, name) for name in names})


def hook_url(provider: str) -> str:
    """Return the shop's address for webhooks of a provider; empty without ``PUBLIC_URL``."""
    public_url = env_str("PUBLIC_URL").rstrip("/")
    return f"{public_url}/hooks/{provider}/" if public_url else ""
