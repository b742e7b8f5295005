"""All sandboxes in one process: each serves on its port; a signal, or the end of one, ends all."""

import signal
import smtplib
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from storefront.dev.runtime.ports import HOST, free_port

KEYS = ["--secret", "sk_test_x", "--hook-secret", "whsec_x"]


@contextmanager
def start(tmp_path, *, smtp_port):
    words = []
    for name in ("cj", "bigbuy", "feeds", "onx"):
        words += [name, "--port", "0", "--data", str(tmp_path / name), "--count", "5", "--"]
    words += ["stripe", "--port", "0", "--data", str(tmp_path / "stripe"), *KEYS, "--"]
    tracker = str(tmp_path / "tracker")
    words += ["seventeen_track", "--port", "0", "--data", tracker, "--key", "a key", "--"]
    keys = ["--public-key", "a", "--secret-key", "b"]
    words += ["sendcloud", "--port", "0", "--data", str(tmp_path / "labels"), *keys, "--"]
    account = ["--account", "AC1", "--token", "a token"]
    words += ["twilio", "--port", "0", "--data", str(tmp_path / "twilio"), *account, "--"]
    for name in ("shopify", "woocommerce", "bigcommerce"):
        words += [name, "--port", "0", "--data", str(tmp_path / name), "--"]
    words += ["mail", "--port", str(smtp_port), "--dir", str(tmp_path / "mail")]
    with subprocess.Popen(
        [sys.executable, "-m", "storefront.dev.sandboxes", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_serve_until_a_signal(tmp_path, number):
    smtp_port = free_port()
    with start(tmp_path, smtp_port=smtp_port) as process:
        ready = [process.stdout.readline().split()[1] for _ in range(12)]
        for url in ready:
            if url.startswith("http:"):
                with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                    assert answer.read() == b"ok"
        with smtplib.SMTP(HOST, smtp_port) as server:
            assert server.noop()[0] == 250

        process.send_signal(number)

        assert process.wait(timeout=15) == 0
    assert len({*ready}) == 12


def test_all_end_when_one_cannot_start(tmp_path):
    with start(tmp_path, smtp_port=1 << 20) as process:
        assert process.wait(timeout=15) == 1
