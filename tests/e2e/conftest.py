"""One Chromium for all browser tests, since Playwright runs only once per process."""

import os

import pytest
from playwright.sync_api import sync_playwright

from storefront.dev.runtime import browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def chromium():
    # Playwright's loop runs in this thread; database calls do not depend on it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=browser.find(), args=FLAGS)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
