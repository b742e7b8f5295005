"""Demo startup: prepare the database, start all processes in order, sync an old catalog.

While the demo runs, beat keeps the catalog fresh. ``demo.synced`` is touched when the demo stops, so
its age is the age of the catalog.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit, urlunsplit

from storefront.dev.demo import lock, migration_files, processes
from storefront.dev.demo import secrets as demo_secrets
from storefront.dev.runtime import datastores
from storefront.dev.runtime.console import say
from storefront.dev.runtime.processes import Child
from storefront.dev.runtime.supervisor import Supervisor

FRESH_FOR_S = 3600


def is_fresh(var: Path, *, database_url: str) -> bool:
    """Return whether the catalog of this database is at most an hour old."""
    note = _note(var)
    return (
        note.exists()
        and note.read_text() == _database_name(database_url)
        and time.time() - note.stat().st_mtime < FRESH_FOR_S
    )


def mark(var: Path, *, database_url: str) -> None:
    _note(var).write_text(_database_name(database_url))


def keep(var: Path) -> None:
    """Touch ``demo.synced`` when the demo stops, if it exists."""
    if _note(var).exists():
        _note(var).touch()


def _note(var: Path) -> Path:
    return var / "demo.synced"


def _database_name(database_url: str) -> str:
    """Return the name of the database, without the port, which changes each time."""
    parts = urlsplit(database_url)
    return f"{parts.hostname}{parts.path}"


# Start in order

ROOT = Path(__file__).resolve().parents[3]
SUPPLIERS = ("cj-sandbox", "bigbuy-sandbox", "feed-sandbox")
FIRST_PICTURES = 60  # enough images for the first pages
START_AFRESH = "If the demo's data is of another version, run: make demo-reset"
REPAIR_DATABASE = f"If DATABASE_URL is set, check that this PostgreSQL responds.\n{START_AFRESH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Settings, addresses and the staff account of a demo that is ready."""

    settings: Mapping[str, str]
    urls: Mapping[str, str]
    staff: Mapping[str, str]


def open_shop(supervisor: Supervisor, var: Path) -> Opened:
    """Return when all processes respond and the catalog is filled."""

    def start(*children: Child) -> None:
        for child in children:
            supervisor.start(child)
            lock.remember(var, supervisor.children)

    keep_last_logs(var / "log")
    say(
        "Starting PostgreSQL, Redis, three sandbox suppliers, payment gateway,"
        " tracking provider, SMS and mail server"
    )
    stores = datastores.prepare(home=var, logs=var / "log", environ=os.environ, is_throwaway=False)
    secrets = demo_secrets.load(var / "demo.env")
    ports = processes.Ports.choose(int(os.environ.get("DEMO_PORT") or processes.WEB_PORT))
    settings = processes.settings(var=var, ports=ports, keys=secrets, addresses=stores.addresses)
    env = processes.environment(settings)
    owner = stage = processes.Stage(root=ROOT, var=var, ports=ports, env=env)
    has_own_database = "DATABASE_URL" in stores.addresses
    if has_own_database:  # the shop uses its production role
        migration_files.require_same(var, root=ROOT, has_data=_note(var).exists())
        app_url = as_app(env["DATABASE_URL"])
        owner = replace(stage, env={**env, "APP_DATABASE_URL": app_url})
        settings = {**settings, "DATABASE_URL": app_url}
        stage = replace(stage, env=processes.environment(settings))
    sandboxes = processes.together(stage, processes.outsiders(stage))
    start(*stores.children, sandboxes)
    supervisor.wait_until_ready(stores.children)

    say("Migrating the database and loading the demo's configuration")
    preparing = owner.quietly("prepare", "-m", "storefront.dev.demo.prepare")
    supervisor.run(preparing, advice=REPAIR_DATABASE)
    if has_own_database:
        migration_files.record(var, root=ROOT)
    supervisor.wait_until_ready([sandboxes])

    say("Starting the web server and the worker")
    web, worker, beat = processes.web(stage), processes.worker(stage), processes.beat(stage)
    start(web, worker)
    if not is_fresh(var, database_url=env["DATABASE_URL"]):
        say("Syncing the suppliers' catalogs")
        for supplier in SUPPLIERS:
            sync = stage.quietly(f"sync-{supplier}", "manage.py", "supplier", "sync", supplier)
            supervisor.run(sync, advice=START_AFRESH, is_shown=True)
        say("Downloading the first images; the others follow")
        words = ["fetch_images", "--main", "--at-most", str(FIRST_PICTURES)]
        pictures = stage.quietly("pictures", "manage.py", *words)
        supervisor.run(pictures, advice=START_AFRESH, is_shown=True)
        mark(var, database_url=env["DATABASE_URL"])
    start(beat)
    supervisor.wait_until_ready([web, worker, beat])
    return Opened(
        settings=settings,
        urls=processes.urls(ports),
        staff={"email": secrets["STAFF_EMAIL"], "password": secrets["STAFF_PASSWORD"]},
    )


def as_app(database_url: str) -> str:
    """Return the address of the same database for the app's role, with a new password."""
    parts = urlsplit(database_url)
    netloc = f"fara_app:{token_urlsafe(24)}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=netloc))


def keep_last_logs(folder: Path) -> None:
    """Rotate the logs; keep those of the previous run."""
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.last"))
