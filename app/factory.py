"""The Flask application: its rooms' routes and sockets, the error table, the headers. No logic."""

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.middleware.proxy_fix import ProxyFix

from app import bootstrap
from app.bootstrap import Services
from app.calls import (
    feed_views,
    foresight_views,
    left_messages,
    line_sockets,
    media_sockets,
    proposal_views,
    series_views,
)
from app.calls import queries as calls
from app.calls import sockets as call_sockets
from app.calls import views as call_views
from app.desk import broadcast_views, outage_views, prompt_views, roster_views, waiting_views
from app.desk import family_views as enrolment_views
from app.desk import notice_views as desk_notice_views
from app.desk import views as desk_views
from app.desk import village_views as desk_village_views
from app.desk.queries import coordinator_name
from app.doors import coordinator_views, pairing_views, parent_request_views, pin_views
from app.doors import views as door_views
from app.faces import household, now, strangers
from app.families import availability_views, price_views, recorded_name_views
from app.families import views as family_views
from app.gateways import unix_doorbell
from app.messages import tus, wishes
from app.messages import views as message_views
from app.notices import health as notice_health
from app.notices import push_views
from app.notices import views as notice_views
from app.sms import hooks
from app.sms import views as text_views
from app.villages import views as village_views
from app.web import assets, errors, health, hints, openapi, pages, security
from app.web.floor import EXTENSION, Floor
from app.web.principals import ANYONE, allow
from app.web.socket_limit import WSGI, SocketLimit
from app.web.sockets import Sockets

APIS = (
    now.api, call_views.api, family_views.api, village_views.api, desk_views.api, enrolment_views.api,
    desk_village_views.api, household.api, door_views.api, coordinator_views.api,
    pairing_views.api, pin_views.api, feed_views.api, availability_views.api, series_views.api, price_views.api,
    proposal_views.api, foresight_views.api, waiting_views.api, roster_views.api, push_views.api,
    text_views.api, strangers.api, desk_notice_views.api, broadcast_views.api, outage_views.api,
    message_views.api, parent_request_views.api, prompt_views.api, recorded_name_views.api,
)  # fmt: skip
LARGEST_BODY_BYTES = 9_000_000


@dataclass(frozen=True)
class Web:
    """One web process: its WSGI application and its sockets."""

    app: Flask
    sockets: Sockets


def create(services: Services, *, async_mode: str = "threading") -> Web:
    config = services.config
    app = Flask(__name__, static_folder=None, template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    static = assets.Assets(static_folder())
    app.extensions[EXTENSION] = Floor(
        services.database, services.clock, config.public_url, static.version, config.max_sockets, config.metrics_token,
        services.sealer,
    )  # fmt: skip
    app.extensions[family_views.SEEN_IN_CALL] = calls.is_shown
    app.extensions[wishes.LEFT] = left_messages.at
    app.extensions[push_views.SENDER] = services.push
    app.extensions[broadcast_views.GATEWAYS] = services.sms
    app.extensions[message_views.VAULT] = services.vault
    security.register(app)
    errors.register(app)
    app.after_request(pages.pack)
    sockets = Sockets(app, async_mode=async_mode, message_queue=config.redis_url)
    media_sockets.register(sockets, call_sockets.register(sockets, services.turn, coordinator_name))
    line_sockets.register(sockets, services.turn)
    limit = SocketLimit(behind_proxies(app.wsgi_app, config.proxies), config.max_sockets)
    app.wsgi_app = limit  # type: ignore[method-assign]
    app.register_blueprint(pages.blueprint(static))
    app.register_blueprint(assets.blueprint(static))
    app.register_blueprint(feed_views.blueprint)
    app.register_blueprint(hooks.blueprint(services.sms))
    app.register_blueprint(tus.blueprint(services.vault, config.request_threads // 2))
    app.register_blueprint(health.blueprint(config.data_dir, lambda: limit.open, notice_health.figures))
    if services.handsets is not None:
        app.register_blueprint(notice_views.blueprint(services.handsets))
    _register_apis(app, static.version)
    hints.ring_after_commit(services.database, sockets)
    return Web(app, sockets)


def behind_proxies(inner: WSGI, proxies: int) -> WSGI:
    """Believe what this many proxies of our own say about the caller, and nobody else."""
    if not proxies:
        return inner
    fixed: WSGI = ProxyFix(inner, x_for=proxies, x_proto=proxies, x_host=proxies)
    return fixed


def listen(services: Services, web: Web) -> None:
    """Hear the other processes of this machine, and look at the database for what was not heard."""
    if not services.config.redis_url:
        unix_doorbell.listen(bootstrap.doorbell_path(services.config), web.sockets.hint)
    poll = threading.Thread(
        target=hints.poll,
        args=(services.database, services.clock, web.sockets.find, web.sockets.close_strangers),
        name="poll",
        daemon=True,
    )
    poll.start()


def static_folder() -> Path:
    """Beside the package in a checkout, inside it once installed."""
    inside = Path(__file__).parent / "static"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "static"


def _register_apis(app: Flask, version: str) -> None:
    routes = [route for api in APIS for route in api.routes]
    for api in APIS:
        app.register_blueprint(api.blueprint)

    @cache
    def described() -> dict[str, Any]:  # when somebody asks: it takes longer than all else here
        return openapi.describe(routes, version)

    @app.get("/api/openapi.json")
    @allow(ANYONE)
    def openapi_json() -> Response:
        return jsonify(described())
