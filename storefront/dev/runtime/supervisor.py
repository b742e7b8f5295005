"""Supervisor: start a group of processes, wait for them, watch, restart and stop them.

Signal handlers only set flags, and all waits poll. So a flag is read within a moment, and no
process is lost between its start and its registration.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from storefront.dev.runtime.console import pass_on, say
from storefront.dev.runtime.processes import POLL_S, Child, last_lines

RESTARTS = 3
RESTART_WINDOW_S = 60.0


class StopRequestedError(Exception):
    """A signal asked the launcher to end."""


class ChildDiedError(Exception):
    """A process ended that should still run."""

    def __init__(self, child: Child, advice: str = "") -> None:
        tail = last_lines(child.log)
        super().__init__(
            f"{child.name} ended with exit code {child.exit_code}.\n"
            f"The last lines of {child.log}:\n\n{tail}\n\n{advice}".rstrip()
        )


class NotReadyError(Exception):
    """A process runs, but does not respond."""

    def __init__(self, child: Child, seconds: float) -> None:
        super().__init__(
            f"{child.name} did not answer within {seconds:.0f} s.\n"
            f"The last lines of {child.log}:\n\n{last_lines(child.log)}"
        )


@dataclass(slots=True)
class Supervisor:
    """The launcher's child processes, oldest first."""

    children: list[Child] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    wake: threading.Event = field(default_factory=threading.Event)
    deaths: dict[str, list[float]] = field(default_factory=dict)

    def listen(self) -> None:
        """Handle SIGINT, SIGTERM and SIGHUP as a stop request.

        A shell starts background jobs with SIGINT ignored; then Python has no handler for it.
        """
        signal.signal(signal.SIGINT, self._note)
        signal.signal(signal.SIGTERM, self._note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: keep running
            signal.signal(signal.SIGHUP, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.requests.append(number)
        self.wake.set()

    def start(self, child: Child) -> None:
        self.check()
        self.children.append(child)
        child.start()

    def check(self) -> None:
        """Raise StopRequestedError after a stop signal, ChildDiedError if a process died."""
        if self.requests:
            raise StopRequestedError
        for child in self.children:
            if child.exit_code is not None:
                raise ChildDiedError(child)

    def wait_until_ready(self, children: Iterable[Child], *, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        for child in children:
            while not child.is_ready():
                self.check()
                if time.monotonic() > deadline:
                    raise NotReadyError(child, seconds)
                self.wake.wait(POLL_S)

    def run(self, step: Child, *, advice: str = "", is_shown: bool = False) -> None:
        """Run a command to its end while the child processes run; optionally show its output.

        Raises: ChildDiedError: it failed, or another process died.
        """
        self.check()
        step.start()
        with step.log.open("rb") as output:
            try:
                while step.is_running:
                    self.check()
                    self.wake.wait(POLL_S)
                    if is_shown:
                        pass_on(output.read())
            finally:
                step.ask_to_stop()
                step.wait_until_stopped()
                if is_shown:
                    pass_on(output.read())
        if step.exit_code:
            raise ChildDiedError(step, advice)

    def watch(self, on_change: Callable[[], object]) -> None:
        """Watch the children until a stop request; restart those that die.

        Raises: ChildDiedError: one of them keeps dying.
        """
        while not self.requests:
            for child in self.children:
                if child.exit_code is not None:
                    self._start_again(child)
                    on_change()
            self.wake.wait(0.3)

    def _start_again(self, child: Child) -> None:
        now = time.monotonic()
        recent = [at for at in self.deaths.get(child.name, []) if at > now - RESTART_WINDOW_S]
        self.deaths[child.name] = [*recent, now]
        if len(recent) >= RESTARTS:
            raise ChildDiedError(
                child,
                f"It ended {RESTARTS + 1} times within a minute, so all processes are stopped.",
            )
        say(f"{child.name} ended with exit code {child.exit_code}; restarting it.")
        say(f"Its log, {child.log}, ends with:\n\n{last_lines(child.log)}\n")
        child.wait_until_stopped()
        child.start()

    def stop(self, groups: Sequence[Sequence[str]]) -> None:
        """Stop group after group; processes in no group stop first.

        A second Ctrl-C kills immediately.
        """
        earlier = len(self.requests)
        grouped = {name for group in groups for name in group}
        rest = [child.name for child in self.children if child.name not in grouped]
        for group in [rest, *groups]:
            members = [child for child in self.children if child.name in group]
            for child in members:
                child.ask_to_stop()
            for child in members:
                child.wait_until_stopped(is_hurried=lambda: len(self.requests) > earlier)
