#!/usr/bin/env python3
"""The scoring server held to its own /openapi.json by schemathesis, and the document's examples sent as they stand.

  test_openapi.py --starcast PROGRAM [unittest's arguments]
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402

serving.run_under("serving")


class Setup:
    servers = {}
    folder = None

    @classmethod
    def make(cls, starcast, folder):
        cls.folder = folder
        forest, _ = serving.forest_model(folder)
        cls.servers = {"rating": serving.Server(starcast, {"rating": serving.rating_package(starcast, folder)}),
                       "forest": serving.Server(starcast, {"forest": forest})}
        return cls.stop

    @classmethod
    def stop(cls):
        for server in cls.servers.values():
            server.stop()


class OpenApi(unittest.TestCase):
    def test_every_example_runs(self):
        for server in Setup.servers.values():
            document = server.json("/openapi.json")
            sent = 0
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    address = path
                    for parameter in operation.get("parameters", []):
                        if parameter["in"] == "path":
                            address = address.replace("{" + parameter["name"] + "}", parameter["example"])
                    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                        examples = [each["value"] for each in media.get("examples", {}).values()]
                        for example in examples + ([media["example"]] if "example" in media else []):
                            if "unload" in path:
                                continue
                            body = example if isinstance(example, str) else json.dumps(example)
                            status, _, text = server.request(address, body.encode(), {"Content-Type": kind})
                            wanted = (200, 400) if path == "/v1/whatif" else (200,)
                            self.assertIn(status, wanted, f"{address}: {text[:300]}")
                            sent += 1
            self.assertGreater(sent, 10)

    def check(self, name, *arguments):
        """schemathesis of build/peers/serving; its whole report on a failure."""
        server = Setup.servers[name]
        program = serving.PEERS / "serving" / "bin" / "schemathesis"
        command = [program, "run", server.url + "/openapi.json", "--url", server.url, "--phases", "examples,coverage,fuzzing",
                   "--seed", "1", "--max-examples", "12", "--generation-deterministic", "--no-color", "--workers", "1",
                   "--exclude-path-regex", "/unload$|^/try$|^/docs$", *arguments]
        environment = dict(os.environ, SCHEMATHESIS_HOOKS="schemathesis_hooks", PYTHONDONTWRITEBYTECODE="1",
                           PYTHONPATH=str(Path(__file__).resolve().parent), HYPOTHESIS_STORAGE_DIRECTORY=str(Setup.folder / "hypothesis"))
        done = subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
                              env=environment, cwd=Setup.folder)
        self.assertEqual(done.returncode, 0, done.stdout.decode()[-8000:])
        self.assertEqual(server.request("/v2/health/ready")[0], 200)

    def test_the_calls_for_people_keep_to_the_document(self):
        self.check("rating", "--include-path-regex", "^/v1/", "--exclude-path", "/v1/predict/csv")

    def test_the_calls_of_a_plain_forest_keep_to_the_document(self):
        # Which of the document's changes make sense, a forest cannot know.
        self.check("forest", "--include-path-regex", "^/v1/(predict|explain)$")

    def test_all_other_calls_answer_as_the_document_says(self):
        # Shapes that do not fit their data are beyond what a schema can say.
        for name in Setup.servers:
            self.check(name, "--exclude-path-regex", "^/v1/(predict|explain|whatif)$|/unload$|^/try$|^/docs$",
                       "--exclude-checks", "positive_data_acceptance,negative_data_rejection")


if __name__ == "__main__":
    serving.main(Setup.make)
