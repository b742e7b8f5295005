"""Library internals: used only with tested versions; a session recovers after a table changed."""

from contextlib import nullcontext

import django
import psycopg
import pytest
from django.db import NotSupportedError, connection, transaction

from storefront.lib.db import internals
from storefront.lib.db.prepared_queries import PREPARE_AFTER, planned_cursor, raw_cursor

STATEMENTS = ("SELECT * FROM released", "SELECT released.* FROM released")


def test_the_installed_versions_were_tested():
    """After an upgrade: check each function of ``internals``, then name the new version there."""
    installed = {"django": django.__version__, "psycopg": psycopg.__version__}

    assert installed == internals.TESTED_VERSIONS


def ask(statement, opened):
    with opened(connection) as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("opened", [planned_cursor, raw_cursor])
@pytest.mark.parametrize("around", [transaction.atomic, nullcontext])
def test_table_changed_by_a_release_fails_one_query_of_a_session(opened, around, transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE released (word varchar(10))")
    for statement in STATEMENTS * (PREPARE_AFTER + 1):
        ask(statement, opened)
    # Bypass psycopg, which does not notice changes by another session.
    connection.connection.pgconn.exec_(b"ALTER TABLE released ALTER word TYPE varchar(20)")

    with pytest.raises(NotSupportedError), around():
        ask(STATEMENTS[0], opened)

    for statement in STATEMENTS * (PREPARE_AFTER + 1):
        with around():
            ask(statement, opened)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE released")
