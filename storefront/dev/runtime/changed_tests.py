"""Changed tests: list the tests that mirror the files changed since the last push.

    python -m storefront.dev.runtime.changed_tests    one path a line

``catalog/pricing/guards.py`` is tested by ``tests/catalog/pricing/test_guards.py``; without it, by
the tests of that folder. Browser and process tests are left to ``make test``.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ALWAYS = "tests/architecture"
SLOW = "tests/e2e/"


def changed_files(root: Path) -> list[str]:
    """Return the files that differ from the upstream branch, or from HEAD without one."""
    upstream = _git(root, "merge-base", "HEAD", "@{upstream}") or ["HEAD"]
    return [
        *_git(root, "diff", "--name-only", upstream[0]),
        *_git(root, "ls-files", "--others", "--exclude-standard"),
    ]


def tests_of(files: Iterable[str], root: Path) -> list[str]:
    """Return the test files and folders of these files, architecture tests first."""
    found = {ALWAYS: None} | dict.fromkeys(
        test for file in files if (test := _test_of(PurePosixPath(file), root))
    )
    folders = [test for test in found if not test.endswith(".py")]
    return [test for test in found if not any(test.startswith(f"{folder}/") for folder in folders)]


def _test_of(file: PurePosixPath, root: Path) -> str | None:
    if file.suffix != ".py" or str(file).startswith(SLOW):
        return None
    if file.parts[0] == "tests":
        is_test = file.name.startswith("test_") and (root / file).exists()
        return str(file) if is_test else None
    folder = PurePosixPath("tests", file.parent)
    mirrored = folder / f"test_{file.name}"
    if (root / mirrored).exists():
        return str(mirrored)
    return str(folder) if (root / folder).is_dir() and len(file.parts) > 1 else None


def _git(root: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607 - the git of the developer
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split() if done.returncode == 0 else []


if __name__ == "__main__":
    here = Path.cwd()
    sys.stdout.write("\n".join(tests_of(changed_files(here), here)) + "\n")
