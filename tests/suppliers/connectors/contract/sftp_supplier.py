"""SFTP supplier: serve a feed, receive order files, simulate faults."""

import csv
from contextlib import ExitStack
from pathlib import Path

import paramiko

from storefront.dev.sandboxes.feeds import formats
from storefront.dev.sandboxes.feeds.state import FeedCatalog
from tests.fakes.sftp_server import named, sftp_server

KEY = paramiko.ECDSAKey.generate()
HOST_KEY = named(KEY)
# The faults of a step. "500" is a refusal by the server.
FAULTS_OF_SFTP = ("500", "slow", "drop_before", "drop_after")
# The limit of a step; sign-in takes long on a busy machine.
STEP_S = 2.0
SLOW_S = STEP_S + 0.5


class SftpSandbox:
    """An SFTP server with the control interface of a sandbox."""

    def __init__(self, folder, *, count, seed):
        self.folder = Path(folder)
        self.url = ""
        self._open = ExitStack()
        self._shop = FeedCatalog(
            count=count, seed=seed, folder=self.folder, base_url="http://127.0.0.1:9", now_s=0.0
        )

    def start(self):
        root = self.folder / "supplier"
        (root / "orders").mkdir(parents=True)
        rows = formats.full_rows(self._shop.feed_items(), at_s=0.0)
        (root / "full.csv").write_bytes(formats.table_text(formats.COLUMNS, rows, delimiter=","))
        self._server = self._open.enter_context(sftp_server(root, key=KEY))
        self.url = self._server.url
        return self

    def stop(self):
        self._open.close()

    def reset(self):
        self._server.clear_faults()
        for path in (self._server.folder / "orders").iterdir():
            path.unlink()

    def control(self, path, _body=None):
        assert path == "faults/clear"
        self._server.clear_faults()

    def fault(self, path, kind, *, delay=0.0, count=1):
        delay_s = max(delay, SLOW_S)
        self._server.fault(path, "refused" if kind == "500" else kind, delay_s=delay_s, count=count)

    def orders(self):
        """Return the orders in complete files, without partial files."""
        found = {}
        for path in sorted((self._server.folder / "orders").glob("*.csv")):
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    lines = found.setdefault(row["order"], {})
                    lines[row["sku"]] = int(row["quantity"])
        return list(found.items())
