"""Worker app with tasks that write the id of their database session to a file."""

import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
django.setup()

# The apps are loaded by now.
from django.db import connection  # noqa: E402

from storefront.celery import app  # noqa: E402

LOCK = 471_147


@app.task(name="tests.tell")
def tell(*, file, is_locking=False):
    with connection.cursor() as cursor:
        if is_locking:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    with Path(file).open("a") as report:
        report.write(f"{session}\n")
