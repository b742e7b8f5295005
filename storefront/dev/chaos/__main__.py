"""Chaos test: inject seeded faults into a running shop, check that its guarantees hold.

Usage:
    python -m storefront.dev.chaos --seed 1
    python -m storefront.dev.chaos --deaths       kill a process at each failpoint, nothing else
    python -m storefront.dev.chaos --mutants      inject known bugs: each must be caught
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from storefront.dev.chaos.instance import instance
from storefront.dev.demo.lock import AlreadyRunningError
from storefront.dev.runtime.console import complain, say
from storefront.dev.runtime.postgres import PostgresError
from storefront.dev.runtime.redis_server import RedisError
from storefront.dev.runtime.supervisor import ChildDiedError, NotReadyError, StopRequestedError

FAILURES = (PostgresError, RedisError, ChildDiedError, NotReadyError)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="storefront.dev.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--deaths", action="store_true")
    parser.add_argument("--only", default="", help="run one mutant, by a part of its name")
    parser.add_argument("--var", type=Path, default=instance.ROOT / "var")
    options = parser.parse_args(arguments)
    began = time.monotonic()

    def note(message: str) -> None:
        say(f"{time.monotonic() - began:6.1f} s  {message}")

    try:
        with instance.instance(options.var.resolve() / "chaos") as place:
            instance.enter(dict(place.stage.env))  # while the data stores start
            place.supervisor.wait_until_ready(place.children.values())
            from storefront.dev.chaos import campaign, mutation_tests, plan  # noqa: PLC0415 - Django is ready by now

            if options.mutants:
                return mutation_tests.test_mutants(
                    place, only=options.only, folder=options.var, say=note, began=began
                )
            return campaign.run_campaign(
                place,
                planned=plan.draw_kills_only if options.deaths else plan.draw_plan,
                seed=options.seed,
                folder=options.var,
                say=note,
                began=began,
            )
    except AlreadyRunningError:
        complain("A chaos run of this clone is already running.")
    except StopRequestedError:
        return 130
    except FAILURES as error:
        complain(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
