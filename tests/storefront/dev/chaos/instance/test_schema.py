"""Tables are kept between runs only while the code is the same, and only if they can be read."""

from __future__ import annotations

import pytest

from storefront.dev.chaos.instance import schema

URL = "postgres://fara:secret@127.0.0.1:1/fara"


@pytest.fixture
def done(monkeypatch, tmp_path):
    """Note what is done; programs work, and ``pg_dump`` writes what it is told to."""
    noted = []

    def ran(program, _url, *words):
        noted.append(program)
        if program == "pg_dump":
            words[-1].write_text("CREATE TABLE …")
        return program not in noted_failures

    noted_failures = set()
    monkeypatch.setattr(schema, "_ran", ran)
    monkeypatch.setattr(schema, "call_command", lambda name, **_: noted.append(name))
    monkeypatch.setattr(schema, "digest", lambda _: "code-1")
    monkeypatch.setattr(schema.connection, "close", lambda: None)
    return noted, noted_failures


def test_the_second_run_reads_what_the_first_one_kept(done, tmp_path):
    noted, _ = done

    schema.make(tmp_path, URL)
    schema.make(tmp_path, URL)

    assert noted == ["migrate", "pg_dump", "psql"]


def test_other_code_makes_the_tables_anew_and_forgets_the_old_ones(done, tmp_path, monkeypatch):
    noted, _ = done
    schema.make(tmp_path, URL)
    monkeypatch.setattr(schema, "digest", lambda _: "code-2")

    schema.make(tmp_path, URL)

    assert noted == ["migrate", "pg_dump"] * 2
    assert [file.name for file in (tmp_path / "schema").iterdir()] == ["code-2.sql"]


def test_what_cannot_be_read_is_made_anew(done, tmp_path):
    noted, failures = done
    schema.make(tmp_path, URL)
    failures.add("psql")

    schema.make(tmp_path, URL)

    assert noted[-3:] == ["psql", "migrate", "pg_dump"]


def test_without_the_programs_nothing_is_kept(done, tmp_path):
    noted, failures = done
    failures.add("pg_dump")

    schema.make(tmp_path, URL)
    schema.make(tmp_path, URL)

    assert noted == ["migrate", "pg_dump"] * 2


@pytest.mark.parametrize("file", ["a.py", "a.sql"])
def test_every_file_of_code_has_a_say(tmp_path, file):
    (tmp_path / "orders").mkdir()
    names = set()
    for text in ("a = 1", "a = 2"):
        (tmp_path / "orders" / file).write_text(text)
        names.add(schema.digest(tmp_path))

    assert len(names) == 2


def test_a_program_that_is_not_there_is_no_success(monkeypatch, tmp_path):
    monkeypatch.setattr(schema, "find_programs", lambda: tmp_path)

    assert not schema._ran("psql", URL)
