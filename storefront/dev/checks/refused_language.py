"""Refused words: find them in every text file of the repository, print where.

    python -m storefront.dev.checks.refused_language    exit code 1 if a word is found

Things are "it" and people are "they"; the other words are archaic. CONTRIBUTING.md has the style.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# Letters of any alphabet belong to a word: the Azerbaijani "heç" is no match. An underscore does
# not, so that the names of functions and tests are read as well.
PATTERN = re.compile(
    r"(?<![^\W\d_])(he|him|his|himself|she|her|hers|herself"
    r"|whoever|somebody|nobody|anew|aloud|thereof|whilst)(?![^\W\d_])",
    re.IGNORECASE,
)

# Data of suppliers, locked packages, Turkish texts, and the two files that must name the words.
SKIPPED = (
    "requirements/",
    "tests/corpus/",
    "tests/suppliers/connectors/recorded/",
    "storefront/dev/checks/refused_language.py",
    "storefront/supplier_portal/locale/tr/",
    "tests/storefront/dev/checks/test_refused_language.py",
)
# Texts that others wrote or that a program requires, by file.
EXCEPTIONS = {
    "shipping/shipments/statuses.py": ("attempt|nobody|",),  # texts of carriers
    "storefront/dev/runtime/unprivileged.py": ('getpwnam("nobody")',),
    "tests/shipping/shipments/test_statuses.py": ("Delivery attempt: nobody at home",),
    "tests/shipping/shipments/test_tracking.py": ("Nobody at home",),
}


def find_refused_language(
    root: Path, exceptions: Mapping[str, tuple[str, ...]] = EXCEPTIONS
) -> Iterator[str]:
    """Yield ``path:line: word`` for each refused word in the files that git does not ignore."""
    for name in _file_names(root):
        path = root / name
        if name.startswith(SKIPPED) or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image or a spreadsheet
        for phrase in exceptions.get(name, ()):
            text = text.replace(phrase, "")
        for number, line in enumerate(text.split("\n"), start=1):
            for found in PATTERN.finditer(line):
                yield f"{name}:{number}: {found[0]}"


def _file_names(root: Path) -> list[str]:
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=root,
        text=True,
    )
    return sorted(filter(None, listed.split("\0")))


def main() -> int:
    found = list(find_refused_language(Path.cwd()))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
