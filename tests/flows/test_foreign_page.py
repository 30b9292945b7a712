"""A foreign web page, in a real browser, gets nothing done on the Prefect server."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.flows.test_browser import OPTIONS, PATIENCE
from tests.flows.test_serve import Served, served

__all__ = ["served"]

CHROMIUM = shutil.which("chromium")
REBOUND = "rebound.example"
"""A name of the attacker's, which now leads to this machine."""
ATTACK = """
async ([api, id, marker]) => {
  const steps = {pull_steps: [{"prefect.deployments.steps.run_shell_script":
    {script: "touch " + marker}}]};
  const run = {state: {type: "SCHEDULED"}};
  const deployment = api + "/deployments/" + id, runs = deployment + "/create_flow_run";
  const tries = [
    [deployment, "PATCH", steps, "application/json", "cors"],
    [deployment, "PATCH", steps, "text/plain", "cors"],
    [runs, "POST", run, "application/json", "cors"],
    [runs, "POST", run, "text/plain", "cors"],
    [runs, "POST", run, "text/plain", "no-cors"],
  ];
  const answers = [];
  for (const [url, method, body, type, mode] of tries) {
    try {
      const answer = await fetch(url, {method, mode, body: JSON.stringify(body),
        headers: {"Content-Type": type}});
      answers.push(answer.status);
    } catch (error) { answers.push("blocked"); }
  }
  answers.push(await new Promise(resolve => {
    const socket = new WebSocket(api.replace("http", "ws") + "/events/in");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("blocked");
  }));
  return answers;
}
"""
FORM = """
([api, id]) => {
  document.body.innerHTML = "<form method=post enctype=text/plain><input></form>";
  const form = document.forms[0];
  form.action = api + "/deployments/" + id + "/create_flow_run";
  form.elements[0].name = '{"state": {"type": "SCHEDULED"}, "tags": ["';
  form.elements[0].value = '"]}';
  form.submit();
}
"""


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Foreign</title><body>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """Serve a page of somebody else's, on another port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[BrowserContext]:
    """Open a browser for which the attacker's name leads here."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed, and CI must not do without it")
        pytest.skip("no Chromium is installed")
    rules = f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=[*OPTIONS.split(), rules]
        )
        context.set_default_timeout(PATIENCE)
        yield context
        context.close()


def attack(page: Page, api: str, offer: dict[str, Any], marker: Path) -> list[Any]:
    """Do all that a page can do to run a command; return what came of each try."""
    return page.evaluate(ATTACK, [api, offer["id"], str(marker)])


def test_a_foreign_page_can_neither_change_a_deployment_nor_start_a_run(
    served: Served, browser: BrowserContext, foreign_page: str, tmp_path: Path
) -> None:
    offer = served.await_offers()["infer"]
    own = str(served.api.base_url.join("/"))
    rebound = own.replace("127.0.0.1", REBOUND)
    page, marker = browser.pages[0], tmp_path / "executed"

    page.goto(foreign_page)
    across = attack(page, f"{own}api", offer, marker)
    page.evaluate(FORM, [f"{own}api", offer["id"]])
    page.wait_for_url("**/create_flow_run")
    answered = page.inner_text("body")
    refused = page.goto(rebound)
    within = attack(page, f"{rebound}api", offer, marker)
    unchanged = served.api.get(f"/deployments/{offer['id']}").json()
    runs = served.api.post("/flow_runs/filter", json={}).json()
    page.goto(own)
    own_attempt = attack(page, f"{own}api", offer, marker)

    assert set(across) <= {"blocked", 403, 0}
    assert "open" not in across
    assert "Refused" in answered
    assert refused is not None
    assert refused.status == 403
    assert within == [403, 403, 403, 403, 403, "blocked"]
    assert unchanged["pull_steps"] == offer["pull_steps"]
    assert runs == []
    assert not marker.exists()
    # The server's own page may: so the tries above would have worked.
    assert own_attempt[0] == 204, json.dumps(own_attempt)
    assert own_attempt[2] == 201
