from __future__ import annotations

import functools
import hashlib
import http.server
import threading

import pytest


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on loopback with a folder of its own to serve, and a cache of torch's that is empty."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = Server(folder)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield server
    server.stop()


class Server:
    def __init__(self, folder):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        self.folder = folder
        self._httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        self._httpd.daemon_threads = True
        self._thread = threading.Thread(target=self._httpd.serve_forever)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._httpd.server_address[1]}"

    def offer(self, content: bytes) -> str:
        """Serves `content` under a name that holds the beginning of its hash; the address of that."""
        name = f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
        (self.folder / name).write_bytes(content)
        return f"{self.address}/{name}"

    def stop(self):
        if self._thread.is_alive():
            self._httpd.shutdown()
            self._thread.join()
            self._httpd.server_close()
