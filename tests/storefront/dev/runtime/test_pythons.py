import ast
import stat
from pathlib import Path

import pytest

from storefront.dev.runtime import bootstrap, pythons


def fake_python(folder, name, answer):
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


@pytest.fixture
def only(monkeypatch):
    """Leave only these programs to be found."""

    def leave(*programs):
        monkeypatch.setattr(pythons, "_everywhere", lambda _env: iter(programs))

    return leave


def test_an_interpreter_that_is_too_old_or_does_not_run_is_passed_over(tmp_path, only):
    old = fake_python(tmp_path / "a", "python3", "echo cpython 3 11")
    shim = fake_python(tmp_path / "b", "python3", "echo 'pyenv: version not installed' >&2; exit 1")
    other = fake_python(tmp_path / "c", "python3", "echo pypy 3 13")
    talkative = fake_python(tmp_path / "d", "python3", "echo welcome to your python")
    good = fake_python(tmp_path / "e", "python3", "echo cpython 3 12")
    only(old, shim, other, talkative, str(tmp_path / "missing"), good)

    found = pythons.find({})

    assert found == pythons.find({"PYTHON": good}) == good


def test_without_an_interpreter_the_error_says_what_to_install(tmp_path, only):
    only(fake_python(tmp_path, "python3", "echo cpython 3 11"))

    with pytest.raises(pythons.NoPythonError, match=r"apt-get install python3\.13.*PYTHON="):
        pythons.find({})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("echo cpython 3 9", "is 3.9"), ("exit 1", "does not run")],
)
def test_explicitly_chosen_python_is_not_silently_replaced(tmp_path, answer, reason):
    chosen = fake_python(tmp_path, "mine", answer)

    with pytest.raises(pythons.NoPythonError, match=reason):
        pythons.find({"PYTHON": chosen})


def test_pythons_of_pyenv_are_found_newest_first_even_if_the_path_has_none(tmp_path):
    for version in ("3.9.18", "3.12.1", "3.13.0"):
        fake_python(tmp_path / ".pyenv/versions" / version / "bin", "python3", "true")

    found = [
        path.relative_to(tmp_path).parts[2]
        for path in map(Path, pythons.candidates({"HOME": str(tmp_path), "PATH": ""}))
        if path.is_relative_to(tmp_path)
    ]

    assert found == ["3.13.0", "3.12.1"]


@pytest.mark.parametrize("module", [bootstrap, pythons])
def test_old_python_can_parse_the_entry_points(module):
    ast.parse(Path(module.__file__).read_text(), feature_version=(3, 8))
