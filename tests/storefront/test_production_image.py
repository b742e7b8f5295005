"""The production image: what the .dockerignore leaves must check, collect, and load its tasks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("catalog", "notifications", "orders", "shipping", "storefront", "suppliers")
START = """
import django
from django.core.management import call_command
from storefront.celery import app
from storefront.wsgi import application

call_command("check", deploy=True, fail_level="WARNING")
call_command("collectstatic", interactive=False, dry_run=True, verbosity=0)
app.loader.import_default_modules()
"""


def copy_what_the_image_holds(target):
    """Copy the apps without the folders that the .dockerignore names."""
    lines = (ROOT / ".dockerignore").read_text().split()
    left_out = {(ROOT / line).resolve() for line in lines if not set(line) & set("*!")}

    def ignore(folder, names):
        return [n for n in names if n == "__pycache__" or (Path(folder) / n).resolve() in left_out]

    for app in APPS:
        shutil.copytree(ROOT / app, target / app, ignore=ignore)
    shutil.copy(ROOT / "manage.py", target)


def test_the_image_works_without_development_tools(tmp_path):
    copy_what_the_image_holds(tmp_path)

    started = subprocess.run(
        [sys.executable, "-m", "storefront.ops.production_env", sys.executable, "-c", START],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert not (tmp_path / "storefront" / "dev").exists()
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize("gateway", ["test", "stripe"])
def test_outside_production_the_image_takes_only_a_gateway_that_it_holds(tmp_path, gateway):
    copy_what_the_image_holds(tmp_path)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    started = subprocess.run(
        [sys.executable, "-c", "import storefront.wsgi"],
        cwd=tmp_path,
        env={**kept, "ENVIRONMENT": "local", "PAYMENT_GATEWAY": gateway},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ("PAYMENT_GATEWAY=test is no gateway here" in started.stderr) == (gateway == "test")
    assert (started.returncode == 0) == (gateway == "stripe")
