"""What is said in the chats of a person, and whether it was taken.

A robot answers 200 to what it refuses, and says so in its answer: that is read. Everything goes
through `posting`: to the address that was checked, within its limit, following no redirect.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from time import time
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.actors import Actor
from people.models import User
from workflows import posting, webhooks
from workflows.addresses import Undelivered
from workflows.models import Chat, Outbox
from workflows.news.lines import Line, lines
from workflows.posting import Letter

READ = 16 * 1024  # bytes of an answer
LONGEST = 1700  # bytes of all lines; WeCom takes 2048 with what is said of the rest
Attempt = Callable[[], object]


class Robot(NamedTuple):
    """How the robot of a chat is spoken to; `code` and `reason` are names in its answer."""

    path: Callable[[Chat, float], str]
    body: Callable[[Chat, float, str], dict[str, Any]]
    code: str
    reason: str


def attempt(messages: Sequence[Outbox], at: datetime) -> Attempt:
    """Write what is sent for `messages`, all to one chat; the attempt itself needs no database.

    In the reader's language (up to 5 queries). What they may not read any more is passed over.
    """
    chat, reader = messages[0].chat, messages[0].recipient
    assert chat is not None
    assert reader is not None  # constraints of the table
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        found = lines(messages, Actor.of(reader, at)) if reader.is_active else []
        if not found:
            return lambda: None
        if chat.kind == Chat.Kind.WEBHOOK:
            return partial(posting.post, _to_webhook(chat, found[0]))
        return partial(_ask, chat.kind, _to_robot(chat, _text(found)))


def send_test(chat: Chat, reader: User) -> None:
    """Say in `chat` that it works, or raise `Undelivered` with the reason; takes seconds."""
    text = _("This is a test from Opsgate: messages for %(person)s will arrive here.") % {
        "person": reader
    }
    if chat.kind == Chat.Kind.WEBHOOK:
        posting.post(_to_receiver(chat, {"key": f"test:{chat.pk}", "event": "test", "text": text}))
    else:
        _ask(chat.kind, _to_robot(chat, text))


def _text(found: list[Line]) -> str:
    """Write as many lines as a message of a robot may have, and say how many are left."""
    parts: list[str] = []
    for line in found:
        part = line.whole
        if parts and len("".join([*parts, part]).encode()) > LONGEST:
            break
        parts.append(part)
    if left := len(found) - len(parts):
        said = ngettext("%(number)d more:", "%(number)d more:", left) % {"number": left}
        parts.append(f"{said}\n{settings.SITE_URL}{reverse('news')}")
    return "\n\n".join(parts)


# -- a webhook of one's own ----------------------------------------------------------------------
def _to_webhook(chat: Chat, line: Line) -> Letter:
    return _to_receiver(
        chat,
        {
            "key": line.message.key,
            "event": line.message.news,
            "number": line.case.number if line.case else None,
            "text": line.text,
            "at": line.message.created_at.astimezone(UTC).isoformat(),
            "link": line.link,
        },
    )


def _to_receiver(chat: Chat, said: dict[str, Any]) -> Letter:
    """Write it as our webhooks are written, signed where the person gave a secret."""
    body = json.dumps(said, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Opsgate",
        "Idempotency-Key": str(said["key"]),
    }
    if chat.secret:
        timestamp = str(int(time()))
        headers |= {
            "X-Opsgate-Timestamp": timestamp,
            "X-Opsgate-Signature": webhooks.signature(chat.secret, timestamp, body),
        }
    return Letter(chat.address, body, headers)


# -- robots --------------------------------------------------------------------------------------
def _to_robot(chat: Chat, text: str) -> Letter:
    robot, now = ROBOTS[chat.kind], time()
    body = json.dumps(robot.body(chat, now, text), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Opsgate"}
    return Letter(settings.CHATS[chat.kind].rstrip("/") + robot.path(chat, now), body, headers)


def _ask(kind: str, letter: Letter) -> None:
    robot, said = ROBOTS[kind], posting.post(letter, reads=READ)
    try:
        answer = json.loads(said)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or robot.code not in answer:
        raise Undelivered(_("The answer is none of %(chat)s.") % {"chat": Chat.Kind(kind).label})
    if answer[robot.code] != 0:
        raise Undelivered(
            _("%(chat)s refused it: %(reason)s (%(code)s)")
            % {
                "chat": Chat.Kind(kind).label,
                "reason": str(answer.get(robot.reason, ""))[:200],
                "code": answer[robot.code],
            }
        )


def _sealed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _wecom_path(chat: Chat, now: float) -> str:
    return f"/cgi-bin/webhook/send?{urlencode({'key': chat.address})}"


def _dingtalk_path(chat: Chat, now: float) -> str:
    asked = {"access_token": chat.address}
    if chat.secret:
        stamp = str(round(now * 1000))
        asked |= {"timestamp": stamp, "sign": _sealed(chat.secret, f"{stamp}\n{chat.secret}")}
    return f"/robot/send?{urlencode(asked)}"


def _feishu_path(chat: Chat, now: float) -> str:
    return f"/open-apis/bot/v2/hook/{quote(chat.address, safe='')}"


def _plain_body(chat: Chat, now: float, text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _feishu_body(chat: Chat, now: float, text: str) -> dict[str, Any]:
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if chat.secret:
        stamp = str(int(now))
        body |= {"timestamp": stamp, "sign": _sealed(f"{stamp}\n{chat.secret}", "")}
    return body


ROBOTS = {
    Chat.Kind.WECOM.value: Robot(_wecom_path, _plain_body, "errcode", "errmsg"),
    Chat.Kind.DINGTALK.value: Robot(_dingtalk_path, _plain_body, "errcode", "errmsg"),
    Chat.Kind.FEISHU.value: Robot(_feishu_path, _feishu_body, "code", "msg"),
}
