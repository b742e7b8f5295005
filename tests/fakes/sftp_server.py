"""A real SFTP server on this machine for one user and one directory, with fault injection.

Use:  with sftp_server(tmp_path) as server:  server.url, server.host_key, server.secrets

Operations that can fail: "list", "stat", "open", "read", "write", "rename". Kinds of faults:
"refused", "slow", "hangs" (until the server stops), "drop_before" and "drop_after" the effect.
``seen`` records logins and opened files. If ``public_key`` is set, that key is accepted as well
as the password.
"""

import os
import socket
import threading
import time
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import paramiko

USER, PASSWORD = "fara", "a long password"


class SftpServer:
    """The server as a test sees it."""

    def __init__(self, folder, port, key):
        self.folder = Path(folder)
        self.url = f"sftp://127.0.0.1:{port}"
        self.host_key = named(key)
        self.secrets = {"user": USER, "password": PASSWORD}
        self.public_key = ""
        self.sessions = 0
        self.seen = []
        self.ended = threading.Event()
        self._faults = {}
        self._lock = threading.Lock()

    def fault(self, operation, kind, *, delay_s=0.0, count=1):
        """Make an operation fail ``count`` times; 0 means always."""
        with self._lock:
            self._faults[operation] = (kind, delay_s, count)

    def clear_faults(self):
        with self._lock:
            self._faults.clear()

    def next_fault(self, operation):
        """Return the fault of this call and its delay."""
        with self._lock:
            kind, delay_s, count = self._faults.get(operation, ("", 0.0, 0))
            if count == 1:
                del self._faults[operation]
            elif count:
                self._faults[operation] = (kind, delay_s, count - 1)
        return kind, delay_s


def named(key):
    """Format a host key as ``ssh-keyscan`` does."""
    return f"{key.get_name()} {key.get_base64()}"


def breakable(operation):
    """Allow faults in an operation."""

    def made(act):
        @wraps(act)
        def answer(self, *told):
            kind, delay_s = self._server.next_fault(operation)
            if kind == "slow":
                time.sleep(delay_s)
            elif kind == "hangs":
                self._server.ended.wait()
            elif kind == "drop_before":
                self._transport.close()
            if kind in {"refused", "drop_before"}:
                return paramiko.SFTP_FAILURE
            answered = act(self, *told)
            if kind == "drop_after":
                self._transport.close()
            return answered

        return answer

    return made


@contextmanager
def sftp_server(folder, *, key=None):
    listener = socket.create_server(("127.0.0.1", 0))
    key = key or paramiko.ECDSAKey.generate()
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
                "sftp", paramiko.SFTPServer, _Files, owner=server, line=transport
            )
            transports.append(transport)
            try:
                transport.start_server(server=_Guard(server))
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()
            else:
                server.sessions += 1

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        # Closing alone does not wake a blocked accept().
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for transport in transports:
            transport.close()
            transport.join(5)


class _Guard(paramiko.ServerInterface):
    def __init__(self, owner):
        self._server = owner

    def check_auth_password(self, username, password):
        self._server.seen.append(("password", username))
        is_right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, _username, key):
        is_right = key.get_base64() == self._server.public_key
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, _username):
        return "password,publickey"

    def check_channel_request(self, _kind, _chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def __init__(self, file, flags, *, owner, line):
        super().__init__(flags)
        self.readfile = self.writefile = file
        self._server = owner
        self._transport = line

    read = breakable("read")(paramiko.SFTPHandle.read)
    write = breakable("write")(paramiko.SFTPHandle.write)

    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, _guard, *, owner, line):
        self._server = owner
        self._transport = line

    def _path(self, path):
        return self._server.folder / self.canonicalize(path).lstrip("/")

    @breakable("list")
    def list_folder(self, path):
        try:
            return [
                paramiko.SFTPAttributes.from_stat(each.stat(), filename=each.name)
                for each in self._path(path).iterdir()
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    @breakable("stat")
    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    @breakable("open")
    def open(self, path, flags, _attr):
        self._server.seen.append(("open", path))
        try:
            file = os.fdopen(os.open(self._path(path), flags, 0o600), "r+b" if flags else "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return _Handle(file, flags, owner=self._server, line=self._transport)

    @breakable("rename")
    def rename(self, oldpath, newpath):
        old, new = self._path(oldpath), self._path(newpath)
        try:
            os.link(old, new)  # as OpenSSH does it: an existing file is not overwritten
            old.unlink()
        except FileExistsError:
            return paramiko.SFTP_FAILURE
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return paramiko.SFTP_OK
