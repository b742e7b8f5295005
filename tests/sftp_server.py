"""A real SFTP server on this machine: a folder, one user, and ways to break.

Use:  with sftp_server(tmp_path) as server:  server.url, server.host_key, server.secrets
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import paramiko

USER, PASSWORD = "fara", "a long password"


class SftpServer:
    """``breaks_after`` names operations after whose effect the line is cut, once each."""

    def __init__(self, folder, port, key):
        self.folder = Path(folder)
        self.url = f"sftp://127.0.0.1:{port}"
        self.host_key = f"{key.get_name()} {key.get_base64()}"
        self.secrets = {"user": USER, "password": PASSWORD}
        self.breaks_after = []
        self.done = []
        self.sessions = 0


@contextmanager
def sftp_server(folder):
    listener = socket.create_server(("127.0.0.1", 0))
    key = paramiko.ECDSAKey.generate()
    server = SftpServer(folder, listener.getsockname()[1], key)
    transports = []

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(client)
            transport.add_server_key(key)
            transport.set_subsystem_handler(
                "sftp", paramiko.SFTPServer, _Files, his=server, line=transport
            )
            transports.append(transport)
            try:
                transport.start_server(server=_Guard())
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()
            else:
                server.sessions += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        # To close alone does not wake who waits in accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for transport in transports:
            transport.close()
            transport.join(5)


class _Guard(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        is_right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, _username):
        return "password"

    def check_channel_request(self, _kind, _chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def __init__(self, file, flags):
        super().__init__(flags)
        self.readfile = self.writefile = file

    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, _guard, *, his, line):
        self._server = his
        self._transport = line

    def _path(self, path):
        return self._server.folder / self.canonicalize(path).lstrip("/")

    def _did(self, what, answer):
        self._server.done.append(what)
        if what in self._server.breaks_after:
            self._server.breaks_after.remove(what)
            self._transport.close()
        return answer

    def list_folder(self, path):
        try:
            return [
                paramiko.SFTPAttributes.from_stat(each.stat(), filename=each.name)
                for each in self._path(path).iterdir()
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def open(self, path, flags, _attr):
        try:
            file = os.fdopen(os.open(self._path(path), flags, 0o600), "r+b" if flags else "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return self._did("open", _Handle(file, flags))

    def rename(self, oldpath, newpath):
        old, new = self._path(oldpath), self._path(newpath)
        try:
            os.link(old, new)  # as OpenSSH does it: what is there is not overwritten
            old.unlink()
        except FileExistsError:
            return paramiko.SFTP_FAILURE
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return self._did("rename", paramiko.SFTP_OK)
