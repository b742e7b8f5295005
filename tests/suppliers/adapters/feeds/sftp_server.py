"""An SFTP server over one folder, for tests of the real protocol."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field

import paramiko


@dataclass
class Door:
    """Who may come in, and what they did."""

    folder: object
    password: str = "open sesame"
    public_key: str = ""
    host_key: paramiko.PKey = field(default_factory=lambda: paramiko.RSAKey.generate(2048))
    seen: list = field(default_factory=list)
    port: int = 0
    hangs_at: str = ""  # the operation that is never answered
    ended: threading.Event = field(default_factory=threading.Event)

    def meet(self, verb):
        """Answer nothing, if it is this that hangs."""
        if verb == self.hangs_at:
            self.ended.wait(60)

    @property
    def pinned(self):
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"


class Guard(paramiko.ServerInterface):
    def __init__(self, door):
        self._door = door

    def check_auth_password(self, username, password):
        self._door.seen.append(("password", username))
        is_right = (username, password) == ("shop", self._door.password)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username, key):  # noqa: ARG002 - the base class asks so
        is_right = key.get_base64() == self._door.public_key
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):  # noqa: ARG002
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username):  # noqa: ARG002
        return "password,publickey"


class Handle(paramiko.SFTPHandle):
    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


def files_of(door):
    class Files(paramiko.SFTPServerInterface):
        def _real(self, path):
            return door.folder / path.lstrip("/")

        def list_folder(self, path):
            return [
                paramiko.SFTPAttributes.from_stat(each.stat(), each.name)
                for each in self._real(path).iterdir()
            ]

        def stat(self, path):
            door.meet("stat")
            try:
                return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
            except FileNotFoundError:
                return paramiko.SFTP_NO_SUCH_FILE

        lstat = stat

        def open(self, path, flags, attr):  # noqa: ARG002
            door.meet("open")
            door.seen.append(("open", path))
            writes = flags & os.O_WRONLY
            try:
                file = self._real(path).open("wb" if writes else "rb")
            except FileNotFoundError:
                return paramiko.SFTP_NO_SUCH_FILE
            handle = Handle(flags)
            handle.readfile = handle.writefile = file
            return handle

        def rename(self, oldpath, newpath):
            if self._real(newpath).exists():
                return paramiko.SFTP_FAILURE
            self._real(oldpath).rename(self._real(newpath))
            return paramiko.SFTP_OK

    return Files


class Server:
    """A server that stops when it is told to."""

    def __init__(self, door):
        self._door = door
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._stopping = threading.Event()
        self._transports = []
        door.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopping.is_set():
            try:
                wire, _ = self._socket.accept()
            except TimeoutError:
                continue
            transport = paramiko.Transport(wire)
            transport.add_server_key(self._door.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files_of(self._door))
            self._transports.append(transport)
            transport.start_server(server=Guard(self._door), event=threading.Event())

    def stop(self):
        self._stopping.set()
        self._door.ended.set()
        self._thread.join()
        for transport in self._transports:
            transport.close()
            transport.join(timeout=5)
        self._socket.close()
