"""Processes: start, watch and stop single child processes, and those of a killed launcher."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.05


def wait_until(condition: Callable[[], bool], *, seconds: float, poll_s: float = POLL_S) -> bool:
    """Poll a condition; return whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll_s)
    return True


@dataclass(kw_only=True, slots=True)
class Child:
    """One child process, and what is needed to restart it.

    It leads its own session, so that Ctrl-C reaches only the launcher, which stops its children in
    order.
    """

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str]
    cwd: Path
    is_ready: Callable[[], bool] = lambda: True
    clear_leftovers: Callable[[], None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0
    run_as: tuple[int, int] | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        self.clear_leftovers()
        user, group = self.run_as or (None, None)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=None if self.run_as is None else [],
            )

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def exit_code(self) -> int | None:
        """Return its exit code; None while it runs, and before its first start."""
        return self.process.poll() if self.process else None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.process and self.is_running:
            self.process.send_signal(self.stop_signal)

    def wait_until_stopped(self, *, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Wait up to ``patience_s``, then kill the process and its own children."""
        if not self.process:
            return
        wait_until(lambda: not self.is_running or is_hurried(), seconds=self.patience_s)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def command_line(pid: int) -> str:
    """Return a process's command line; empty if it is gone or a zombie."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            raw = (proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ""
        return raw.replace(b"\0", b" ").decode(errors="replace").strip()
    ps = subprocess.run(
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return ps.stdout.strip()


def stop_leftover(
    pid: int, *, marks: Sequence[str], stop_signal: signal.Signals = signal.SIGTERM
) -> bool:
    """Stop a process that a killed launcher left; return whether it was still running.

    The id may belong to another process by now, so the command line must contain every mark.
    """

    def is_ours() -> bool:
        line = command_line(pid)
        return bool(line) and all(mark in line for mark in marks)

    if pid <= 0 or not is_ours():
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
    while not wait_until(lambda: not is_ours(), seconds=10):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return True


def last_lines(path: Path) -> str:
    """Return the end of a log, for the error message."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
