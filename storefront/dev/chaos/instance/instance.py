"""Chaos instance: set up a whole shop with its own data, ports and folders, remove it."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from storefront.dev.demo import lock, processes, secrets
from storefront.dev.runtime import datastores
from storefront.dev.runtime.ports import free_port
from storefront.dev.runtime.processes import Child
from storefront.dev.runtime.supervisor import Supervisor
from storefront.workers.warmup import gc_frozen

ROOT = Path(__file__).resolve().parents[4]
PRODUCTS = 24
FEW_PRODUCTS = 12  # of each other supplier
SHARED_PRODUCTS = 4  # of the feed supplier's products, also sold by CJ
SHIP_INTERVAL_S = 15  # per status change of an order at the supplier
WEB_WORKERS, WORKER_PROCESSES = "2", "4"
DAY_S = 86_400
CLOCK, NOTES = "clock", "failpoints"
ENTRY = "storefront.dev.chaos.instance.process_entry"
# Without bytecode, each restarted process would compile all code.
REMOVED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "FAILPOINT", "MUTANT")
FOLDERS = (
    "sandbox",
    "bigbuy",
    "wholesaler",
    "gateway",
    "tracker",
    "sms",
    "labels",
    "receiver",
    *processes.STORES,
    "mail",
    "log",
    "media",
    "private",
)


@dataclass(slots=True, kw_only=True)
class Instance:
    """One running shop, with its processes by name."""

    stage: processes.Stage
    supervisor: Supervisor
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def var(self) -> Path:
        return self.stage.var

    @property
    def ports(self) -> processes.Ports:
        return self.stage.ports

    @property
    def supplier_url(self) -> str:
        return self.supplier_urls["cj"]

    @property
    def supplier_urls(self) -> Mapping[str, str]:
        ports = {"cj": self.ports.sandbox, "bigbuy": self.ports.bigbuy, "feed": self.ports.feed}
        return {name: processes.url_of(port) for name, port in ports.items()}

    @property
    def gateway_url(self) -> str:
        return processes.url_of(self.ports.gateway)

    @property
    def tracker_url(self) -> str:
        return processes.url_of(self.ports.tracker)

    @property
    def labels_url(self) -> str:
        return processes.url_of(self.ports.labels)

    @property
    def sms_url(self) -> str:
        return processes.url_of(self.ports.sms)

    @property
    def receiver_url(self) -> str:
        return processes.url_of(self.ports.receiver)

    @property
    def store_urls(self) -> Mapping[str, str]:
        stores = processes.stores(self.ports)
        return {platform: processes.url_of(port) for platform, port in stores.items()}

    @property
    def hook_url(self) -> str:
        return f"{processes.url_of(self.ports.web)}/hooks/stripe/"

    def add(self, child: Child) -> Child:
        self.children[child.name] = child
        self.supervisor.children[:] = [
            one for one in self.supervisor.children if one.name != child.name
        ]
        self.supervisor.start(child)
        lock.remember(self.var, self.supervisor.children)
        return child

    def set_clock(self, seconds: float) -> None:
        """Set the clock of web server and workers to the real time plus these seconds."""
        unfinished = self.var / f"{CLOCK}.new"
        unfinished.write_text(str(seconds))
        unfinished.rename(self.var / CLOCK)

    def clock_shift_s(self) -> float:
        return float((self.var / CLOCK).read_text())


@contextmanager
def instance(var: Path) -> Iterator[Instance]:
    """Yield an instance with data stores but no other process; remove everything at the end.

    Raises: AlreadyRunningError  another chaos run of this clone is active
    """
    with lock.alone(var):
        lock.stop_leftovers(var)
        clear(var)
        ports = processes.Ports(
            **{
                name: free_port()
                for name in (
                    "web",
                    "sandbox",
                    "bigbuy",
                    "feed",
                    "gateway",
                    "tracker",
                    "labels",
                    "sms",
                    "receiver",
                    "smtp",
                    *processes.STORES,
                )
            }
        )
        stores = datastores.prepare(
            home=var, logs=var / "log", environ={}, is_throwaway=True, is_durable=True
        )
        env = _environment(var, ports, {**stores.addresses})
        stage = processes.Stage(root=ROOT, var=var, ports=ports, env=env)
        supervisor = Supervisor()
        supervisor.listen()
        made = Instance(stage=stage, supervisor=supervisor)
        try:
            for child in stores.children:
                made.add(child)
            yield made
        finally:
            kill_all(supervisor)
            lock.forget(var)
            datastores.wipe(var)


def kill_all(supervisor: Supervisor) -> None:
    """Kill all processes at once: their data is deleted anyway."""
    for child in supervisor.children:
        # A killed PostgreSQL leaves shared memory behind; SIGQUIT frees it.
        is_postgres = child.name == "postgres"
        child.stop_signal = signal.SIGQUIT if is_postgres else signal.SIGKILL
    supervisor.stop(())


def clear(var: Path) -> None:
    datastores.wipe(var)
    for folder in FOLDERS:
        shutil.rmtree(var / folder, ignore_errors=True)
        (var / folder).mkdir(parents=True)
    shutil.rmtree(var / NOTES, ignore_errors=True)
    (var / CLOCK).write_text("0")


def _environment(var: Path, ports: processes.Ports, addresses: dict[str, str]) -> dict[str, str]:
    env = processes.environment(
        processes.settings(var=var, ports=ports, keys=secrets.fresh(), addresses=addresses)
    )
    for name in REMOVED_VARIABLES:
        env.pop(name, None)
    # One proxy is trusted, so that an API client can set its address with X-Forwarded-For.
    more = {"TRUSTED_PROXIES": "1", "CHAOS_CLOCK": str(var / CLOCK)}
    return {**env, **more}


def external_services(stage: processes.Stage) -> list[Child]:
    """Return suppliers, gateway and mail server of the demo, with fewer products and no quotas."""
    few, pace = str(FEW_PRODUCTS), str(SHIP_INTERVAL_S)
    more = {
        "sandbox": ["--count", str(PRODUCTS), "--qps", "0", "--webhook-retry", "1"],
        "bigbuy": ["--count", few, "--hour", "0"],
        "feed": ["--count", few, "--skip", str(PRODUCTS - SHARED_PRODUCTS)],
    }
    children = processes.outsiders(stage)
    for child in children:
        if child.name in more:  # the last one of a repeated option counts
            child.command = [*child.command, *more[child.name], "--pace", pace]
        elif child.name == "receiver":  # the clock of the shop is moved by hours
            child.command = [*child.command, "--tolerance", str(DAY_S)]
    return children


def web(stage: processes.Stage) -> Child:
    child = processes.web(stage)
    module = "storefront.dev.chaos.instance.wsgi:application"
    # the last one of a repeated option counts
    child.command = [*child.command[:-1], "--workers", WEB_WORKERS, module]
    return child


def worker(stage: processes.Stage) -> Child:
    """Return the demo's worker with fewer processes, for a small machine and frequent kills."""
    child = processes.worker(stage, app=ENTRY)
    child.command = [*child.command, "--concurrency", WORKER_PROCESSES]
    return child


def beat(stage: processes.Stage) -> Child:
    return processes.beat(stage, app=ENTRY)


def with_env(stage: processes.Stage, **more: str) -> processes.Stage:
    return replace(stage, env={**stage.env, **more})


def enter(env: dict[str, str]) -> None:
    """Make this process part of the instance, with its settings."""
    os.environ.clear()  # other variables may name another database
    os.environ.update(env)
    os.environ["DJANGO_SETTINGS_MODULE"] = "storefront.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    sys.dont_write_bytecode = False
    import django  # noqa: PLC0415 - the settings are read here, not before

    with gc_frozen():
        django.setup()
    from django.conf import settings  # noqa: PLC0415

    port = str(urlsplit(env["DATABASE_URL"]).port)
    if settings.IS_PRODUCTION or settings.DATABASES["default"]["PORT"] != port:
        raise RuntimeError(
            "Chaos tests only run on their own instance. This database is another one."
        )
    sys.stdout.flush()
