"""A visitor's browser with a page in it, and all that must not be seen there: strangers asked, errors, dialogs."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

WATCH = """
window.struck = 0; window.reports = [];
document.addEventListener("securitypolicyviolation", (found) =>
  window.reports.push(`${found.violatedDirective} ${found.blockedURI}`));
"""
DRAWN = '[data-shown]:not([data-shown=""])'
"""The large picture, once the net has drawn it."""


@dataclass
class Watched:
    """One page, and what was seen of it."""

    page: Page
    context: BrowserContext
    asked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def strangers(self, host: str = "") -> list[str]:
        """Addresses asked that are not the page's own host; those that a page makes for itself are its own."""
        return [
            each
            for each in self.asked
            if urlsplit(each).scheme in ("http", "https", "ws") and urlsplit(each).netloc != host
        ]

    def assert_quiet(self, host: str = "") -> None:
        """Nobody else was asked anything, and nothing went wrong."""
        assert self.strangers(host) == []
        assert self.faults == []
        assert self.dialogs == []
        assert self.page.evaluate("window.reports") == []


@contextmanager
def watched(browser: Browser, scripts: bool = True, **options: object) -> Iterator[Watched]:
    """A fresh visitor. Names of other hosts do not resolve, as behind a firewall."""
    context = browser.new_context(java_script_enabled=scripts, reduced_motion="reduce", **options)  # type: ignore[arg-type]
    page = context.new_page()
    found = Watched(page, context)
    page.on("request", lambda request: found.asked.append(request.url))
    page.on("requestfailed", lambda request: found.faults.append(f"failed: {request.url[:120]}"))
    page.on(
        "response",
        lambda answer: found.faults.append(f"{answer.status} {answer.url[:120]}") if answer.status >= 400 else None,
    )
    page.on(
        "console", lambda message: found.faults.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: found.faults.append(str(error)))
    page.on("dialog", lambda dialog: (found.dialogs.append(dialog.message), dialog.dismiss()))
    if scripts:
        page.add_init_script(WATCH)
    try:
        yield found
    finally:
        context.close()


class _Plain(SimpleHTTPRequestHandler):
    """As any host of static files answers: no header of ours, and types by its own table."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Host(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A visitor may leave in the middle of a file."""


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Some static host, with the folder of the site one level below its root."""
    server = _Host(("127.0.0.1", 0), functools.partial(_Plain, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
