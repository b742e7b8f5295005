"""Test databases: one for each process; empty tables after a test that committed."""

import fcntl
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import connection, transaction

STAYS = (
    *("django_migrations", "django_content_type", "auth_permission", "orders_taxrate"),
    *("catalog_productfamily", "shipping_silencerule"),
)
MAX_TABLE_BYTES = 2_000_000
_filled: dict[str, dict[str, bytes]] = {}


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
    """Empty the tables that the last test filled.

    Deleting the rows of a test is 30 times faster than TRUNCATE, which makes new files for every
    table and index. TRUNCATE is used once deleted rows have made a table large.
    """
    connection.close_if_unusable_or_obsolete()  # if the test ended the session
    with without_triggers() as cursor:
        sizes = _sizes_of_filled_tables(cursor)
        if max(sizes.values(), default=0) > MAX_TABLE_BYTES:
            cursor.execute(f"TRUNCATE {', '.join(sizes)} CASCADE")
        elif sizes:
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in sizes))


def fill_once(name, build):
    """Fill the database by ``build``; on later calls with the same name, copy the rows it made.

    Returns: whether ``build`` was called
    """
    if name in _filled:
        empty()  # delete what the migrations wrote
        with without_triggers() as cursor:
            for table, rows in _filled[name].items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
        return False
    build()
    written = {}
    with connection.cursor() as cursor:
        for table in _sizes_of_filled_tables(cursor):
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                written[table] = b"".join(copy)
    _filled[name] = written
    return True


@contextmanager
def without_triggers():
    """Open a cursor in a transaction that runs no triggers and checks no foreign keys."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def _sizes_of_filled_tables(cursor):
    cursor.execute(_which_are_filled())
    return dict(cursor.fetchall())


@cache
def _which_are_filled():
    # Own tables only: a temporary table may be gone by the next test.
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    names = [connection.ops.quote_name(name) for name in ours if name not in STAYS]
    return " UNION ALL ".join(
        f"SELECT '{name}', pg_relation_size('{name}') WHERE EXISTS (SELECT 1 FROM {name})"
        for name in names
    )
