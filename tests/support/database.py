"""Test databases: one for each process; empty tables after a test that committed."""

import fcntl
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import connection, transaction

STAYS = ("django_migrations", "django_content_type", "auth_permission", "orders_taxrate")


def share_migrations(folder):
    """Make this process's test database a copy of the migrated one.

    ``folder`` is shared by all processes of this run.
    """
    with (folder / "template.lock").open("a+") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        door.seek(0)
        if not door.read():
            _migrate_template()
            door.write("made")
    connection.settings_dict["TEST"]["TEMPLATE"] = _template()


@contextmanager
def rolled_back():
    """Keep data for the tests of a module, each of which runs in a savepoint; then roll it back."""
    block = transaction.atomic()
    block._from_testcase = True  # as Django marks the transaction of a test case
    with block:
        try:
            yield
        finally:
            transaction.set_rollback(True)


def _template():
    return f"test_{connection.settings_dict['NAME']}_template"


def _migrate_template():
    test = connection.settings_dict["TEST"]
    name, own = connection.settings_dict["NAME"], test["NAME"]
    test["NAME"] = _template()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.close()  # a database can be copied only without open sessions
    test["NAME"] = own
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def empty():
    """Empty the tables that the last test filled, and those that refer to them."""
    with connection.cursor() as cursor:
        cursor.execute(_which_are_filled())
        filled = [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]
        if filled:
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


@cache
def _which_are_filled():
    # Own tables only: a temporary table may be gone by the next test.
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    names = [name for name in ours if name not in STAYS]
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})"
        for name in names
    )
