"""Messages over a socket: JSON, each with its length before it."""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from labref.grading.border.values import BorderError

LENGTH = struct.Struct(">Q")


class Channel:
    """Sends and receives messages.

    Parameters
    ----------
    connection
        A connected socket.
    max_bytes
        How long a message may be, both ways.
    """

    def __init__(self, connection: socket.socket, max_bytes: int) -> None:
        self.connection = connection
        self.max_bytes = max_bytes

    def send(self, message: Any) -> None:
        """Send a message.

        Raises
        ------
        BorderError
            If it is too long.
        OSError
            If the other side is gone.
        """
        data = json.dumps(message, allow_nan=False).encode()
        if len(data) > self.max_bytes:
            raise BorderError(f"{len(data):,} bytes, more than the {self.max_bytes:,} allowed")
        self.connection.settimeout(None)
        self.connection.sendall(LENGTH.pack(len(data)) + data)

    def receive(self, seconds: float | None = None) -> Any:
        """Return the next message.

        Raises
        ------
        BorderError
            If it is too long or no JSON.
        TimeoutError
            If it is not complete after so many seconds.
        EOFError
            If the other side is gone.
        """
        end = None if seconds is None else time.monotonic() + seconds
        (length,) = LENGTH.unpack(self._read(LENGTH.size, end))
        if length > self.max_bytes:
            raise BorderError(f"{length:,} bytes, more than the {self.max_bytes:,} allowed")
        try:
            return json.loads(self._read(length, end))
        except (ValueError, RecursionError) as error:
            raise BorderError(f"a message that is no JSON: {error}") from None

    def _read(self, length: int, end: float | None) -> bytes:
        data = bytearray()
        while len(data) < length:
            left = None if end is None else end - time.monotonic()
            try:
                self.connection.settimeout(None if left is None else max(left, 1e-6))
                part = self.connection.recv(min(length - len(data), 1 << 20))
            except TimeoutError:
                raise TimeoutError("no answer in time") from None
            if not part:
                raise EOFError("the other side is gone")
            data += part
        return bytes(data)
