"""Unprivileged account: run a program as another account than root, as PostgreSQL requires."""

import os
import pwd
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PREFIX = "fara-"
BACKWARD = "belongs-to"
LASTING = Path("/var/lib")  # the system never cleans up here, unlike in /tmp and /var/tmp


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that a service runs as."""

    uid: int
    gid: int


def service_account() -> Account | None:
    """Return the unprivileged account if this process is root, else None."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def may_run(program: Path, account: Account) -> bool:
    return _succeeds([str(program), "--version"], account)


def may_use(folder: Path, account: Account) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(folder)], account)


def new_home_for(account: Account, *, link: Path, is_throwaway: bool) -> Path:
    """Create a folder that the account can reach, and a link to it at the path ``link``.

    The name of the folder is random, so that it cannot be guessed.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=None if is_throwaway else LASTING))
    (folder / BACKWARD).write_text(str(link.absolute()))
    os.chown(folder, account.uid, account.gid)
    link.symlink_to(folder)
    return folder


def abandoned_homes() -> list[Path]:
    """Return the permanent folders whose link is gone: a clone, or its ``var``, was deleted."""
    return [
        note.parent
        for note in LASTING.glob(f"{PREFIX}*/{BACKWARD}")
        if Path(note.read_text()).resolve() != note.parent
    ]


def _succeeds(command: list[str], account: Account) -> bool:
    try:
        return not subprocess.run(
            command,
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        ).returncode
    except OSError:
        return False
