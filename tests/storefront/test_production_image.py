"""Production image: checks, static files and tasks work without the files that it omits."""

import os
import subprocess
import sys

from tests.support.containers import copy_what_the_image_holds

START = """
import django
from django.core.management import call_command
from storefront.celery import app
from storefront.wsgi import application

call_command("check", deploy=True, fail_level="WARNING")
call_command("collectstatic", interactive=False, dry_run=True, verbosity=0)
app.loader.import_default_modules()
"""


def run(folder, *command, **env):
    """Copy the image's files into a folder, and run a command there with this environment."""
    copy_what_the_image_holds(folder)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=kept | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_image_works_without_development_tools(tmp_path):
    started = run(tmp_path, "-m", "storefront.ops.production_env", sys.executable, "-c", START)

    assert not (tmp_path / "storefront" / "dev").exists()
    assert started.returncode == 0, started.stderr


def test_image_outside_production_accepts_only_gateways_that_it_contains(tmp_path):
    local = {"ENVIRONMENT": "local", "PAYMENT_GATEWAY": "fake"}
    started = run(tmp_path, "-c", "import storefront.wsgi", **local)

    assert "PAYMENT_GATEWAY=fake is not a registered payment gateway" in started.stderr
    assert started.returncode == 1
