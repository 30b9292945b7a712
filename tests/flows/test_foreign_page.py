"""A foreign web page, in a real browser, gets nothing done on the Prefect server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.test_browser import browser

REBOUND = "rebound.example"
"""A name of the attacker's, which now leads to this machine."""
OWN_STEP = {"prefect.deployments.steps.set_working_directory": {"directory": "."}}
ATTACK = """
async ([api, path]) => {
  const steps = {pull_steps: [{"prefect.deployments.steps.run_shell_script":
    {script: "echo attacked"}}]};
  const run = {state: {type: "SCHEDULED"}};
  const deployment = api + path, runs = deployment + "/create_flow_run";
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
([api, path]) => {
  document.body.innerHTML = "<form method=post enctype=text/plain><input></form>";
  const form = document.forms[0];
  form.action = api + path + "/create_flow_run";
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
def client(prefect_api: str) -> Iterator[httpx.Client]:
    """Speak to the server as a program does."""
    with httpx.Client(base_url=prefect_api, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def deployment(client: httpx.Client) -> Iterator[str]:
    """Make a deployment that nothing executes; return its path."""
    flow = client.post("/flows/", json={"name": "infer"}).raise_for_status().json()
    wanted = {"name": "attacked", "flow_id": flow["id"], "pull_steps": [OWN_STEP]}
    made = client.post("/deployments/", json=wanted).raise_for_status().json()
    path = f"/deployments/{made['id']}"
    yield path
    client.delete(path)


def test_a_foreign_page_can_neither_change_a_deployment_nor_start_a_run(
    tmp_path: Path, foreign_page: str, client: httpx.Client, deployment: str
) -> None:
    api = str(client.base_url).rstrip("/")
    rebound = api.replace("127.0.0.1", REBOUND)
    rules = f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"

    with browser(tmp_path, rules) as context:
        page = context.pages[0]
        page.goto(foreign_page)
        across = page.evaluate(ATTACK, [api, deployment])
        page.evaluate(FORM, [api, deployment])
        page.wait_for_url("**/create_flow_run")
        by_form = page.inner_text("body")
        page.goto(f"{rebound}/health")
        title = page.inner_text("body")
        within = page.evaluate(ATTACK, [rebound, deployment])
        steps = client.get(deployment).json()["pull_steps"]
        runs = runs_of(client, deployment)
        page.goto(f"{api}/health")
        own = page.evaluate(ATTACK, [api, deployment])

    assert across == ["blocked", "blocked", "blocked", "blocked", 0, "blocked"]
    assert "Refused" in by_form
    assert "Refused" in title
    assert within == [403, 403, 403, 403, 403, "blocked"]
    assert steps == [OWN_STEP]
    assert runs == []
    # The server's own page may: so the attacks above would have worked.
    assert own[0] == 204
    assert own[2] == 201
    assert own[5] == "open"
    assert client.get(deployment).json()["pull_steps"] != [OWN_STEP]
    assert len(runs_of(client, deployment)) >= 1


def runs_of(client: httpx.Client, deployment: str) -> list[Any]:
    """Return the runs of a deployment."""
    ids = [deployment.rpartition("/")[2]]
    asked = {"flow_runs": {"deployment_id": {"any_": ids}}}
    return client.post("/flow_runs/filter", json=asked).raise_for_status().json()
