"""A failpoint kills where and when it was asked to, once if it may leave a note, and never else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

PASSES = """
import sys
from django.conf import settings
settings.configure(IS_PRODUCTION=sys.argv[1] == "production")
from storefront.lib.failpoints import failpoint
for name in sys.argv[2].split(","):
    failpoint(name)
    print(name, flush=True)
"""


def walk(passed, *, environment="local", **env):
    """Pass failpoints in a process of its own; return how it ended, and what it came past."""
    done = subprocess.run(
        [sys.executable, "-c", PASSES, environment, passed],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("asked", "came_past"),
    [
        ("a", []),
        ("b", ["a"]),
        ("a:2", ["a", "b"]),
        ("c:1,b:2", ["a", "b", "a"]),
    ],
)
def test_it_kills_at_the_passing_that_was_asked_for(asked, came_past):
    assert walk("a,b,a,b,a,b", FAILPOINT=asked) == (-signal.SIGKILL, came_past)


@pytest.mark.parametrize("asked", ["", "c", "a:4", "aa"])
def test_it_lets_everybody_else_pass(asked):
    assert walk("a,b,a", FAILPOINT=asked) == (0, ["a", "b", "a"])


def test_it_does_nothing_in_production():
    assert walk("a", environment="production", FAILPOINT="a") == (0, ["a"])


def test_who_finds_a_note_passes_by(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    env = {"FAILPOINT": "a,b", "FAILPOINT_NOTES": str(notes)}

    ends = [walk("a,b", **env) for _ in range(3)]

    assert ends == [(-signal.SIGKILL, []), (-signal.SIGKILL, ["a"]), (0, ["a", "b"])]
    assert sorted(note.name for note in notes.iterdir()) == ["a", "b"]


def test_nobody_dies_or_is_counted_before_there_is_a_folder_for_notes(tmp_path):
    missing = tmp_path / "later"

    assert walk("a,a", FAILPOINT="a:1", FAILPOINT_NOTES=str(missing)) == (0, ["a", "a"])
