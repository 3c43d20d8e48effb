"""The real service worker of a page's browser: pushed to by the debugging protocol, as a push service would."""

import json
from typing import Any

from playwright.sync_api import Page

from tests.browser.stories import wait_until

SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((shown) => (
  { title: shown.title, body: shown.body, tag: shown.tag, stays: shown.requireInteraction,
    actions: shown.actions.map(({ title }) => title) }))"""

TOUCHED = """async () => {
  const opened = [];
  self.clients.openWindow = async (url) => (opened.push(url), null);
  WindowClient.prototype.focus = async function () { return this; };
  const [notification] = await self.registration.getNotifications();
  const worked = [];
  const event = new NotificationEvent("notificationclick", { notification });
  event.waitUntil = (work) => worked.push(work);
  self.dispatchEvent(event);
  await Promise.all(worked);
  return opened;
}"""

IS_ACTIVATED = "navigator.serviceWorker.ready.then(({ active }) => active?.state === 'activated')"


class ServiceWorker:
    """The real one of a page's browser."""

    def __init__(self, page: Page) -> None:
        self._page, self._cdp = page, page.context.new_cdp_session(page)
        self._registrations: list[dict[str, Any]] = []
        self._cdp.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self._cdp.send("ServiceWorker.enable")

    def _heard(self, news: dict[str, Any]) -> None:
        self._registrations.extend(news["registrations"])

    def deliver(self, said: dict[str, Any]) -> None:
        origin = self._page.evaluate("location.origin")
        wait_until(self._page, "a registration", lambda: bool(self._standing(origin)))
        wait_until(self._page, "a worker that is awake", lambda: self._page.evaluate(IS_ACTIVATED))
        sent = {"origin": origin, "registrationId": self._standing(origin), "data": json.dumps(said)}
        self._cdp.send("ServiceWorker.deliverPushMessage", sent)

    def _standing(self, origin: str) -> str | None:
        """The newest that is this page's: one that was replaced is told of too."""
        news = {one["registrationId"]: one for one in self._registrations if one["scopeURL"].startswith(origin)}
        standing = [number for number, one in news.items() if not one["isDeleted"]]
        return standing[-1] if standing else None

    def shows(self, said: dict[str, Any]) -> None:
        """Pushed as often as a push service tries; while a worker takes over from another one may be lost."""
        for _ in range(5):
            self.deliver(said)
            for _ in range(40):
                if self.shown:
                    return
                self._page.wait_for_timeout(100)
        raise AssertionError("no notification, however often it was pushed")

    @property
    def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._page.evaluate(SHOWN)
        return found

    def touch(self) -> list[str]:
        """Touch the notification that stands; the addresses of the windows that it asks for."""
        asked: list[str] = self.evaluate(TOUCHED)
        return asked

    def evaluate(self, script: str, argument: Any = None) -> Any:
        return self._page.context.service_workers[0].evaluate(script, argument)
