"""Invariants: define statements that always hold, read them with their queries from SQL files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A statement that always holds; ``sql`` finds violations at the time ``%(now)s``."""

    code: str
    sentence: str
    sql: str


def read_invariants(name: str, **constants: object) -> tuple[Invariant, ...]:
    """Read the file ``<name>.sql`` beside this one; ``constants`` replace ``${...}`` in it.

    An invariant is a comment with its code, a comment with its sentence, and its query. Empty lines
    separate the invariants.
    """
    text = Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
    return tuple(_parse(block, constants) for block in text.strip().split("\n\n"))


def _parse(block: str, constants: Mapping[str, object]) -> Invariant:
    code, *lines = block.split("\n")
    query = next(index for index, line in enumerate(lines) if not line.startswith("-- "))
    return Invariant(
        code=code.removeprefix("-- "),
        sentence=" ".join(line.removeprefix("-- ") for line in lines[:query]),
        sql=Template("\n".join(lines[query:])).substitute(constants),
    )
