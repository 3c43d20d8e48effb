"""The doorbell between machines: Flask-SocketIO's own message queue, to which every web process listens."""

import logging

from flask_socketio import SocketIO

log = logging.getLogger(__name__)


class RedisDoorbell:
    """Emits straight to the browsers' rooms through Redis. While Redis is away hints are lost, and the poll helps."""

    def __init__(self, url: str) -> None:
        self._sockets = SocketIO(message_queue=url)

    def hint(self, topic: str, subject_id: str, change_id: str) -> None:
        try:
            self._sockets.emit("hint", {"topic": topic, "id": subject_id}, to=f"{topic}:{subject_id}")
        except Exception as lost:
            log.warning("a hint was lost: %s", type(lost).__name__)
