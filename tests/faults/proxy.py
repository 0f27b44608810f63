"""A proxy in front of a server that speaks HTTP, which does to its requests what networks and servers do to them."""

from __future__ import annotations

import random
import re
import socket
import threading
from dataclasses import dataclass
from enum import Enum, auto

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Fault(Enum):
    drop_reply = auto()
    """The server did what it was asked to, and its answer is lost."""
    cut_body = auto()
    """Half of the request's body arrives."""
    answer_500 = auto()
    """The server is not even asked."""
    hang = auto()
    """Nothing happens until `resume`; then the server gets the request, however late."""


@dataclass
class _Rule:
    fragment: str
    """Of the request's first line."""
    fault: Fault
    times: int


class Proxy:
    """Listens on `port` of this machine; one request per connection, as MLflow's client and werkzeug have it."""

    def __init__(self, upstream_port: int) -> None:
        self.requests: list[str] = []
        """The first line of each, in order."""
        self._upstream = ("127.0.0.1", upstream_port)
        self._rules: list[_Rule] = []
        self._random, self._share = random.Random(0), 0.0
        self._resumed = threading.Event()
        self._open: set[socket.socket] = set()
        self.port = 0
        self.revive()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, fragment: str, fault: Fault, times: int = 1) -> None:
        """The next `times` requests with `fragment` in their first line meet the fault."""
        self._rules.append(_Rule(fragment, fault, times))

    def be_unreliable(self, seed: int, share: float) -> None:
        """That share of all requests meets a fault of any kind but `hang`."""
        self._random, self._share = random.Random(seed), share

    def resume(self) -> None:
        """What hangs goes on."""
        self._resumed.set()

    def die(self) -> None:
        """From now on connections are refused, and those that are open break."""
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._listener.close()
        for connection in list(self._open):
            _break(connection)

    def revive(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=[self._listener], daemon=True)
        self._thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            self._open.add(client)
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            request = _read_request(client)
            line = request.partition(b"\r\n")[0].decode()
            if line:
                self.requests.append(line)
                self._answer(client, request, self._fault_of(line))
        except OSError:
            pass  # the client went away, or `die`
        finally:
            self._open.discard(client)
            client.close()

    def _fault_of(self, line: str) -> Fault | None:
        for rule in self._rules:
            if rule.times and rule.fragment in line:
                rule.times -= 1
                return rule.fault
        if self._random.random() < self._share:
            return self._random.choice([Fault.drop_reply, Fault.cut_body, Fault.answer_500])
        return None

    def _answer(self, client: socket.socket, request: bytes, fault: Fault | None) -> None:
        if fault is Fault.answer_500:
            client.sendall(b"HTTP/1.0 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry")
            return
        if fault is Fault.hang:
            self._resumed.wait()
        with socket.create_connection(self._upstream) as server:
            if fault is Fault.cut_body:
                head, _, body = request.partition(b"\r\n\r\n")
                server.sendall(head + b"\r\n\r\n" + body[: len(body) // 2])
                return
            server.sendall(request)
            reply = b"".join(iter(lambda: server.recv(1 << 16), b""))
        if fault is not Fault.drop_reply:
            client.sendall(reply)


def _read_request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (part := client.recv(1 << 16)):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    missing = int(length[1]) - len(body) if length else 0
    while missing > 0 and (part := client.recv(1 << 16)):
        data, missing = data + part, missing - len(part)
    return data


def _break(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was gone already
