"""Backup: the commands of the operating guide save and restore rows and rights."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from storefront.accounts.models import User
from storefront.dev.runtime import postgres
from storefront.ops import database_roles

ROOT = Path(__file__).resolve().parents[3]
COMMAND = re.compile(r"^    (docker compose exec -T postgres (?:.*\\\n)*.*)$", re.MULTILINE)
RIGHTS = """
SELECT relname, attname, coalesce(attacl, relacl)::text
FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attacl IS NOT NULL
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') ORDER BY 1, 2
"""
SORTING = """
SELECT datlocprovider, datlocale, datcollate, datctype FROM pg_database
WHERE datname = current_database()
"""


@pytest.fixture
def role(transactional_db):
    name = f"app_of_{connection.settings_dict['NAME']}"
    database_roles.grant(role=name, password="a password")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {name}")
        cursor.execute(f"DROP ROLE {name}")


@pytest.fixture
def restored(transactional_db):
    """Return the name of another database, dropped after the test."""
    name = f"{connection.settings_dict['NAME']}_restored"
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def run(script, folder):
    """Run commands of the guide on this machine instead of in the container."""
    server = connection.settings_dict
    environ = {
        **os.environ,
        "PATH": f"{postgres.find_programs()}:{os.environ['PATH']}",
        "PGHOST": server["HOST"],
        "PGPORT": str(server["PORT"]),
        "PGPASSWORD": server["PASSWORD"],
    }
    script = f'set -eu\ndocker() {{ shift 4; "$@"; }}\n{script}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_restored_backup_has_rows_and_rights(role, restored, tmp_path):
    User.objects.create_user("ada@example.org", "a password")
    server = connection.settings_dict
    guide = (
        (ROOT / "docs/operating.md")
        .read_text()
        .replace("--username fara", f"--username {server['USER']}")
    )
    save, *bring_back = COMMAND.findall(guide)
    assert len(bring_back) == 2

    run(save.replace(" fara >", f" {server['NAME']} >"), tmp_path)
    (saved,) = tmp_path.glob("fara-*.dump")
    script = "\n".join(bring_back)
    script = re.sub(r"(DATABASE|EXISTS|--dbname) fara\b", rf"\1 {restored}", script)
    run(re.sub(r"fara-[\d-]+\.dump", saved.name, script), tmp_path)

    address = {"host": server["HOST"], "port": server["PORT"], "dbname": restored}
    with psycopg.connect(**address, user=role, password="a password") as there:
        assert there.execute("SELECT email FROM accounts_user").fetchall() == [("ada@example.org",)]
        with connection.cursor() as here:
            for asked in (RIGHTS, SORTING):
                assert there.execute(asked).fetchall() == here.execute(asked).fetchall() != []
