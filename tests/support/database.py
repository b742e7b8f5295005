"""A database for each process of the tests, and how it is emptied after a test that committed.

Migrations are run once, by the first process that comes; the others copy what it made. After a
test only the tables that hold a row are emptied, and content types, permissions and tax rates stay:
they are the same after every migration.
"""

from __future__ import annotations

import fcntl
from functools import cache

from django.conf import settings
from django.db import connection

STAYS = ("django_migrations", "django_content_type", "auth_permission", "orders_taxrate")


def share_migrations(folder):
    """Have this process's test database be a copy of the one in which migrations were run.

    ``folder`` is one that all processes of this run share.
    """
    with (folder / "template.lock").open("a+") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        door.seek(0)
        if not door.read():
            _migrate_template()
            door.write("made")
    connection.settings_dict["TEST"]["TEMPLATE"] = _template()


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
    """Empty what the last test filled, and what points at it."""
    with connection.cursor() as cursor:
        cursor.execute(_which_are_filled())
        filled = [connection.ops.quote_name(name) for (name,) in cursor.fetchall()]
        if filled:
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


@cache
def _which_are_filled():
    # Ours only: a temporary table of a session may be gone by the next test.
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    names = [name for name in ours if name not in STAYS]
    return " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})"
        for name in names
    )
