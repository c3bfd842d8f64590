"""The web worker: a thread is for whoever has sent a request, not for whoever is still sending.

gunicorn's worker gives a connection to one of its few threads at the first byte, and the thread
then waits as long as the caller likes: eight who send slowly stop everybody. Here the one thread
that watches all connections collects a request first, with its body where that is short.
"""

from __future__ import annotations

import re
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

SECONDS = 10
"""How long a caller may take to send a request, and between two pieces of a long body."""
PIECE = 65536
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?:\r\n|$)", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def is_complete(begun: bytes) -> bool:
    """Tell whether a thread can go on: the head is there, and the first `PIECE` of the body.

    A head that is too long is complete as well: gunicorn refuses it.
    """
    head, end, body = begun.partition(b"\r\n\r\n")
    if not end:
        return len(begun) >= PIECE
    length = None if EXPECTS.search(head) else LENGTH.search(head)  # who expects is told to go on
    return length is None or len(body) >= min(int(length[1]), PIECE)


class WebWorker(ThreadWorker):
    def enqueue_req(self, conn: Any) -> None:
        """Give `conn` to a thread once its request is there; called by the watching thread."""
        if conn.parser is None:
            limit = struct.pack("ll", SECONDS, 0)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        conn.begun = conn.parser.unreader.take_buffered() if conn.parser else b""
        if is_complete(conn.begun):
            self._hand_over(conn)
            return
        conn.timeout = time.monotonic() + SECONDS  # `murder_pending` hangs up then
        conn.sock.setblocking(False)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._collect, conn))

    def _collect(self, conn: Any, client: socket.socket) -> None:
        try:
            piece = client.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        conn.begun += piece
        if piece and not is_complete(conn.begun):
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if conn.begun:
            self._hand_over(conn)  # cut off, too: gunicorn knows what to say
        else:
            self.nr_conns -= 1
            conn.close()

    def _hand_over(self, conn: Any) -> None:
        conn.init()
        conn.parser.unreader.unread(conn.begun)
        conn.data_ready = True
        super().enqueue_req(conn)
