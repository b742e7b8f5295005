"""Failpoints: kill the process where requested; with a notes folder, once per failpoint."""

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


def run_process(passed, *, environment="local", **env):
    """Pass failpoints in a separate process; return its exit code and output."""
    done = subprocess.run(
        [sys.executable, "-c", PASSES, environment, passed],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split()


@pytest.mark.parametrize(
    ("asked", "passed_before"),
    [
        ("a", []),
        ("b", ["a"]),
        ("a:2", ["a", "b"]),
        ("c:1,b:2", ["a", "b", "a"]),
    ],
)
def test_process_is_killed_at_the_requested_pass(asked, passed_before):
    assert run_process("a,b,a,b,a,b", FAILPOINT=asked) == (-signal.SIGKILL, passed_before)


def test_other_failpoints_pass(tmp_path):
    # Failpoints of other names, or at a later pass.
    assert run_process("a,b,a", FAILPOINT="aa,c,a:4") == (0, ["a", "b", "a"])
    assert run_process("a", FAILPOINT="") == (0, ["a"])
    assert run_process("a", environment="production", FAILPOINT="a") == (0, ["a"])
    # No process is killed before the notes folder exists.
    missing = {"FAILPOINT_NOTES": str(tmp_path / "later")}
    assert run_process("a,a", FAILPOINT="a:1", **missing) == (0, ["a", "a"])


def test_noted_failpoint_kills_only_once(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    env = {"FAILPOINT": "a,b", "FAILPOINT_NOTES": str(notes)}

    ends = [run_process("a,b", **env) for _ in range(3)]

    assert ends == [(-signal.SIGKILL, []), (-signal.SIGKILL, ["a"]), (0, ["a", "b"])]
    assert sorted(note.name for note in notes.iterdir()) == ["a", "b"]
