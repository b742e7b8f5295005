"""Migrations: they build exactly what the models and the SQL files state."""

import re

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from tests.support import migration_safety
from tests.support.source_files import APPS, ROOT

FILES = sorted(path for app in APPS for path in (ROOT / app).rglob("migrations/sql/*.sql"))
CREATED = re.compile(
    r"^(?:CREATE(?: OR REPLACE)?(?: UNIQUE)? (FUNCTION|TRIGGER|INDEX|EXTENSION)(?: IF NOT EXISTS)?"
    r"|\s+ADD (CONSTRAINT)) (\w+)",
    re.MULTILINE,
)
OBJECTS = {
    "FUNCTION": """
        SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace
    """,
    "TRIGGER": """
        SELECT tgname, pg_get_triggerdef(oid) || ' ' || tgenabled::text FROM pg_trigger
        WHERE NOT tgisinternal
    """,
    "CONSTRAINT": """
        SELECT conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    """,
    "INDEX": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "EXTENSION": "SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql'",
    "TABLE": """
        SELECT relname, reloptions::text FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """,
}

# Indexes whose columns are the first ones of another index of the same table and condition.
REDUNDANT_INDEXES = """
SELECT less.indrelid::regclass::text, less.indexrelid::regclass::text, full_.indexrelid::regclass::text
FROM pg_index less
JOIN pg_class of_less ON of_less.oid = less.indexrelid
JOIN pg_am ON pg_am.oid = of_less.relam AND pg_am.amname = 'btree'
JOIN pg_index full_ ON full_.indrelid = less.indrelid AND full_.indexrelid <> less.indexrelid
JOIN pg_class of_full ON of_full.oid = full_.indexrelid AND of_full.relam = of_less.relam
WHERE of_less.relnamespace = 'public'::regnamespace
  AND NOT less.indisunique AND less.indexprs IS NULL AND less.indnatts = less.indnkeyatts
  AND full_.indpred::text IS NOT DISTINCT FROM less.indpred::text
  AND full_.indkey::text || ' ' LIKE less.indkey::text || ' %'
  AND full_.indclass::text || ' ' LIKE less.indclass::text || ' %'
ORDER BY 1, 2
"""


def objects():
    """Map each kind of database object to the sorted names and definitions of those that exist."""
    found = {}
    with connection.cursor() as cursor:
        for kind, query in OBJECTS.items():
            cursor.execute(query)
            found[kind] = sorted(cursor.fetchall())
    return found


def created():
    """Map each kind to the names that the SQL files create."""
    names = {kind: set() for kind in OBJECTS}
    for path in FILES:
        for kind, constraint, name in CREATED.findall(path.read_text()):
            names[kind or constraint].add(name)
    return names


@pytest.mark.django_db
def test_models_have_no_change_without_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_each_object_of_the_sql_files_exists_as_they_define_it():
    before = objects()

    with connection.cursor() as cursor:
        for path in FILES:
            cursor.execute(path.read_text())

    assert objects() == before
    missing = {
        kind: names - {name for name, _ in before[kind]} for kind, names in created().items()
    }
    assert {kind: names for kind, names in missing.items() if names} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["FUNCTION", "TRIGGER", "EXTENSION"])
def test_every_object_in_the_database_is_defined_in_an_sql_file(kind):
    assert {name for name, _ in objects()[kind]} == created()[kind]


@pytest.mark.django_db
def test_no_index_is_the_beginning_of_another_one():
    with connection.cursor() as cursor:
        cursor.execute(REDUNDANT_INDEXES)
        found = cursor.fetchall()
    models = [model for model in apps.get_models() if model.__module__.split(".")[0] in APPS]
    assert {row for row in found if row[0] in {model._meta.db_table for model in models}} == set()


def test_each_sql_file_is_run_by_one_migration():
    run = [
        operation.sql
        for migration in MigrationLoader(None).disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, RunSQL)
    ]

    assert sorted(run) == sorted(path.read_text() for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_comment_precedes_each_statement(path):
    statements = re.compile(r"^(?:CREATE|ALTER|COMMENT|GRANT|REVOKE)\b", re.MULTILINE)
    lines = path.read_text().splitlines()

    assert [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if statements.match(line) and not before.startswith("-- ")
    ] == []


@pytest.mark.django_db
def test_each_later_migration_leaves_the_code_of_yesterday_working():
    broken = {
        str(migration): rules - set(getattr(migration, "allows", ()))
        for migration in migration_safety.later_migrations()
        if (rules := migration_safety.rules_broken(migration_safety.sql_of(migration)))
    }

    assert {name: rules for name, rules in broken.items() if rules} == {}


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        (migrations.RemoveField("livedatabase", "switched_on_by"), "ban-drop-column"),
        (migrations.RenameField("livedatabase", "backed_up_at", "saved_at"), "renaming-column"),
        (migrations.DeleteModel("livedatabase"), "ban-drop-table"),
        (
            migrations.AddField("livedatabase", "size", models.BigIntegerField()),
            "adding-required-field",
        ),
        (
            migrations.AddIndex("livedatabase", models.Index(fields=["backed_up_at"], name="at")),
            "require-concurrent-index-creation",
        ),
        (
            migrations.AddConstraint(
                "livedatabase", models.CheckConstraint(condition=models.Q(pk=1), name="one")
            ),
            "constraint-missing-not-valid",
        ),
        (migrations.AddField("livedatabase", "size", models.BigIntegerField(db_default=0)), None),
    ],
)
@pytest.mark.django_db
def test_an_operation_that_breaks_running_code_is_found(operation, rule):
    migration = migrations.Migration("0002_more", "identity")
    migration.operations = [operation]
    migration.dependencies = [("identity", "0001_initial")]

    found = migration_safety.rules_broken(migration_safety.sql_of(migration))

    assert found == ({rule} if rule else set())
