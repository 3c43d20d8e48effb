"""How programs log: one line to stderr, the level from the settings, no noise from libraries."""

import logging

NOISY = ("alembic", "engineio", "socketio", "geventwebsocket", "werkzeug", "aioice", "aiortc", "asyncio")


def start(level: str) -> None:
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
