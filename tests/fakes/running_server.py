"""A sandbox in the test process: a real server on a free port."""

import threading

import httpx


class RunningServer:
    """A running sandbox, its control API and a client; ``begin`` starts its other threads."""

    def __init__(self, server, state, *, begin=(), headers=None):
        self.state, self.server = state, server
        self.url = state.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        self.client = httpx.Client(
            base_url=self.url, trust_env=False, timeout=10, headers=headers or {}
        )
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        self.threads = [serving, *(start(state) for start in begin)]

    def close(self):
        self.client.close()
        self.state.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        for thread in self.threads:
            thread.join(timeout=10)
        self.state.ledger.close()

    def control(self, path, body=None):
        method = "GET" if body is None else "POST"
        answer = self.client.request(method, f"/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def fault(self, kind, path="*", **words):
        self.control("faults", {"kind": kind, "path": path, **words})
