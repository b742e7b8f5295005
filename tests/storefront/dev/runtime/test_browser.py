"""Browser lookup: find Chromium, or install it with the system's package manager."""

import shutil

import pytest

from storefront.dev.runtime import browser

INSTALLS = """#!/bin/sh
case "$*" in *"install --yes"*chromium*)
  echo > "${0%/*}/chromium"
  /bin/chmod +x "${0%/*}/chromium" ;;
esac
"""
FAILS = "#!/bin/sh\nexit 100\n"


@pytest.fixture
def programs(monkeypatch, tmp_path):
    for name in ("sh", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)

    def write(name, script):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)

    return write


def test_chromium_is_installed_where_there_is_none(programs):
    programs("apt-get", INSTALLS)

    assert browser.main() == 0
    assert browser.find().endswith("/chromium")


def test_failed_installation_says_what_to_install(programs, monkeypatch, capsys):
    programs("apt-get", FAILS)
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:9")

    assert browser.main() == 1
    assert "apt-get install" in capsys.readouterr().err


def test_a_wrong_path_is_not_replaced_by_an_installation(programs, monkeypatch):
    programs("apt-get", INSTALLS)
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")

    assert browser.main() == 1
    assert browser.find() is None
