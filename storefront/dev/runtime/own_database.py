"""Own database: create one for a command on the current server, and drop it afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from storefront.lib.env import env_str


@contextmanager
def own_database(name: str) -> Iterator[str]:
    """Yield the URL of an empty database; a killed run's database is dropped first."""
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    _execute(drop)
    _execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(env_str("DATABASE_URL"))._replace(path=f"/{name}"))
    finally:
        _execute(drop)


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
