"""Put settings over an environment, so that nothing which stands in it can beat them."""

from __future__ import annotations

from collections.abc import Mapping


def over(environ: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with these settings in it.

    A ``NAME_FILE`` beats its ``NAME``: beside one of ours it would lead to somebody else's.
    """
    beaten = {f"{name}_FILE" for name in told}
    return {**{name: value for name, value in environ.items() if name not in beaten}, **told}


def names(environ: Mapping[str, str], name: str) -> bool:
    """Tell whether an environment says something, by itself or in a file."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))
