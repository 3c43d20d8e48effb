"""Makes the demo's database and prints nothing: the addresses that open it are returned."""

from app import bootstrap
from app.config import Config
from app.demo import village
from app.storage import migrate


def run(config: Config, language: str, families: int) -> dict[str, str]:
    services = bootstrap.build(config)
    migrate.upgrade(services.database)
    with services.database.begin() as session:
        made = village.seed(session, language, services.clock.now(), families)
    base = config.public_url
    return {
        "parent": f"{base}/enter/{made.parent}?face=phone",
        "terminal": f"{base}/enter/{made.terminal}?face=terminal",
        "desk": f"{base}/enter/{made.desk}?face=desk",
        "phones": f"{base}/demo/phones",
        "call_at": made.call_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
