"""Containers without an engine: run the steps of the Dockerfile and the services of compose.

Each command runs in a mount namespace of its own, with what docker-compose.yml gives a container: a
read-only root, volumes, tmpfs, user and environment, and without capabilities. The packages
are those of the tests, because installing them again would take minutes.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import redis
import yaml
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from storefront.dev.runtime import redis_server
from storefront.dev.runtime.ports import HOST, free_port
from tests.support.source_files import ROOT

APPS = ("catalog", "notifications", "orders", "shipping", "storefront", "suppliers")
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr")
PROGRAMS = ("unshare", "setpriv", "chroot", "mount", "useradd")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def why_not():
    """Return why no container can run on this machine; empty if it can."""
    if os.geteuid() != 0:
        return "Mounting the image needs root: run `make test-full` as root, or `make test` as any user."
    path = f"{os.environ['PATH']}:{DEFAULT_PATH}"
    if missing := [name for name in PROGRAMS if not shutil.which(name, path=path)]:
        return f"Mounting the image needs {', '.join(missing)}."
    tried = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr and f"This machine allows no mount namespace: {tried.stderr.strip()}"


def copy_what_the_image_holds(target):
    """Copy the apps without the folders that .dockerignore names."""
    lines = (ROOT / ".dockerignore").read_text().split()
    left_out = {(ROOT / line).resolve() for line in lines if not set(line) & set("*!")}

    def ignore(folder, names):
        return [
            name
            for name in names
            if name == "__pycache__"
            or name.endswith(".mo")
            or (Path(folder) / name).resolve() in left_out
        ]

    for app in APPS:
        shutil.copytree(ROOT / app, target / app, ignore=ignore)
    shutil.copy(ROOT / "manage.py", target)


class Image:
    """The result of the Dockerfile, in a folder: /app and /etc. The rest is this machine's."""

    def __init__(self, folder):
        self.folder = folder
        self._numbers = count()
        self.services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
        self._lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    def build(self):
        (self.folder / "app").mkdir()
        copy_what_the_image_holds(self.folder / "app")
        shutil.copytree("/etc", self.folder / "etc", symlinks=True)
        for line in self._lines:
            # The tests' virtual environment and programs replace those that are installed here.
            if line.startswith("RUN ") and not re.search(r"-m venv|pip install|apt-get", line):
                command = ["sh", "-ec", line.removeprefix("RUN ")]
                self._popen(command, is_build=True).check()

    @property
    def command(self):
        """Return the CMD of the Dockerfile."""
        line = next(line for line in self._lines if line.startswith("CMD "))
        return json.loads(line.removeprefix("CMD "))

    def start(self, service, command, env, *, without=()):
        """Start a command as a container of a service; ``without`` names volumes to leave out."""
        described = self.services[service]
        volumes = [each.split(":") for each in described["volumes"]]
        return self._popen(
            command,
            env=env,
            volumes={name: path for name, path in volumes if name not in without},
            tmpfs=described["tmpfs"],
            is_read_only=described["read_only"],
        )

    def _popen(self, command, *, env=None, is_build=False, **mounts):
        script = self._script(command, env or {}, is_build=is_build, **mounts)
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script]
        return Container(words, self.folder / f"container-{next(self._numbers)}.log")

    def _script(self, command, env, *, is_build, volumes=None, tmpfs=("/tmp",), is_read_only=False):
        new = self.folder / "root"
        new.mkdir(exist_ok=True)
        lines = [f"PATH=$PATH:{DEFAULT_PATH}", f"mount -t tmpfs -o mode=755 none {new}"]
        lines += [
            f"mkdir -m 1777 -p {new}{path}; mount -t tmpfs none {new}{path}" for path in tmpfs
        ]
        lines += [_link_or_bind(f"/{name}", new) for name in SYSTEM]
        venv = Path(sys.prefix)
        lines += [_bind("/proc", f"{new}/proc"), _bind("/dev", f"{new}/dev")]
        lines += [_bind(venv, f"{new}/venv"), _bind(venv, f"{new}{venv}")]
        base = Path(sys.base_prefix)
        if base.parts[1] not in SYSTEM:
            lines.append(_bind(base, f"{new}{base}"))
        lines += [_bind(self.folder / name, f"{new}/{name}") for name in ("app", "etc")]
        if is_read_only:
            held = ["usr", "venv", "app", "etc"]
            lines += [f"mount -o remount,bind,ro {new}/{name}" for name in held]
        for name, path in (volumes or {}).items():
            lines += self._volume(name, path, new)
        if is_read_only:
            lines.append(f"mount -o remount,ro {new}")
        lines.append(f"exec {shlex.join(self._words(command, env, new, is_build=is_build))}")
        return "\n".join(lines)

    def _volume(self, name, path, new):
        """Mount a volume; a new one gets owner and content from the image, as with Docker."""
        kept = self.folder / "volumes" / name
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", f"{self.folder}{path}", kept], check=True)
        return [f"mount --bind {kept} {new}{path}"]

    def _words(self, command, env, new, *, is_build):
        words = ["chroot", str(new)]
        path = f"/venv/bin:{DEFAULT_PATH}"
        if not is_build:
            uid = re.search(r"--uid (\d+)", "\n".join(self._lines))[1]
            words += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
            words += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        given = {"PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **env}
        words += [
            "env",
            "-i",
            "--chdir=/app",
            *(f"{name}={value}" for name, value in given.items()),
        ]
        return [*words, *command]

    def environment(self, service, given):
        """Return what compose passes to a service, where ``given`` is its environment.

        Raises: KeyError  compose asks for a variable that is not given
        """
        found = {}
        for name, value in self.services[service]["environment"].items():
            if value is None:
                if name in given:
                    found[name] = given[name]
            else:
                found[name] = re.sub(
                    r"\$\{(\w+)(?::(?:-([^}]*)|\?[^}]*))?\}",
                    lambda m: given[m[1]] if m[2] is None else given.get(m[1], m[2]),
                    str(value),
                )
        return found


class Container:
    """A running command, and its output."""

    def __init__(self, words, log):
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)

    def check(self, *, within_s=600):
        """Wait for the end, and return the output.

        Raises: AssertionError  the command failed; the message is its output
        """
        code = self._process.wait(within_s)
        assert code == 0, self.said
        return self.said

    def fail(self, *, within_s=600):
        """Wait for the end, which must be a failure, and return the output."""
        assert self._process.wait(within_s) != 0, self.said
        return self.said

    @property
    def said(self):
        return self._log.read_text(errors="replace")

    def is_running(self):
        return self._process.poll() is None

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def started_redis(folder, *, maxmemory=None):
    """Run Redis with the options of the compose file, and return its address."""
    described = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["redis"]
    words = shlex.split(described["command"][-1].replace("$$", "$"))
    options = words[words.index("--appendonly") :]
    options[options.index("$REDIS_PASSWORD")] = "a-password"
    if maxmemory:
        options[options.index("--maxmemory") + 1] = maxmemory
    port = free_port()
    command = [redis_server.find_program(), "--port", str(port), "--bind", HOST, *options]
    process = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    try:
        url = f"redis://:a-password@{HOST}:{port}/0"
        redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.1), 100)).ping()
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _bind(source, target):
    return f"mkdir -p {target}; mount --rbind {source} {target}"


def _link_or_bind(source, new):
    if Path(source).is_symlink():
        return f"cp -P {source} {new}{source}"
    return _bind(source, f"{new}{source}") if Path(source).is_dir() else ":"
