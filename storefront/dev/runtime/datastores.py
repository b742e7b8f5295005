"""Datastores: prepare PostgreSQL and Redis if the environment names none, delete their data."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storefront.dev.runtime import postgres, redis_server
from storefront.dev.runtime.processes import Child
from storefront.ops.environment import is_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastores:
    """The servers to start, and their addresses for all other processes."""

    children: tuple[Child, ...]
    addresses: Mapping[str, str]


def prepare(
    *,
    home: Path,
    logs: Path,
    environ: Mapping[str, str],
    is_throwaway: bool,
    is_durable: bool = False,
) -> Datastores:
    """Prepare the datastores that DATABASE_URL and REDIS_URL do not name."""
    children = []
    addresses = {}
    if not is_set(environ, "DATABASE_URL"):
        database = postgres.prepare(
            home=home / "postgres",
            log=logs / "postgres.log",
            is_throwaway=is_throwaway,
            is_durable=is_durable or not is_throwaway,
        )
        children.append(database.child)
        addresses["DATABASE_URL"] = database.url
    if not is_set(environ, "REDIS_URL"):
        redis = redis_server.prepare(
            home=home / "redis", log=logs / "redis.log", is_throwaway=is_throwaway
        )
        children.append(redis.child)
        addresses["REDIS_URL"] = redis.url
    return Datastores(children=tuple(children), addresses=addresses)


def wipe(home: Path) -> None:
    """Delete the data, after ending servers that a killed launcher left running."""
    postgres.remove(home / "postgres")
    redis_server.stop_earlier((home / "redis").resolve())
    shutil.rmtree(home / "redis", ignore_errors=True)
