"""Local hub: run the app definitions of Zapier and Make as these services do.

It renders the templates of a definition, sends the requests it describes, and receives hooks under
one address per Zap or scenario. Source: Zapier's platform schema 19, Make's custom app
documentation.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

INTEGRATIONS = Path(__file__).resolve().parents[2] / "integrations"
TEMPLATE = re.compile(r"\{\{([^{}]+)\}\}")


def load(path):
    return json.loads((INTEGRATIONS / path).read_text())


class HookReceiver:
    """Receives hooks; ``status`` is the answer to the next ones."""

    def __init__(self):
        self.received = {}  # path -> bodies
        self.headers = {}
        self.status = 200
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hub.received.setdefault(self.path, []).append(json.loads(body))
                hub.headers.setdefault(self.path, []).append(dict(self.headers))
                self.send_response(hub.status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def rendered(value, lookup, part=None):
    """Replace templates; one that is the whole text keeps the type of its value.

    ``part`` looks up values within a text; ``lookup`` does both without it.
    """
    if isinstance(value, dict):
        return {key: rendered(each, lookup, part) for key, each in value.items()}
    if not isinstance(value, str):
        return value
    if found := TEMPLATE.fullmatch(value):
        return lookup(found[1])
    return TEMPLATE.sub(lambda match: str((part or lookup)(match[1])), value)


def without_missing(value):
    if not isinstance(value, dict):
        return value
    pruned = {key: without_missing(each) for key, each in value.items()}
    return {key: each for key, each in pruned.items() if each not in (None, "", {})}


def with_query(url, parameters):
    return f"{url}?{urlencode(parameters)}" if parameters else url


def find(names, scope):
    for name in names.split("."):
        scope = scope.get(name) if isinstance(scope, dict) else None
    return scope


def send(method, url, headers, body=None):
    """Send a request; return its status and its JSON."""
    content = None if body is None else json.dumps(body).encode()
    more = {"Content-Type": "application/json"} if content else {}
    request = Request(url, method=method, headers={**headers, **more}, data=content)
    with urlopen(request, timeout=20) as answer:
        text = answer.read()
        return answer.status, json.loads(text) if text else None


class Zapier:
    """Runs ``integrations/zapier/definition.json`` for one account, as its ``index.js`` does."""

    def __init__(self, *, shop_url, api_key):
        self.app = load("zapier/definition.json")
        self.auth = {"shop_url": shop_url, "api_key": api_key}

    def test_connection(self):
        return self._send(self.app["authentication"]["test"])[0]

    def turn_on(self, trigger, target_url):
        """Subscribe; return what is kept to unsubscribe."""
        return self._hook("performSubscribe", trigger, targetUrl=target_url)[1]

    def turn_off(self, trigger, subscribe_data):
        return self._hook("performUnsubscribe", trigger, subscribeData=subscribe_data)[0]

    def samples(self, trigger):
        return self._hook("performList", trigger)[1]

    def find(self, search, **fields):
        return self._send(self.app["searches"][search]["perform"], inputData=fields)[1]["results"]

    def act(self, create, **fields):
        step = self.app["creates"][create]
        required = {each["key"] for each in step["inputFields"] if each.get("required")}
        assert required <= fields.keys(), required - fields.keys()
        return self._send(step["perform"], inputData=fields)[1]

    def _hook(self, name, trigger, **bundle):
        event = self.app["triggers"][trigger]["event"]
        return self._send(self.app["hook"][name], event=event, **bundle)

    def _send(self, request, event=None, **bundle):
        scope = {"event": event, "bundle": {**bundle, "authData": self.auth}}

        def lookup(names):
            return find(names, scope)

        def part(names):
            value = lookup(names)
            return quote(str(value), safe="") if names.startswith("bundle.inputData.") else value

        headers = {**self.app["requestTemplate"]["headers"], **request.get("headers", {})}
        made = rendered({**request, "headers": headers}, lookup, part)
        url = with_query(made["url"], made.get("params"))
        return send(made["method"], url, made["headers"], without_missing(made.get("body")))


class Make:
    """Runs the app of ``integrations/make`` for one connection."""

    def __init__(self, *, shop_url, api_key):
        self.manifest = load("make/makecomapp.json")
        self.base = load(f"make/{self.manifest['generalCodeFiles']['base']}")
        self.connection = {"shopUrl": shop_url, "apiKey": api_key}

    def _file(self, kind, name, code):
        return load(f"make/{self.manifest['components'][kind][name]['codeFiles'][code]}")

    def test_connection(self):
        request = self._file("connection", "fara", "communication")
        return self._send(request, {"parameters": self.connection})[0]

    def events(self):
        """Return the options of the field for the event."""
        request = self._file("rpc", "events", "communication")
        output = request["response"]["output"]
        _status, items = self._send(request, {})
        return [
            rendered(output, lambda names, item=item: find(names, {"item": item})) for item in items
        ]

    def attach(self, event, url):
        """Attach the webhook of a scenario; return the data that is kept."""
        request = self._file("webhook", "events", "attach")
        scope = {"webhook": {"url": url}, "parameters": {"event": event}}
        _status, body = self._send(request, scope)
        kept = {**scope, "body": body}
        return rendered(request["response"]["data"], lambda names: find(names, kept))

    def detach(self, kept):
        return self._send(self._file("webhook", "events", "detach"), {"webhook": kept})[0]

    def poll(self, module, **parameters):
        """Return the items of a polling trigger with the id that it keeps of each."""
        request = self._file("module", module, "communication")
        _status, items = self._send(request, {"parameters": parameters})
        id_of = request["response"]["trigger"]["id"]
        return [
            rendered(id_of, lambda names, item=item: find(names, {"item": item})) for item in items
        ]

    def find(self, module, **parameters):
        request = self._file("module", module, "communication")
        assert request["response"]["iterate"] == "{{body.results}}"
        return self._send(request, {"parameters": parameters})[1]["results"]

    def act(self, module, **parameters):
        fields = self._file("module", module, "mappableParams")
        required = {each["name"] for each in fields if each.get("required")}
        assert required <= parameters.keys(), required - parameters.keys()
        request = self._file("module", module, "communication")
        return self._send(request, {"parameters": parameters})[1]

    def _send(self, request, scope):
        known = {**scope, "connection": self.connection}

        def lookup(expression):
            inner = re.fullmatch(r"encodeURL\((.+)\)", expression)
            value = find(inner[1] if inner else expression, known)
            return quote(str(value), safe="") if inner else value

        parts = {
            name: rendered(request[name], lookup)
            for name in ("url", "qs", "headers", "body")
            if name in request
        }
        headers = {**rendered(self.base["headers"], lookup), **parts.get("headers", {})}
        url = parts["url"]
        if url.startswith("/"):
            url = rendered(self.base["baseUrl"], lookup) + url
        url = with_query(url, parts.get("qs"))
        # Make leaves out parameters without a value.
        return send(request["method"], url, headers, without_missing(parts.get("body")))
