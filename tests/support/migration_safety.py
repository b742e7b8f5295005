"""Migration safety: find what breaks the code of yesterday on the tables of today.

While an update runs, the old code serves customers on the migrated database. Those in ``CREATING``
create a new database, so there is no old code. A later migration must add only: what it drops or renames, the old
code still uses, and what it makes required, the old code does not fill. A migration that ends what no
released code uses names the rule and the reason: ``allows = {"ban-drop-column": "unused since 1.2"}``.
"""

import json
import subprocess
import sys
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests.support.source_files import APPS

SQUAWK = Path(sys.executable).with_name("squawk")
# Matters of style, and what Django and the settings of each session do: transaction and timeouts.
IGNORED = (
    *("prefer-bigint-over-int", "prefer-text-field", "prefer-identity", "prefer-robust-stmts"),
    *("transaction-nesting", "require-lock-timeout", "require-statement-timeout"),
)

# Edited in place until the first release.
CREATING = (
    *("0001_initial", "0002_database_objects", "0002_default_tax_rates"),
    "0002_default_silence_rules",
)


def rules_broken(sql, *, is_atomic=True):
    """Return the names of the rules that the SQL of a migration breaks."""
    options = [f"--exclude={','.join(IGNORED)}", "--pg-version=18", "--reporter=json"]
    if is_atomic:
        options.append("--assume-in-transaction")
    done = subprocess.run(
        [SQUAWK, *options, "--stdin-filepath=migration.sql"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return {found["rule_name"] for found in json.loads(done.stdout)}


def later_migrations():
    """Return our migrations after those that create a new database."""
    migrations = MigrationLoader(None).disk_migrations
    return [
        migration
        for (app, name), migration in sorted(migrations.items())
        if type(migration).__module__.partition(".")[0] in APPS and name not in CREATING
    ]


def sql_of(migration):
    """Return the SQL of a migration, which need not be on the disk."""
    loader = MigrationLoader(connection, replace_migrations=False)
    key = (migration.app_label, migration.name)
    if key not in loader.graph.nodes:
        loader.graph.add_node(key, migration)
        for parent in migration.dependencies:
            loader.graph.add_dependency(migration, key, parent)
    return "\n".join(loader.collect_sql([(migration, False)]))
