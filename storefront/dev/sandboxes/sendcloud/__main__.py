"""Sendcloud sandbox: run a local server that imitates Sendcloud's API for returns, version 3.

Usage:
    python -m storefront.dev.sandboxes.sendcloud --port 8007 --data FOLDER
"""

from argparse import Namespace
from collections.abc import Sequence

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.supplier import run
from storefront.lib.env import env_str

from .server import Server
from .state import Rules, SandboxState


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _options(arguments)
    rules = Rules(
        public_key=options.public_key,
        secret_key=options.secret_key,
        announce_s=options.announce,
    )
    state = SandboxState(folder=options.data, rules=rules)
    run(Server((options.host, options.port), state=state), state, [])


def _options(arguments: Sequence[str] | None) -> Namespace:
    public_key, _, secret_key = env_str("SANDBOX_SENDCLOUD_KEYS").partition(":")
    parser = command_line.parser("sendcloud", __doc__)
    parser.add_argument("--public-key", default=public_key, help="the shop's public key")
    parser.add_argument("--secret-key", default=secret_key, help="the shop's secret key")
    parser.add_argument("--announce", type=float, default=0.0, help="seconds until it is confirmed")
    options = parser.parse_args(arguments)
    if not (options.public_key and options.secret_key):
        parser.error("give the keys, or set SANDBOX_SENDCLOUD_KEYS=public:secret")
    return options


if __name__ == "__main__":
    main()
