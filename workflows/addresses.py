"""Where a webhook may be sent: the public internet, and networks an operator allowed.

A name is looked up once; the answer is checked, and what was checked is what is connected to, so
that a name which points elsewhere a moment later leads nowhere.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

IP = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
FIRST_FREE_PORT = 1024
LONGEST = 500
PLAIN = re.compile(r"[!-\[\]-~]+")
"""ASCII that can be seen, but no backslash, which some take for a slash."""
LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
NAME = re.compile(rf"(?:{LABEL}\.)*(?!0x[0-9a-f]*$|[0-9]+$){LABEL}")
"""A name whose last part is no number: else it is an address in octal, hexadecimal or one piece."""

UNICAST = {4: ip_network("0.0.0.0/0"), 6: ip_network("2000::/3")}
NOT_PUBLIC = [
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's own service, at an address that looks public
        "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20",
        "2002::/16",  # 6to4, as Teredo in 2001::/23: an IPv4 address within
    )
]  # fmt: skip
"""IANA's registries of special addresses, whatever the running Python knows of them."""


class Undelivered(Exception):
    """Nothing was delivered; the message is a sentence that says why."""


@dataclass(frozen=True)
class Address:
    """An address taken apart once; nothing reads the text again and finds something else."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def parse(text: str) -> Address:
    """Take an address apart, or raise `Undelivered` with what is wrong with it; no lookup."""
    if not PLAIN.fullmatch(text) or len(text) > LONGEST:
        raise Undelivered(
            _(
                "Write the address in at most 500 plain letters, digits and signs, without spaces; "
                "an international name begins with xn--."
            )
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Undelivered(_("This is not an address: host or port cannot be read.")) from error
    if parts.scheme not in PORTS:
        raise Undelivered(_("The address must begin with https://."))
    if "@" in parts.netloc or "#" in text:
        raise Undelivered(_("The address must have no user, no password and no part after #."))
    host = _host(parts.hostname or "", is_bracketed="[" in parts.netloc)
    port = PORTS[parts.scheme] if port is None else port
    if port < FIRST_FREE_PORT and port not in PORTS.values():
        raise Undelivered(_("Webhooks go to port 443, 80, or one from 1024 up."))
    path = parts.path or "/"
    return Address(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def _host(host: str, *, is_bracketed: bool) -> str:
    """Return a name or an IP address in its one plain form; refuse every other way to write it."""
    try:
        ip = ip_address(host)
    except ValueError:
        if not is_bracketed and len(host) <= 253 and NAME.fullmatch(host):
            return host
    else:
        if is_bracketed == (ip.version == 6) and "%" not in host:
            return str(ip)
    raise Undelivered(_("“%(host)s” is no plain name or address of a host.") % {"host": host})


def permitted(address: Address, seconds: float) -> list[IP]:
    """Look the host up and return where to connect; `Undelivered` if any answer is forbidden.

    One bad answer among good ones refuses all. Without TLS only allowed networks are written to.
    """
    found = _look_up(address, seconds)
    for ip in found:
        is_allowed = any(ip in network for network in settings.WEBHOOK_ALLOWED_NETWORKS)
        if not is_allowed and not is_public(ip):
            raise Undelivered(
                _(
                    "%(host)s is at %(ip)s, which is not on the public internet and in no network "
                    "that the operator allowed for webhooks."
                )
                % {"host": address.host, "ip": ip}
            )
        if not is_allowed and address.scheme == "http":
            raise Undelivered(
                _("The address must begin with https:// outside the networks an operator allowed.")
            )
    return found


def is_public(ip: IP) -> bool:
    """Tell whether `ip` is one machine on the public internet, not something wrapped in it."""
    if ip not in UNICAST[ip.version] or any(ip in network for network in NOT_PUBLIC):
        return False
    return ip.is_global


def _look_up(address: Address, seconds: float) -> list[IP]:
    """Ask the system's resolver, which knows no time limit, for at most `seconds`."""
    answers: SimpleQueue[list[IP] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(ip_address(one[4][0]) for one in found)))
        except (OSError, ValueError) as error:
            answers.put(error)

    Thread(target=ask, name="webhook lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0))
    except Empty:
        answer = TimeoutError()
    if isinstance(answer, Exception) or not answer:
        raise Undelivered(_("The name %(host)s cannot be found.") % {"host": address.host})
    return answer
