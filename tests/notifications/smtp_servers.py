"""Mail servers for tests: the real development mailbox, and one that misbehaves on purpose."""

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

HOST = "127.0.0.1"


def free_port():
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


def mailers(port):
    return {
        "default": {
            "BACKEND": "notifications.senders.email.Backend",
            "OPTIONS": {"host": HOST, "port": port, "timeout": 5},
        }
    }


def mailbox_command(port, folder):
    words = ["-m", "storefront.dev.sandboxes.mail", "--port", str(port), "--dir", str(folder)]
    return [sys.executable, *words]


@contextmanager
def mailbox(folder):
    """Run the development mail server as a process; yields its port."""
    port = free_port()
    process = subprocess.Popen(mailbox_command(port, folder), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("ready")
        yield port
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()


class BadServer:
    """An SMTP server that misbehaves at given steps.

    ``answers`` maps a step (``greeting``, ``MAIL``, ``RCPT``, ``DATA``, ``body``) to the line that
    it sends instead of success; "" disconnects, "silence" waits 30 s first. ``bodies`` are the
    messages that it received completely.
    """

    STEPS = {"EHLO": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on"}

    def __init__(self, **answers):
        self._answers = answers
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self.bodies = []
        self.has_body = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines):
        if not self._say(lines, self._answers.get("greeting", "220 here")):
            return
        for line in lines:
            word = line[:4].decode().strip().upper()
            if word == "QUIT":
                self._say(lines, "221 bye")
                return
            if not self._say(lines, self._answers.get(word, self.STEPS.get(word, "250 ok"))):
                return
            if word == "DATA" and word not in self._answers:
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += lines.readline()
                self.bodies.append(body)
                self.has_body.set()
                if not self._say(lines, self._answers.get("body", "250 kept")):
                    return

    @staticmethod
    def _say(lines, words):
        if words == "silence":
            threading.Event().wait(30)
        if not words or words == "silence":
            return False
        lines.write(f"{words}\r\n".encode())
        lines.flush()
        return True
