"""API examples: record the request and answer of an operation, if a test run is to do so."""

import json
import os
from contextlib import suppress

from storefront.api.core.docs import EXAMPLES, pretty

IS_RECORDING = os.environ.get("API_EXAMPLES") == "record"
MAX_ROWS, MAX_CHARS = 1, 4000


def record(operation, content, response):
    """Keep the longest call of an operation that a reader still overlooks."""
    example = {"response": _shortened(response.json())}
    with suppress(ValueError):  # no body, or a form
        example = {"request": _shortened(json.loads(content)), **example}
    text = f"{pretty(example)}\n"
    if "Infinity" in text or "NaN" in text:  # of a test of bad input
        return
    file = EXAMPLES / f"{operation}.json"
    known = len(file.read_text()) if file.exists() else 0
    if known < len(text) and (len(text) <= MAX_CHARS or not known):
        file.write_text(text)


def _shortened(value):
    if isinstance(value, list):
        return [_shortened(each) for each in value[:MAX_ROWS]]
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    return value
