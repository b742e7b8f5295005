import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from storefront.dev.runtime import bootstrap

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n'
ENTRY = HEADER + '\nmsgid "Cart"\nmsgstr "{}"\n'


@pytest.fixture
def clone(tmp_path):
    """A folder with an environment that is up to date."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/dev.txt").write_text("django==6.1.3\n")
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    stamp = hashlib.sha256(b"django==6.1.3\n").hexdigest()
    (tmp_path / ".venv" / bootstrap.STAMP).write_text(stamp)
    return tmp_path


def test_changed_requirements_are_installed_with_hashes_and_noted(clone, monkeypatch):
    ran = []
    (clone / "requirements/dev.txt").write_text("django==6.1.4\n")
    monkeypatch.setattr(bootstrap, "find_uv", lambda _root: "uv")
    monkeypatch.setattr(bootstrap, "_run", lambda command, *_: ran.append(command))

    bootstrap.make_environment(clone)

    assert [command[:3] for command in ran] == [["uv", "pip", "sync"]]
    assert "--require-hashes" in ran[0]
    stamp = (clone / ".venv" / bootstrap.STAMP).read_text()
    assert stamp == hashlib.sha256(b"django==6.1.4\n").hexdigest()
    monkeypatch.setattr(bootstrap, "find_uv", lambda _root: pytest.fail("looked for uv"))
    bootstrap.make_environment(clone)  # nothing is left to do


def test_a_failed_installation_is_not_taken_for_a_finished_one(clone, monkeypatch):
    (clone / "requirements/dev.txt").write_text("django==6.1.4\n")
    monkeypatch.setattr(bootstrap, "find_uv", lambda _root: "false")

    with pytest.raises(bootstrap.BootstrapError, match="network"):
        bootstrap.make_environment(clone)

    assert not (clone / ".venv" / bootstrap.STAMP).exists()


def test_without_uv_and_pip_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(bootstrap, "_pips", lambda _root: iter([]))

    with pytest.raises(bootstrap.BootstrapError, match="apt-get install python3-pip"):
        bootstrap.find_uv(tmp_path)


def test_translation_is_compiled_only_if_it_is_newer(tmp_path):
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    source = tmp_path / "storefront/locale/az/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    source.write_text(ENTRY.format("Səbət"))
    compiled = source.with_suffix(".mo")

    bootstrap.compile_translations(tmp_path)
    first = compiled.read_bytes()
    source.write_text(ENTRY.format("Zənbil"))
    os.utime(source, (1, 1))
    bootstrap.compile_translations(tmp_path)

    assert "Səbət".encode() in first
    assert compiled.read_bytes() == first


@pytest.mark.parametrize("path", sorted(Path("requirements").glob("*.txt")), ids=str)
def test_locked_packages_name_no_address_and_every_one_has_a_hash(path):
    lines = path.read_text().splitlines()

    assert not [line for line in lines if re.search(r"://|--(extra-)?index-url", line)]
    pinned = [number for number, line in enumerate(lines) if "==" in line and line[0] != " "]
    assert pinned
    assert all("--hash=sha256:" in lines[number + 1] for number in pinned)
