"""Browser lookup: find Chromium, or say how to install it before browser tests fail without it."""

from __future__ import annotations

import os
import shutil
import sys

from storefront.dev.runtime.console import complain

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """Return the path of a Chromium: the one that CHROMIUM names, else the one on the PATH."""
    if wanted := os.environ.get("CHROMIUM"):
        return shutil.which(wanted)
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    if find():
        return 0
    complain(
        "The browser tests need Chromium. Install it"
        " (Debian: apt-get install --no-install-recommends chromium fonts-dejavu-core),"
        " or set CHROMIUM=/path/to/chromium."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
