"""A WebSocket client (RFC 6455) with nothing but Python's standard library: text messages, one thread that
reads, any that write."""

import base64
import hashlib
import os
import socket
import ssl
import struct
import threading
from urllib.parse import urlsplit

MAX_MESSAGE = 512 * 1024
MAX_HEADERS = 64 * 1024
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Closed(Exception):
    """The connection is over; the text says why."""


class WebSocket:
    def __init__(self, url, ca=None, timeout=4.0):
        """Connects; raises OSError or Closed."""
        parts = urlsplit(url)
        secure = parts.scheme == "wss"
        port = parts.port or (443 if secure else 80)
        self._sock = socket.create_connection((parts.hostname, port), timeout=timeout)
        self._buffer = b""
        self._write = threading.Lock()
        try:
            if secure:
                context = ssl.create_default_context(cafile=ca)
                self._sock = context.wrap_socket(self._sock, server_hostname=parts.hostname)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._shake_hands(parts.path or "/", f"{parts.hostname}:{port}")
        except BaseException:
            self._sock.close()
            raise

    def _shake_hands(self, path, host):
        key = base64.b64encode(os.urandom(16)).decode()
        self._sock.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADERS:
                raise Closed("the answer to the handshake is too long")
            self._more()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        if status.split(" ")[1:2] != ["101"]:
            raise Closed(f"expected 101, but found {status}")
        expected = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest()).decode()
        if headers.get("sec-websocket-accept") != expected:
            raise Closed("the other side does not speak WebSocket")

    def _more(self):
        got = self._sock.recv(65536)
        if not got:
            raise Closed("the connection was closed")
        self._buffer += got

    def _take(self, count):
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _frame(self):
        first, second = self._take(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        if length > MAX_MESSAGE:
            raise Closed(f"a frame of {length} bytes")
        mask = self._take(4) if second & 0x80 else None
        payload = self._take(length)
        return first & 0x80, first & 0x0F, _masked(payload, mask) if mask else payload

    def receive(self, timeout):
        """The next message as bytes; raises TimeoutError when none comes in time."""
        self._sock.settimeout(timeout)
        message = b""
        while True:
            final, opcode, payload = self._frame()
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                raise Closed("closed by the gate: " + payload[2:].decode("utf-8", "replace"))
            elif opcode in (TEXT, BINARY, CONTINUATION):
                message += payload
                if len(message) > MAX_MESSAGE:
                    raise Closed("a message that is too long")
                if final:
                    return message

    def send(self, text):
        self._send(TEXT, text.encode())

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        with self._write:
            self._sock.sendall(head + mask + _masked(payload, mask))

    def close(self):
        try:
            self._send(CLOSE, struct.pack("!H", 1000))
        except OSError:
            pass
        self.abort()

    def abort(self):
        """Wakes whoever reads."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()


def _masked(payload, mask):
    count = len(payload)
    repeated = int.from_bytes((mask * (count // 4 + 1))[:count], "big")
    return (int.from_bytes(payload, "big") ^ repeated).to_bytes(count, "big")
