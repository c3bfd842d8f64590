"""When a request is given to a thread: not before the caller has sent it."""

import pytest

from config.web_worker import PIECE, is_complete

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"POST / HTTP/1.1\r\nHost: localhost\r\ncontent-LENGTH: 5\r\n\r\n"
FILE = b"POST / HTTP/1.1\r\nContent-Length: 900000\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "is_there"),
    [
        (b"", False), (b"G", False), (GET, False), (GET + b"\r\n", True), (GET + b"X: a", False),
        (GET + b"\r\n" + GET, True),  # the next one waits behind it
        (JSON, False), (JSON + b"[1,2", False), (JSON + b"[1,2]", True), (JSON + b"[1,2]GET", True),
        (FILE, False), (FILE + b"x" * (PIECE - 1), False), (FILE + b"x" * PIECE, True),
        (GET + b"Content-Length: x\r\n\r\n", True), (GET + b"Content-Length: -1\r\n\r\n", True),
        (GET + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", True),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (b"x" * PIECE, True), (b"x" * (PIECE - 1), False),
    ],
)  # fmt: skip
def test_a_thread_is_for_a_request_that_is_there(begun, is_there):
    assert is_complete(begun) is is_there
