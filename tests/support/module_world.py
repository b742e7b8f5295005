"""Module data: rows and files that are made once for all tests of a module.

Each test runs in a savepoint, so its own changes are undone. Use it in a module without
``django_db(transaction=True)``: such a test commits, and empties the database.
"""

import shutil
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection
from django.test import override_settings

from tests.support.database import rolled_back

FOLDERS = {"MEDIA_ROOT": "media", "FEEDS_ROOT": "feeds", "MAILBOX_DIR": "mail"}
NO_REDIS = "redis://127.0.0.1:1/0"


@contextmanager
def module_world(blocker, folder, build, **words):
    """Call ``build``; keep the rows until the end of the module, and the files in a folder.

    Shape: ``blocker`` is the fixture ``django_db_blocker``; ``words`` are more settings.
    """
    with (
        blocker.unblock(),
        rolled_back(),
        patch.object(connection, "close", lambda: None),  # Django closes it after each test
    ):
        folders = {name: folder / below for name, below in FOLDERS.items()}
        with override_settings(**folders, **words):
            built = build()
        yield built


def copy_feeds(folder, settings):
    """Give a test its own copy of the files that ``build`` fetched for its module."""
    shutil.copytree(folder / "feeds", settings.FEEDS_ROOT, dirs_exist_ok=True)
