#!/usr/bin/env bash
# Make a virtual environment with the first Python on this machine that is new enough.
set -euo pipefail
folder=${1:?usage: make_venv.sh FOLDER}

if ! [ -w . ]; then
  echo "The folder $PWD is not writable; make it writable, or copy Opsgate to one that is." >&2
  exit 1
fi
for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
  # A name on the PATH may be a shim of a Python that is not installed: ask it.
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Making $folder with $("$python" --version)"
    if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
      rm -rf "$folder"
      echo "$python cannot make a virtual environment; on Debian, install python3-venv." >&2
      exit 1
    fi
    exit 0
  fi
done
echo "Opsgate needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3" >&2
exit 1
