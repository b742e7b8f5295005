"""Somebody dies at each failpoint of a running shop, and each order ends right."""

from __future__ import annotations

import json
import subprocess
import sys

from storefront.chaos import naming

PATIENCE_S = 500


def test_who_dies_at_a_failpoint_loses_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "storefront.chaos", "--deaths", "--var", str(tmp_path)],
        cwd=naming.ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "chaos.json").read_text())
    assert told["failpoints_hit"] == list(naming.defined())
    assert told["violations"] == []
    assert told["supplier_orders"] > 0
