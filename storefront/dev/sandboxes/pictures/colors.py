"""Colors of things in light that comes from the upper left. Pure."""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#05060a"
Stops = tuple[tuple[float, str, float], ...]


def mix(first: str, second: str, share: float) -> str:
    """Move from the first color towards the second."""
    share = min(max(share, 0), 1)
    channels = (
        round(int(first[at : at + 2], 16) * (1 - share) + int(second[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def lit(color: str, amount: float) -> str:
    """Lighten (above 0) or darken (below 0)."""
    return mix(color, WHITE, amount) if amount > 0 else mix(color, BLACK, -amount)


def brightness(color: str) -> float:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.3 * red + 0.59 * green + 0.11 * blue


_FINISHES = {
    # how far along the round, and how much lighter or darker than the paint
    "satin": (
        (0, 0.24), (0.05, -0.12), (0.16, 0.16), (0.26, 0.5), (0.34, 0.3), (0.5, -0.08),
        (0.72, -0.46), (0.9, -0.68), (0.965, -0.5), (1, 0.06),
    ),
    "gloss": (
        (0, 0.3), (0.06, 0.0), (0.17, 0.12), (0.2, 0.72), (0.25, 0.85), (0.3, 0.25),
        (0.5, 0.0), (0.78, -0.42), (0.93, -0.6), (1, 0.12),
    ),
    "polished": (
        (0, 0.35), (0.06, -0.45), (0.14, 0.2), (0.22, 0.86), (0.3, 0.3), (0.37, -0.35),
        (0.46, 0.12), (0.6, -0.1), (0.7, -0.58), (0.82, -0.3), (0.9, -0.66), (0.97, 0.1),
        (1, 0.35),
    ),
    "rubber": (
        (0, 0.14), (0.06, -0.02), (0.25, 0.2), (0.42, 0.06), (0.7, -0.3), (0.92, -0.5),
        (1, 0.02),
    ),
    "frosted": (
        (0, 0.1), (0.12, 0.35), (0.3, 0.6), (0.55, 0.3), (0.85, 0.0), (1, 0.25),
    ),
}  # fmt: skip


def finish(color: str, kind: str) -> Stops:
    """Give the stops of a round surface, from its lit edge to its dark one.

    Dark paint gets more of the light at its edges: it must not vanish on a dark page.
    """
    boost = 0.1 if brightness(color) < 0.2 else 0  # noqa: PLR2004
    return tuple(
        (at, lit(color, amount + (boost if amount > 0 or at in {0, 1} else 0)), 1.0)
        for at, amount in _FINISHES[kind]
    )
