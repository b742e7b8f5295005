"""Schema setup: reuse a dump only for the same code, and only if it is readable."""

import pytest

from storefront.dev.chaos.instance import schema

URL = "postgres://fara:secret@127.0.0.1:1/fara"


@pytest.fixture
def fake_programs(monkeypatch, tmp_path):
    """Return the list of actions, and the set of programs that fail, which is empty."""
    actions = []

    def ran(program, _url, *words):
        actions.append(program)
        if program == "pg_dump":
            words[-1].write_text("CREATE TABLE …")
        return program not in failures

    failures = set()
    monkeypatch.setattr(schema, "_run", ran)
    monkeypatch.setattr(schema, "call_command", lambda name, **_: actions.append(name))
    monkeypatch.setattr(schema, "digest", lambda _: "code-1")
    monkeypatch.setattr(schema.connection, "close", lambda: None)
    return actions, failures


def test_second_run_uses_the_dump(fake_programs, tmp_path):
    actions, _ = fake_programs

    schema.create_schema(tmp_path, URL)
    schema.create_schema(tmp_path, URL)

    assert actions == ["migrate", "pg_dump", "psql"]


def test_changed_code_creates_a_new_dump(fake_programs, tmp_path, monkeypatch):
    actions, _ = fake_programs
    schema.create_schema(tmp_path, URL)
    monkeypatch.setattr(schema, "digest", lambda _: "code-2")

    schema.create_schema(tmp_path, URL)

    assert actions == ["migrate", "pg_dump"] * 2
    assert [file.name for file in (tmp_path / "schema").iterdir()] == ["code-2.sql"]


def test_unreadable_dump_is_replaced(fake_programs, tmp_path):
    actions, failures = fake_programs
    schema.create_schema(tmp_path, URL)
    failures.add("psql")

    schema.create_schema(tmp_path, URL)

    assert actions[-3:] == ["psql", "migrate", "pg_dump"]


@pytest.mark.parametrize("file", ["a.py", "a.sql"])
def test_every_code_file_changes_the_digest(tmp_path, file):
    (tmp_path / "orders").mkdir()
    names = set()
    for text in ("a = 1", "a = 2"):
        (tmp_path / "orders" / file).write_text(text)
        names.add(schema.digest(tmp_path))

    assert len(names) == 2


def test_missing_program_returns_false(monkeypatch, tmp_path):
    monkeypatch.setattr(schema, "find_programs", lambda: tmp_path)

    assert not schema._run("psql", URL)
