"""Every failpoint: a process killed there loses no order.

Every day, tests/e2e/processes and tests/notifications/test_dispatch_crash.py kill processes at
the failpoints of purchase orders, claims, reconciliation and e-mail.
"""

import json
import subprocess
import sys

import pytest

from storefront.dev.chaos.instance import failpoints

RETRY_TIMEOUT_S = 500


@pytest.mark.full
def test_kill_at_each_failpoint_loses_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "storefront.dev.chaos", "--deaths", "--var", str(tmp_path)],
        cwd=failpoints.ROOT,
        capture_output=True,
        text=True,
        timeout=RETRY_TIMEOUT_S,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "chaos.json").read_text())
    assert report["failpoints_hit"] == list(failpoints.defined())
    assert report["violations"] == []
    assert sum(report["supplier_orders"].values()) > 0
