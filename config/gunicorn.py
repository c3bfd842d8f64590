"""How gunicorn serves the product: threads in one process, several processes on PostgreSQL."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from config.environment import read_environment

env = read_environment()

bind = f"{env.host}:{env.port}"
worker_class = "config.web_worker.WebWorker"  # threads, and nobody waits for the slow
workers = env.web_workers
threads = env.web_threads
preload_app = True  # an error in the settings is told once, by the parent
timeout = 60  # seconds
graceful_timeout = 20
max_requests = 10_000  # a slow leak never gets old
max_requests_jitter = 1_000
accesslog = None  # the proxy in front keeps it, and /metrics counts
loglevel = "warning"
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()
control_socket_disable = True  # nobody uses it, and it would lie in a shared folder

if workers > 1:
    # Several processes count together, in files; read by the Prometheus client when it is loaded.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="opsgate-metrics-"))


def child_exit(server: Any, worker: Any) -> None:
    if workers > 1:
        from prometheus_client.multiprocess import mark_process_dead  # once the folder is named

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it carries no types


def on_exit(server: Any) -> None:
    if workers > 1:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
