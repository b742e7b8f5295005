"""17TRACK sandbox: run a local server that imitates 17TRACK's tracking API, version 2.4.

Usage:
    python -m storefront.dev.sandboxes.seventeen_track --port 8005 --data FOLDER
"""

from argparse import Namespace
from collections.abc import Sequence

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.supplier import run
from storefront.lib.env import env_str

from . import state as journeys
from . import webhooks
from .server import Server
from .state import Rules, SandboxState


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _options(arguments)
    rules = Rules(
        key=options.key,
        webhook_url=options.webhook_url,
        pace_s=options.pace,
        qps=options.qps,
        quota=options.quota,
    )
    state = SandboxState(folder=options.data, rules=rules)
    server = Server((options.host, options.port), state=state)
    run(server, state, [journeys.start(state), webhooks.start(state)])


def _options(arguments: Sequence[str] | None) -> Namespace:
    keys = env_str("SEVENTEEN_TRACK_KEY").split()
    hook = command_line.hook_url("17track")
    parser = command_line.parser("seventeen_track", __doc__)
    parser.add_argument("--webhook-url", default=hook, help="where webhooks are posted")
    parser.add_argument("--key", default=keys[0] if keys else "", help="the shop's key")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds between two events")
    parser.add_argument("--qps", type=int, default=3, help="calls a second, 0: no limit")
    parser.add_argument("--quota", type=int, default=0, help="registrations, 0: no limit")
    options = parser.parse_args(arguments)
    if not options.key:
        parser.error("give --key, or set SEVENTEEN_TRACK_KEY")
    return options


if __name__ == "__main__":
    main()
