"""Stripe objects in threads: the first answers of a new process may come at once."""

import subprocess
import sys

FIRST_ANSWERS = """
import sys, threading
import msgspec
from orders.gateways.stripe.objects import Event, Session

sys.setswitchinterval(1e-6)
body = {
    "id": "x", "type": "t", "data": {"object": {"id": "y", "object": "charge"}},
    "status": "open", "payment_intent": {"id": "p", "status": "z", "latest_charge": {"id": "c"}},
}
together = threading.Barrier(8)

def convert():
    together.wait()
    for kind in (Event, Session):
        try:
            msgspec.convert(body, type=kind)
        except msgspec.ValidationError:
            pass

threads = [threading.Thread(target=convert) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_first_conversions_at_once_do_not_crash_the_process():
    for _round in range(5):
        done = subprocess.run([sys.executable, "-c", FIRST_ANSWERS], check=False, timeout=60)
        assert done.returncode == 0
