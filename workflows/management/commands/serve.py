"""Run Opsgate on one machine: a web process and a heartbeat, started and stopped together."""

from __future__ import annotations

import errno
import signal
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from people import demo
from people.models import User

STOP_WITHIN = 25.0  # seconds; longer than gunicorn's own grace for open requests
LOOK_EVERY = 0.2  # seconds
CHILDREN = {
    "web": [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "config.wsgi"],
    "heartbeat": [sys.executable, "manage.py", "heartbeat"],
}


class Command(BaseCommand):
    help = "Run Opsgate on one machine: the web server and the heartbeat."
    requires_system_checks = ()  # --prepare brings the database to where checks make sense

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="first migrate, load the defaults and, into an empty database, the demo world",
        )

    def handle(self, *args: Any, prepare: bool, **options: Any) -> None:
        refuse_unwritable_folder()
        refuse_taken_port()
        if prepare:
            self.prepare()
        code = Family(self).live()
        if code:
            sys.exit(code)

    def prepare(self) -> None:
        """Bring the database up to date; a new one gets the demo world."""
        self.say("Preparing the database")
        call_command("migrate", verbosity=0)
        call_command("check")
        is_new = not User.objects.filter(is_active=True).exists()
        self.say("Loading the defaults")
        call_command("load_defaults")
        if is_new and not is_local(settings.HOST):
            self.say(
                "No demo world: its passwords are known, and others can reach this address. "
                "Make the first account with manage.py createsuperuser."
            )
        elif is_new:
            self.say("Loading the demo world; it stays until you delete the database")
            call_command("demo_data")
        self.introduce_people()

    def introduce_people(self) -> None:
        """List who may sign in to the demo world and what their roles are."""
        names = [person[0] for person in demo.PEOPLE]
        people = User.objects.filter(username__in=names, is_active=True)
        if people.count() < len(names):
            return  # not the demo world, or no longer
        self.say(f"Sign in as one of these, each with the password “{demo.PASSWORD}”:")
        for username, name, _unit, _language, roles in demo.PEOPLE:
            held = ", ".join(str(role.label) for role in roles) or "asks for things"
            self.say(f"  {username:<16} {name}: {held}")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


class Family:
    """The two processes: when one ends, the other is stopped; a signal stops both."""

    def __init__(self, command: Command) -> None:
        self.say = command.say
        self.is_stopping = False
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def live(self) -> int:
        """Run until a signal (0) or until a process ends by itself (1)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.ask_to_stop)
        try:
            for name, command in CHILDREN.items():
                # A group of its own, so that Ctrl-C reaches us alone and we end both in order.
                self.processes[name] = subprocess.Popen(
                    command, cwd=settings.BASE_DIR, process_group=0
                )
            return self.watch()
        finally:
            self.stop()

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.is_stopping = True

    def watch(self) -> int:
        is_announced = False
        while not self.is_stopping:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    self.say(
                        f"The {name} process ended by itself (code {process.returncode}); "
                        "Opsgate stops. The lines above say why."
                    )
                    return 1
            if not is_announced and is_answering():
                is_announced = True
                self.say(f"Opsgate is at {settings.SITE_URL}/ (Ctrl-C stops it)")
            time.sleep(LOOK_EVERY)
        return 0

    def stop(self) -> None:
        """Ask both to end, and end those who do not within STOP_WITHIN."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        for process in self.processes.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.say("Opsgate has stopped.")


def refuse_unwritable_folder() -> None:
    """Try to write where everything is kept: asking for permission bits misleads root."""
    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.VAR_DIR):
            pass
    except OSError as error:
        raise CommandError(
            f"The folder {settings.VAR_DIR} cannot be used ({error.strerror}); "
            "make it writable or name another one in VAR_DIR."
        ) from None


def refuse_taken_port() -> None:
    """Try the port before anything slow begins."""
    host, port = settings.HOST, settings.PORT
    try:
        with listening_socket(host) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} is taken; stop what uses it, or name another one in PORT."
            ) from None
        raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror}.") from None


def is_local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


def is_answering() -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)
    try:
        socket.create_connection((host, settings.PORT), timeout=1).close()
    except OSError:
        return False
    return True


def listening_socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
