"""Run the service under granian: each worker loads the content, freezes it, then listens.

The full collections of the garbage collector would walk a loaded terminology again and again (pauses of
over 70 ms were measured); frozen content is left out of them.
"""

from __future__ import annotations

import gc
import http.client
import logging
import sys
import threading
import time
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cds_hooks.app import create_app
from cds_hooks.config import Configuration
from fhir_gepnet.errors import GepnetError

COLLECT_AFTER = 50_000
"""Container objects made between collections of the youngest generation."""
THREADS = 4
"""Threads per worker: the interpreter runs one at a time, the others wait for slow senders."""
GIVE_UP_AFTER = 60.0


def serve(
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    configuration: Configuration | None = None,
    workers: int = 1,
) -> None:
    """Serve until a signal comes; prints the discovery address once the service answers.

    Raises:
        SystemExit: a worker could not start; the reason is on stderr.
    """
    granian = Granian(
        "cds_hooks",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
    )
    granian.on_startup(partial(_announce_later, host, port))
    # A spawned worker (macOS) gets the loader by pickling it: a partial of a module's function.
    granian.serve(target_loader=partial(load_worker, configuration or Configuration()), wrap_loader=False)


def load_worker(configuration: Configuration) -> Any:
    """The application of one worker process, with everything loaded so far taken out of collection."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    try:
        app = create_app(configuration)
    except GepnetError as error:
        sys.exit(f"the service does not start: {error}")
    gc.set_threshold(COLLECT_AFTER)
    gc.collect()
    gc.freeze()
    return app


def _announce_later(host: str, port: int) -> None:
    threading.Thread(target=_announce, args=(host, port), daemon=True).start()


def _announce(host: str, port: int) -> None:
    """Print the discovery address when it can be called, on a line of its own, flushed."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    give_up = time.monotonic() + GIVE_UP_AFTER
    while time.monotonic() < give_up:
        # First a pause: the workers are forked while this thread sleeps and holds no lock.
        time.sleep(0.1)
        connection = http.client.HTTPConnection(reachable, port, timeout=1)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                shown = f"[{host}]" if ":" in host else host
                sys.stdout.write(f"http://{shown}:{port}/cds-services\n")
                sys.stdout.flush()
                return
        except OSError:
            continue
        finally:
            connection.close()
