"""Name the parts of an order whose goods lie in several warehouses. Pure.

A part's number tells of how many it is one, so that a look-up of the first finds them all.
"""

from __future__ import annotations

MOST_PARTS = 4
BETWEEN = "+"


def part_number(number: str, place: int, count: int) -> str:
    return f"{number}.{place}of{count}"


def joined(references: list[str]) -> str:
    """Write the supplier's references of all parts as one."""
    return BETWEEN.join(references)


def references(written: str) -> list[str]:
    return written.split(BETWEEN)
