"""Row W2 in a real browser: a page of another origin on this machine does and reads nothing, cookie or not."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser import settle
from made_studio import RUN, served

ATTACKS = """
async ([studio, run]) => {
  const tried = [];
  const noted = (name, promise) => promise.then(() => tried.push(name + " went through"), () => {});
  const put = (tag, set) => new Promise((done) => {
    const element = Object.assign(document.createElement(tag), set);
    element.onload = () => { done(element); };
    element.onerror = () => { done(null); };
    document.body.append(element);
    setTimeout(() => done(null), 1500);
  });
  const kept = {credentials: "include"};
  await noted("read", fetch(studio + "/api/runs", kept).then((answer) => answer.text()));
  await noted("json", fetch(studio + "/api/work/packing", {...kept, method: "POST",
    headers: {"content-type": "application/json"}, body: '{"data":"few"}'}));
  await noted("delete", fetch(studio + "/api/runs/" + run, {...kept, method: "DELETE"}));
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    await fetch(studio + "/api/pictures", {...kept, mode: "no-cors", method: "POST", body: new Blob(["x"], {type})})
      .catch(() => {});
    await fetch(studio + "/api/work/packing", {...kept, mode: "no-cors", method: "POST",
      body: new Blob(['{"data":"few"}'], {type})}).catch(() => {});
  }
  await fetch(studio + "/api/runs/" + run + "/start", {...kept, mode: "no-cors", method: "POST"}).catch(() => {});
  navigator.sendBeacon(studio + "/api/runs/" + run + "/start", "x");
  const picture = await put("img", {src: studio + "/api/pictures/data:few:0"});
  if (picture && picture.naturalWidth) tried.push("picture shown");
  if (await put("script", {src: studio + "/api/runs"})) tried.push("script loaded");
  const frame = await put("iframe", {src: studio + "/train"});
  try { if (frame && frame.contentDocument && frame.contentDocument.body.innerText) tried.push("framed"); } catch {}
  await new Promise((done) => {
    const socket = new WebSocket(studio.replace("http", "ws") + "/api/events");
    socket.onopen = () => { tried.push("socket open"); done(); };
    socket.onerror = done;
  });
  await new Promise((done) => {
    const stream = new EventSource(studio + "/api/events?follow=run:" + run, {withCredentials: true});
    stream.onopen = () => { tried.push("stream open"); done(); };
    stream.onerror = () => { stream.close(); done(); };
  });
  return tried;
}
"""
FORM = """
([studio]) => {
  const form = Object.assign(document.createElement("form"),
    {action: studio + "/api/pictures", method: "post", enctype: "multipart/form-data"});
  document.body.append(form);
  form.submit();
}
"""


@contextmanager
def _elsewhere() -> Iterator[int]:
    """The port of a server of somebody else on this machine."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>evil</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_w2_a_page_on_another_port_does_and_reads_nothing(
    tmp_path: Path, chromium: Browser, name: str, row: Callable[[str, int], None]
) -> None:
    seen: list[tuple[str, str, int]] = []
    with served(tmp_path, seen) as (studio, address), _elsewhere() as port, chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{address}/train?token={studio.address.token}")
        assert page.url == f"{address}/train"
        assert page.evaluate("document.cookie") == ""
        assert page.evaluate("fetch('/api/runs').then((answer) => answer.status)") == 200
        # What our own page asks is over before the stranger begins.
        settle(page)
        page.goto("about:blank")
        seen.clear()
        page.goto(f"http://{name}:{port}/")
        assert page.evaluate(ATTACKS, [address, RUN]) == []
        page.evaluate(FORM, [address])
        page.wait_for_load_state()
        assert {status for _, _, status in seen} <= {401, 403}
        assert {"POST", "GET", "OPTIONS"} <= {method for method, _, _ in seen}
        assert len(seen) >= 12
        assert [line.id for line in studio.runs.list()] == [RUN]
        assert studio.tasks.known() == []
        assert studio.jobs.alive() == []
        assert not list(studio.places.cache.glob("pictures/*"))
    row(f"W2 in Chromium, {name}", len(seen))
