"""Demo smoke test: buy a product in the running demo.

Usage:
    python -m storefront.dev.demo.smoke
"""

import os
import subprocess
import sys
from pathlib import Path

from storefront.dev.demo import startup, status_file
from storefront.dev.runtime.console import complain


def main() -> int:
    facts = status_file.read(Path(os.environ.get("VAR_DIR") or startup.ROOT / "var"))
    if facts is None:
        complain("No demo is running. Start one in another terminal: make demo")
        return 1
    command = [sys.executable, "manage.py", "smoke", "--base-url", facts["urls"]["shop"]]
    return subprocess.run(command, cwd=startup.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
