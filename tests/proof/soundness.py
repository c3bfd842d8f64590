"""Say how the database that DATABASE_URL names is, as JSON; `struck`: after the clockwork did.

`hash` is the state hash, taken first; `violations` is what is not as it must be.
"""

from __future__ import annotations

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone

    from workflows.heartbeat import beat
    from workflows.invariants import violations
    from workflows.keeping.databases import kept_models
    from workflows.keeping.fingerprints import fingerprint

    state = fingerprint(kept_models(), "default").hash
    if "struck" in sys.argv:
        beat(timezone.now())  # what fell due meanwhile, and the mail that waits
    print(json.dumps({"hash": state, "violations": list(violations(timezone.now()))}))


if __name__ == "__main__":
    main()
