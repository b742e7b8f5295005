"""Backup and restore: a shop is saved, restored into a second database, and stays paused."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from storefront.dev.runtime import postgres
from storefront.identity import live_database
from storefront.identity.models import LiveDatabase
from storefront.ops.backups import creation, manifest, postgres_programs, restoration
from tests.factories.full_shop import make_world
from tests.factories.suppliers import NOON

ROOT = Path(__file__).resolve().parents[4]
KEYS = {"STRIPE_SECRET_KEY": "sk_test_of_the_backup"}
SORTING = """
SELECT datlocprovider, datlocale, datcollate, datctype FROM pg_database
WHERE datname = current_database()
"""


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.setenv("PATH", f"{postgres.find_programs()}:{os.environ['PATH']}")


@pytest.fixture
def second_database(transactional_db):
    """Return the URL of an empty database, dropped after the test."""
    server = connection.settings_dict
    name = f"{server['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(
            f"CREATE DATABASE {name} TEMPLATE template0"
            " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
        )
    user = f"{quote(server['USER'])}:{quote(server['PASSWORD'], safe='')}"
    yield f"postgres://{user}@{server['HOST']}:{server['PORT']}/{name}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def small_backup(transactional_db, tmp_path):
    """Return a backup of an empty shop."""
    return creation.create(folder=tmp_path, now=NOON)


def manage(url, var, *words, **environ):
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **KEYS, "DATABASE_URL": url, "VAR_DIR": str(var), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_shop_is_restored_whole_and_paused(second_database, tmp_path, monkeypatch, settings):
    make_world(monkeypatch)
    live_database.record()
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    photo = Path(settings.PRIVATE_ROOT) / "photos" / "one.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a photo")
    counts = creation.count_rows()

    path = creation.create(folder=tmp_path / "backups", now=NOON)
    assert live_database.read().backed_up_at == NOON
    assert path.stat().st_mode & 0o077 == 0
    assert b"sk_test_of_the_backup" not in path.read_bytes()

    done = manage(second_database, tmp_path / "var", "restore", path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "VIOLATED" not in done.stdout
    assert f"Restored {sum(counts.values())} rows" in done.stdout
    assert (tmp_path / "var/private/photos/one.jpg").read_bytes() == b"a photo"
    with psycopg.connect(second_database) as there, connection.cursor() as here:
        assert there.execute(SORTING).fetchall() == here.execute(SORTING).fetchall()
    said = manage(second_database, tmp_path / "var", "background_work")
    assert said.stdout == "Background work is paused.\n"
    assert live_database.read().is_live, "the original goes on"
    again = manage(second_database, tmp_path / "var", "restore", path)
    assert "The database is not empty" in again.stderr
    assert list((tmp_path / "backups").iterdir()) == [path]


def faults(path):
    with pytest.raises(restoration.RestoreError) as caught:
        restoration.restore(path=path)
    return " ".join(caught.value.args)


def test_nothing_is_restored_from_another_version_or_without_a_key(
    small_backup, monkeypatch, settings
):
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_1")
    with_key = creation.create(folder=small_backup.parent / "more", now=NOON)
    monkeypatch.delenv("STRIPE_SECRET_KEY")
    monkeypatch.setattr(manifest, "schema_digest", lambda: "another")
    settings.FIELD_KEYS = ["qN8m0Ue3cTqXrQbWw3x0cWm1p1yZ6b0o8m1uY5j2t0E="]
    settings.SECRET_KEY = "another"

    found = faults(with_key)

    assert "another version of the code" in found
    assert "STRIPE_SECRET_KEY is not set" in found
    assert "FIELD_KEYS lacks a key" in found
    assert "SECRET_KEY is another one" in found


def test_damaged_or_unfinished_backup_is_refused(small_backup, monkeypatch, tmp_path):
    monkeypatch.setattr(restoration, "count_rows", dict)
    content = small_backup.read_bytes()
    damaged, cut = tmp_path / "damaged.tar", tmp_path / "cut.tar"
    with tarfile.open(small_backup) as archive:
        start = archive.getmember("database.dump").offset_data
    damaged.write_bytes(content[: start + 100] + b"\xff\xff" + content[start + 102 :])
    cut.write_bytes(content[: start + 512])

    assert faults(damaged) == "database.dump is damaged or missing."
    assert "cannot be read" in faults(cut) or "no manifest" in faults(cut)
    assert "cannot be read" in faults(tmp_path / "none.tar")


def test_file_of_a_backup_never_lands_outside_the_folders_of_the_shop():
    for name in (
        "files/MEDIA_ROOT/../../x",
        "files/BASE_DIR/x",
        "etc/passwd/x",
        "files/MEDIA_ROOT",
    ):
        with pytest.raises(restoration.RestoreError, match="belongs to no folder"):
            restoration._destination(name)


def test_missing_program_is_named_with_what_to_install(transactional_db, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres_programs, "PACKAGES", tmp_path)

    with pytest.raises(CommandError, match="There is no pg_dump of PostgreSQL"):
        call_command("backup", tmp_path)
    assert not LiveDatabase.objects.exists()


def test_manifest_names_each_key_of_a_shop(small_backup):
    text = (ROOT / "docs/settings.md").read_text().split("## Settings of a shop\n")[1]
    rows = [line.split("`")[1] for line in text.split("\n## ")[0].splitlines() if "| `" in line]
    secrets = {name for name in rows if name.endswith(("_KEY", "_KEYS", "_SECRET", "_TOKEN"))}

    assert secrets - {"METRICS_TOKEN"} == set(manifest.KEYS)
    with tarfile.open(small_backup) as archive:
        assert archive.getnames()[-1] == "manifest.json"
        described = json.load(archive.extractfile("manifest.json"))
    assert described["counts"]["accounts_user"] == 0
