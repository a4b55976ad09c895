"""gunicorn in place of granian, preloaded or not: gunicorn --config deploy/gunicorn.conf.py wsgi:application"""

from __future__ import annotations

import wsgi

worker_class = "gthread"
threads = 4
worker_tmp_dir = "/dev/shm"
# A worker that hangs is killed and started again; requests under way have this long when it is told to stop.
timeout = 60
graceful_timeout = 30
keepalive = 15
# X_Forwarded_For would come to the application under the name of X-Forwarded-For.
header_map = "refuse"
limit_request_line = 8190
limit_request_field_size = 8190


def post_worker_init(worker: object) -> None:
    """Open in each worker, after the fork: a gate keeps itself fresh from the start, and not from the first request."""
    wsgi.open_now()
