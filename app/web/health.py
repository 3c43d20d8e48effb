"""Whether this process can serve, whether the whole can, and figures for whoever watches."""

import hmac
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.jobs.models import DueRow, WorkerBeat
from app.kernel.errors import NotFound
from app.storage import migrate
from app.web.floor import floor
from app.web.principals import ANYONE, allow

WORKER_SILENT = timedelta(seconds=20)
LEAST_FREE_BYTES = 50_000_000
LOOPBACK = {"127.0.0.1", "::1"}


Figures = Callable[[Session, datetime], list[str]]


def blueprint(data_dir: Path, socket_count: Callable[[], int], *more: Figures) -> Blueprint:
    """`more` are Prometheus lines of slices that know more."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    @allow(ANYONE)
    def healthz() -> Response:
        """Answer 200 when this process can serve: it reaches its database."""
        with floor().database.read() as session:
            session.execute(text("SELECT 1"))
        return jsonify(ok=True)

    @routes.get("/readyz")
    @allow(ANYONE)
    def readyz() -> Response:
        found = {
            "database": _database(),
            "worker": _worker(),
            "disk": shutil.disk_usage(data_dir).free > LEAST_FREE_BYTES,
        }
        response = jsonify(found)
        response.status_code = 200 if all(found.values()) else 503
        return response

    @routes.get("/metrics")
    @allow(ANYONE)
    def metrics() -> Response:
        token = floor().metrics_token
        is_proxied = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
        is_near = request.remote_addr in LOOPBACK and not is_proxied
        if not is_near and (
            token is None or not _is_equal(request.headers.get("Authorization", ""), f"Bearer {token}")
        ):
            raise NotFound
        return Response(_figures(socket_count(), more), mimetype="text/plain")

    return routes


def _is_equal(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())


def _database() -> bool:
    try:
        return migrate.is_current(floor().database)
    except SQLAlchemyError:
        return False


def _worker() -> bool:
    try:
        with floor().database.read() as session:
            last = session.scalar(select(func.max(WorkerBeat.at)))
    except SQLAlchemyError:
        return False
    return last is not None and last > floor().now() - WORKER_SILENT


def _figures(sockets: int, more: Sequence[Figures]) -> str:
    lines = ["# TYPE homethread_sockets gauge", f"homethread_sockets {sockets}", "# TYPE homethread_due_rows gauge"]
    with floor().database.read() as session:
        counted = session.execute(select(DueRow.state, func.count()).group_by(DueRow.state).order_by(DueRow.state))
        lines += [f'homethread_due_rows{{state="{state.value}"}} {count}' for state, count in counted]
        lines += [line for figures in more for line in figures(session, floor().now())]
    return "\n".join(lines) + "\n"
