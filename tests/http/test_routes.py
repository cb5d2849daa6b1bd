#!/usr/bin/env python3
"""Walks every route of `starcast --json server --routes` on a running server.

  test_routes.py --starcast PROGRAM

Each answers an empty request with something of its own: no 404 ENDPOINT_NOT_FOUND, no 5xx but the 501 and 503 that MLflow
has there. JSON routes refuse other bodies in MLflow's words. Every route has a permission. Both prefixes answer alike.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tracking_server import TrackingServer

PROGRAM = None
PERMISSIONS = {"none", "read", "create", "edit", "delete", "admin"}
TEXT_REFUSED = "Content-Type must be one of ['application/json']"
# Any body is their content.
TAKE_ANY_BODY = {"uploadArtifact", "uploadArtifactOfRun"}


def target_of(route):
    return re.sub(r"\{\w+(\.\.\.)?\}", "nothing-of-this-name", route["path"])


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([PROGRAM, "--json", "server", "--routes"], cwd=folder, capture_output=True, check=True)
        cls.routes = json.loads(done.stdout)["routes"]
        cls.servers = [TrackingServer(PROGRAM), TrackingServer(PROGRAM, "/some/prefix")]

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers:
            server.remove()

    def each(self):
        for server in self.servers:
            for route in self.routes:
                with self.subTest(prefix=server.prefix, method=route["method"], path=route["path"]):
                    yield server, route

    def test_every_route_answers_an_empty_request(self):
        for server, route in self.each():
            body = b"{}" if route["method"] in ("POST", "PUT", "PATCH") and route["name"] not in TAKE_ANY_BODY else b""
            headers = {"Content-Type": "application/json"} if body else {}
            answer = server.send(route["method"], target_of(route), body, headers)
            self.assertNotEqual(answer.error_code, "ENDPOINT_NOT_FOUND", answer)
            self.assertNotIn(answer.status, (405, 415), answer)
            if answer.status >= 500:
                self.assertEqual((answer.status, answer.error_code), (501, "NOT_IMPLEMENTED"), answer)
            if answer.status >= 400:
                self.assertIsNotNone(answer.error_code, answer)

    def test_json_routes_refuse_text(self):
        tried = 0
        for server, route in self.each():
            if route["method"] not in ("POST", "PUT") or route["name"] in TAKE_ANY_BODY:
                continue
            answer = server.send(route["method"], target_of(route), b"{}", {"Content-Type": "text/plain"})
            self.assertEqual((answer.status, answer.error_code), (400, "INVALID_PARAMETER_VALUE"), answer)
            self.assertIn(TEXT_REFUSED, answer.json()["message"])
            tried += 1
        self.assertGreater(tried, 50)

    def test_watchers_need_not_know_the_prefix(self):
        for server in self.servers:
            for path in ("/health", "/version", "/metrics"):
                for prefix in ("", server.prefix):
                    with self.subTest(path=prefix + path):
                        self.assertEqual(server.send("GET", path, prefix=prefix).status, 200)

    def test_every_route_has_a_permission(self):
        for route in self.routes:
            with self.subTest(path=route["path"]):
                self.assertIn(route["permission"], PERMISSIONS)
                if route["permission"] == "none":
                    self.assertEqual((route["method"], route["resource"]), ("GET", "server"))
                elif route["method"] != "GET" and "search" not in route["name"] and route["name"] != "getLatestVersions":
                    self.assertNotEqual(route["permission"], "read")

    def test_both_prefixes_are_one_route(self):
        twins = {(route["method"], route["path"]): route for route in self.routes}
        for server, route in self.each():
            if not route["path"].startswith("/api/"):
                continue
            twin = twins[route["method"], "/ajax-api/" + route["path"].removeprefix("/api/")]
            self.assertEqual((twin["name"], twin["permission"]), (route["name"], route["permission"]))
            answers = [server.send(one["method"], target_of(one), b"{}", {"Content-Type": "application/json"})
                       for one in (route, twin)]
            self.assertEqual(*((answer.status, answer.error_code) for answer in answers))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = options.starcast.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
