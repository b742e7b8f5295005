"""Browser: find Chromium for the tests, install it if it is missing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from storefront.dev.runtime.console import complain, say

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation")
INSTALL_S = 600.0
# Run in its own process: Playwright's driver cannot start where an event loop runs.
PRINT_DOWNLOADED_PATH = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as player: print(player.chromium.executable_path)"
)


def find() -> str | None:
    """Return the path of Chromium: from CHROMIUM, else from the PATH.

    None: Playwright uses the browser that it downloaded, if any.
    """
    if wanted := os.environ.get("CHROMIUM"):
        return shutil.which(wanted)
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if _is_there():
        return 0
    if "CHROMIUM" in os.environ:
        return _fail()
    say("Installing Chromium for the browser tests.")
    return 0 if any(_succeeds(command) for command in _installers()) and _is_there() else _fail()


def _is_there() -> bool:
    if find() or "CHROMIUM" in os.environ:
        return find() is not None
    command = [sys.executable, "-c", PRINT_DOWNLOADED_PATH]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return asked.returncode == 0 and Path(asked.stdout.strip()).exists()


def _installers() -> list[Sequence[str]]:
    """Return the commands that may install Chromium, to try one after the other."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if not shutil.which("apt-get"):
        return [playwright]
    root = () if os.geteuid() == 0 else ("sudo", "--non-interactive")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]
    script = f"{' '.join(apt)} update && {' '.join(apt)} install --yes --no-install-recommends"
    return [["sh", "-c", f"{script} {' '.join(PACKAGES)}"], playwright]


def _succeeds(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _fail() -> int:
    complain(
        "Chromium could not be installed. Install it yourself"
        f" (Debian: apt-get install --no-install-recommends {' '.join(PACKAGES)}),"
        " or set CHROMIUM=/path/to/chromium."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
