"""Sandboxes in one process, which takes half the memory of one process each.

Usage:
    python -m storefront.dev.sandboxes cj --port 8001 --data FOLDER -- mail --port 8025 --dir FOLDER

When one of them ends, the process ends: with exit code 1 if that one failed. The supervisor of the
demo then restarts all.
"""

import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from itertools import groupby

from storefront.dev.sandboxes import mail, twilio, webhook_receiver
from storefront.dev.sandboxes.bigbuy import __main__ as bigbuy
from storefront.dev.sandboxes.bigcommerce import __main__ as bigcommerce
from storefront.dev.sandboxes.cj import __main__ as cj
from storefront.dev.sandboxes.core import stopping
from storefront.dev.sandboxes.feeds import __main__ as feeds
from storefront.dev.sandboxes.onx import __main__ as onx
from storefront.dev.sandboxes.sendcloud import __main__ as sendcloud
from storefront.dev.sandboxes.seventeen_track import __main__ as seventeen_track
from storefront.dev.sandboxes.shopify import __main__ as shopify
from storefront.dev.sandboxes.stripe import __main__ as stripe
from storefront.dev.sandboxes.woocommerce import __main__ as woocommerce

BETWEEN = "--"
SANDBOXES: dict[str, Callable[[Sequence[str]], object]] = {
    "bigbuy": bigbuy.main,
    "bigcommerce": bigcommerce.main,
    "cj": cj.main,
    "feeds": feeds.main,
    "mail": mail.main,
    "onx": onx.main,
    "sendcloud": sendcloud.main,
    "seventeen_track": seventeen_track.main,
    "shopify": shopify.main,
    "stripe": stripe.main,
    "twilio": twilio.main,
    "webhook_receiver": webhook_receiver.main,
    "woocommerce": woocommerce.main,
}


def main(words: Sequence[str]) -> int:
    stopping.listen()
    groups = [list(own) for is_end, own in groupby(words, BETWEEN.__eq__) if not is_end]
    failed: list[str] = []
    threads = [threading.Thread(target=_run, args=(name, own, failed)) for name, *own in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 1 if failed else 0


def _run(name: str, words: Sequence[str], failed: list[str]) -> None:
    try:
        if SANDBOXES[name](words):
            failed.append(name)
    except BaseException:  # noqa: BLE001 - a wrong option exits, and a thread would end silently
        failed.append(name)
        sys.stderr.write(f"The sandbox {name} failed:\n{traceback.format_exc()}")
    finally:
        stopping.stop_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
