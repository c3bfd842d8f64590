"""A mail server that takes letters, or hangs where a proof wants it to, and counts what it got."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes


class Deliveries:
    """What reached a receiver, by key and recipient; any receiver may `note` what it got."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, key: str, recipient: str) -> None:
        with self._lock:
            self._found[key, recipient] += 1

    def counts(self) -> dict[tuple[str, str], int]:
        with self._lock:
            return dict(self._found)

    def repeated(self) -> dict[tuple[str, str], int]:
        """Return what came more than once."""
        return {which: times for which, times in self.counts().items() if times > 1}


class Mailbox(socketserver.ThreadingTCPServer):
    """An SMTP server on a free port, which can be told to `hang` where it would answer:

    "connect": says nothing at all; "DATA": takes the envelope and never the letter; ".": takes the
    letter whole and never says so, which no sender can tell from a loss.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.port: int = self.server_address[1]
        self.stalls_at = ""
        self.visits = 0
        self.deliveries = Deliveries()
        self.healed = threading.Event()

    def hang(self, moment: str) -> None:
        self.healed.clear()
        self.stalls_at = moment

    def heal(self) -> None:
        """Work again, and hang up on whoever still waits."""
        self.stalls_at = ""
        self.healed.set()


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.server.visits += 1
        try:
            self._talk()
        except OSError:  # the sender hung up
            return

    def _talk(self) -> None:
        self._say("connect", "220 mailbox")
        recipients: list[str] = []
        while line := self.rfile.readline():
            verb = line.decode().partition(" ")[0].strip().upper()
            if verb == "RCPT":
                recipients.append(line.decode().partition(":")[2].strip(" <>\r\n"))
            elif verb == "DATA":
                self._say("DATA", "354 go ahead")
                self._keep(recipients)
                self._say(".", "250 taken")
                continue
            elif verb == "QUIT":
                self._say("QUIT", "221 bye")
                return
            self._say(verb, "250 well")

    def _keep(self, recipients: list[str]) -> None:
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line)
        message = message_from_bytes(b"".join(lines))
        for recipient in recipients:
            self.server.deliveries.note(str(message["Message-ID"]), recipient)

    def _say(self, moment: str, line: str) -> None:
        if self.server.stalls_at == moment:
            self.server.healed.wait()
            raise ConnectionAbortedError("hung up on who waited")
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run a mail server."""
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.heal()
            server.shutdown()
            thread.join()


def mail_to(server: Mailbox) -> dict[str, str]:
    """Return the variables by which a house sends its mail to `server`."""
    return {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(server.port), "EMAIL_SECURITY": "none"}
