"""Python lookup: find an interpreter on this machine that is recent enough.

It uses the standard library only and runs on Python 3.8: the `python3` that starts it may be old.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

OLDEST = (3, 12)
# Wheels of every locked package exist for these, best first; newer ones are a last resort.
NAMES = ("python3.13", "python3.12", "python3", "python", "python3.14")
PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
PROBE_TIMEOUT_S = 20


class NoPythonError(Exception):
    """No interpreter here can run the shop; the message says what to do."""


def find(env: Mapping[str, str]) -> str:
    """Return the path of a CPython that can run the shop.

    Raises: NoPythonError: with what to install or set.
    """
    wanted = env.get("PYTHON", "")
    if wanted:
        version = version_of(wanted)
        if version is None or version < OLDEST:
            found = "does not run" if version is None else "is {}.{}".format(*version)
            raise NoPythonError(
                f"PYTHON={wanted} {found}. Set it to a CPython 3.12 or newer, or unset it."
            )
        return wanted
    for candidate in candidates(env):
        version = version_of(candidate)
        if version is not None and version >= OLDEST:
            return candidate
    raise NoPythonError(
        "No CPython 3.12 or newer was found. Install one (Debian 13: apt-get install python3.13),"
        " or set PYTHON=/path/to/python3."
    )


def candidates(env: Mapping[str, str]) -> Iterator[str]:
    """Yield every path that may be a Python, likeliest first, each once."""
    seen = set()
    for path in _everywhere(env):
        if path not in seen and os.access(path, os.X_OK):
            seen.add(path)
            yield path


def _everywhere(env: Mapping[str, str]) -> Iterator[str]:
    if sys.version_info[:2] in ((3, 12), (3, 13)):
        yield sys.executable
    folders = [folder for folder in env.get("PATH", "").split(os.pathsep) if folder]
    folders += ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    for name in NAMES:
        for folder in folders:
            yield str(Path(folder, name))
    home = Path(env.get("HOME") or Path.home())
    pyenv = Path(env.get("PYENV_ROOT") or home / ".pyenv")
    yield from _newest_first(pyenv.glob("versions/3.1[234]*/bin/python3"))
    yield from _newest_first(home.glob(".local/share/uv/python/cpython-3.1[234]*/bin/python3"))
    yield from _newest_first(Path("/opt").glob("*/bin/python3"))


def _newest_first(paths: Iterable[Path]) -> Iterator[str]:
    """Sort 3.13 before 3.12 and 3.14 last, as in NAMES."""
    ordered = sorted(map(str, paths), reverse=True)
    return iter(sorted(ordered, key=lambda path: "3.14" in path))


def version_of(python: str) -> tuple[int, int] | None:
    """Return (major, minor) of a CPython; None if it does not run, as some pyenv shims."""
    try:
        answer = subprocess.run(
            [python, "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=True,
        ).stdout
        implementation, major, minor = answer.split()
        version = int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return version if implementation == "cpython" else None
