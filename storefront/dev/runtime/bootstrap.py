"""Bootstrap: create the Python environment, install packages, compile translations.

It uses the standard library only and runs on Python 3.8: the `python3` that starts it may be old.
A second run changes nothing and takes a moment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from storefront.dev.runtime import pythons

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = Path("requirements/dev.txt")
STAMP = "fara-requirements.sha256"


class BootstrapError(Exception):
    """The environment cannot be created; the message says what to do."""


def main() -> int:
    try:
        make_environment(ROOT)
        compile_translations(ROOT)
    except (BootstrapError, pythons.NoPythonError) as error:
        print(f"\nThe environment could not be created.\n{error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to continue.", file=sys.stderr, flush=True)
        return 130
    return 0


def make_environment(root: Path) -> None:
    """Fill .venv with exactly the locked packages, unless it has them already."""
    requirements = root / REQUIREMENTS
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    venv = root / ".venv"
    stamp = venv / STAMP
    if stamp.is_file() and stamp.read_text() == wanted and (venv / "bin/python").exists():
        return
    started_at = time.monotonic()
    uv = find_uv(root)
    if (pythons.version_of(str(venv / "bin/python")) or (0, 0)) < pythons.OLDEST:
        python = pythons.find(os.environ)
        say(f"Creating .venv with {python}")
        if venv.exists():
            shutil.rmtree(venv)
        _run([uv, "venv", "--quiet", "--python", python, str(venv)], root, "Creating .venv failed.")
    say(f"Installing the locked packages of {REQUIREMENTS}")
    stamp.unlink(missing_ok=True)
    sync = [uv, "pip", "sync", "--python", str(venv / "bin/python"), "--require-hashes"]
    if not sys.stderr.isatty():
        sync.append("--quiet")  # progress bars would fill a log with a hundred lines
    _run(
        [*sync, str(requirements)],
        root,
        "Installing the packages failed. Is the network (or the package index that pip is set to)"
        " reachable? Run the same command again to continue.",
    )
    stamp.write_text(wanted)
    say(f"The environment is ready ({time.monotonic() - started_at:.1f} s)")


def find_uv(root: Path) -> str:
    """Return a working uv: from the machine, from .tools, or downloaded into .tools.

    Raises: BootstrapError: there is none, and no pip to download it.
    """
    own = root / ".tools/bin/uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and _runs([candidate, "--version"]):
            return candidate
    say("Downloading uv, the installer, into .tools")
    for pip in _pips(root):
        fetched = _runs([*pip, "install", "--quiet", "--upgrade", "--target", ".tools", "uv"], root)
        if fetched and _runs([str(own), "--version"]):
            return str(own)
    raise BootstrapError(
        "uv is not installed, and no pip here could download it. Check the network, or install"
        " one of them (Debian: apt-get install python3-pip)."
    )


def _pips(root: Path) -> Iterator[list[str]]:
    """Yield ways to call pip; on Debian the system's Python may lack it."""
    found = [sys.executable, *pythons.candidates(os.environ)]
    for python in found:
        if _runs([python, "-m", "pip", "--version"]):
            yield [python, "-m", "pip"]
    for python in found:
        if _runs([python, "-m", "venv", "--clear", str(root / ".tools/pip")]):
            yield [str(root / ".tools/pip/bin/python"), "-m", "pip"]


def compile_translations(root: Path) -> None:
    """Compile each .po file that is newer than its .mo file."""
    for source in sorted(
        source
        for folder in ("storefront/locale", "storefront/supplier_portal/locale")
        for source in root.glob(f"{folder}/*/LC_MESSAGES/django.po")
    ):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        say(f"Compiling {source.relative_to(root)}")
        _run(
            [str(root / ".venv/bin/pybabel"), "--quiet", "compile", "-i", str(source), "-o",
             str(compiled)],
            root,
            f"{source.relative_to(root)} does not compile: fix the entry that is named above.",
        )  # fmt: skip


def say(text: str) -> None:
    print(f"• {text}", flush=True)


def _run(command: Sequence[str], root: Path, advice: str) -> None:
    # uv must use the Python that we found and never download another one.
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    if subprocess.run(command, cwd=root, env=env, stdin=subprocess.DEVNULL, check=False).returncode:
        raise BootstrapError(advice)


def _runs(command: Sequence[str], root: Path = ROOT) -> bool:
    try:
        return not subprocess.run(
            command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).returncode
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
