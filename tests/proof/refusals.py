"""Run several commands of the product in one process, and print what each refused to do.

`python -m tests.proof.refusals '[["restore", "x.zip"], …]'` prints a JSON list: the sentence of
each refusal, or null where there was none. Any other error ends it.
"""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import CommandError, call_command

    said: list[str | None] = []
    for command in json.loads(sys.argv[1]):
        try:
            with open(os.devnull, "w") as nowhere:
                call_command(*command, stdout=nowhere)
            said.append(None)
        except CommandError as refusal:
            said.append(str(refusal))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
