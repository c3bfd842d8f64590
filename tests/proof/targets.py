"""Addresses a webhook must never reach, and what a resolver may answer for a name."""

from __future__ import annotations

WRITTEN: list[str] = [
    # this machine, plainly and in every spelling a C library takes
    "https://127.0.0.1/", "https://127.8.9.10/", "https://localhost/", "https://0.0.0.0/",
    "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://017700000001/",
    "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://0x7f000001/", "https://0x7F.1/",
    "https://0/", "https://127.0.0.01/", "https://[::1]/", "https://[::]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
    "https://[0:0:0:0:0:0:0:1]/", "https://127.0.0.1./", "https://localhost./",
    # the house
    "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/",
    "https://100.64.0.1/", "https://[fd00::1]/", "https://[fe80::1]/", "https://[fec0::1]/",
    "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/",
    # services of a cloud
    "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/",
    "https://[::ffff:169.254.169.254]/", "https://100.100.100.200/", "https://192.0.0.192/",
    "https://168.63.129.16/", "https://2852039166/",
    # an IPv4 address inside of an IPv6 one: NAT64, its local form, 6to4, Teredo, ISATAP
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b:1::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", "https://[fe80::5efe:7f00:1]/",
    # not one machine, or nobody's
    "https://224.0.0.1/", "https://239.255.255.250/", "https://255.255.255.255/",
    "https://240.0.0.1/", "https://[ff02::1]/", "https://192.0.2.1/", "https://198.18.0.1/",
    "https://198.51.100.1/", "https://203.0.113.1/", "https://192.88.99.1/",
    "https://[2001:db8::1]/", "https://[100::1]/", "https://[3fff::1]/", "https://[5f00::1]/",
    # one thing to one reader of addresses, another to the next
    "https://public.example@127.0.0.1/", "https://127.0.0.1@public.example/",
    "https://public.example:x@127.0.0.1/", "https://public.example#@127.0.0.1/",
    "https://127.0.0.1\\@public.example/", "https://public.example\\.internal/",
    "https://public.example\t/", "https://public.example/\r\nHost: internal",
    "https://127。0。0。1/", "https://１２７.0.0.1/", "https://①②⑦.⓪.⓪.①/", "https://ⓛⓞⓒⓐⓛhost/",
    "https://public.example\u200b/", "https://%31%32%37.0.0.1/", "https://public.example%00.x/",
    "https:///127.0.0.1/", "https://", "https:127.0.0.1", "//public.example/", "https://[::1/",
    "https://[public.example]/", "https://[127.0.0.1]/", "https://.public.example/",
    "https://public..example/", "https://public.example./", "https://-public.example/",
    # other ports and other schemes
    "https://public.example:22/", "https://public.example:25/", "https://public.example:0/",
    "https://public.example:65536/", "https://public.example:x/",
    "http://public.example/", "ftp://public.example/", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL", "dict://127.0.0.1:11211/", "javascript:alert(1)",
    "data:text/plain,x", "unix:///var/run/docker.sock", "ldap://public.example/",
    "jar:https://public.example!/", "public.example", "",
]  # fmt: skip
"""As somebody might type them; `public.example` is at a public address."""

ANSWERED: list[tuple[str, list[str]]] = [
    ("a name for this machine", ["127.0.0.1"]),
    ("a name for the house", ["10.1.2.3"]),
    ("a name for the metadata of a cloud", ["169.254.169.254"]),
    ("a good answer, then a bad one", ["93.184.216.34", "127.0.0.1"]),
    ("a bad answer, then a good one", ["192.168.0.1", "93.184.216.34"]),
    ("good in IPv4, bad in IPv6", ["93.184.216.34", "::1"]),
    ("bad in IPv4, good in IPv6", ["2606:2800:220:1:248:1893:25c8:1946", "10.0.0.1"]),
    ("IPv4 mapped into IPv6", ["::ffff:10.0.0.1"]),
    ("6to4", ["2002:a00:1::"]),
    ("NAT64", ["64:ff9b::a00:1"]),
    ("Teredo", ["2001:0:4136:e378:8000:63bf:3fff:fdd2"]),
    ("link-local with a zone", ["fe80::1%lo"]),
    ("the unspecified address", ["0.0.0.0"]),
    ("the unspecified address in IPv6", ["::"]),
    ("multicast", ["224.0.0.251"]),
    ("no answer", []),
]
"""What a hostile resolver says for a name that looks well."""
