"""Container health check: request a health page from the web server of this container.

Usage:
    python -m storefront.ops.healthcheck             can it sell?
    python -m storefront.ops.healthcheck /readyz    do all parts of the shop work?
"""

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException

PORT = 8000
TIMEOUT_S = 4


def main(path: str = "/healthz") -> int:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=TIMEOUT_S)
    try:
        # Django answers only to ALLOWED_HOSTS.
        connection.request("GET", path, headers={"Host": host()})
        return int(connection.getresponse().status != HTTPStatus.OK)
    except (OSError, HTTPException):
        return 1


def host() -> str:
    return os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
