#!/usr/bin/env python3
"""Versions that take over while requests come: none is lost, memory comes back; what fails its self-test is refused.

  test_swap.py --starcast PROGRAM [unittest's arguments]
"""

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402

STARCAST = FOLDER = None
SWAPS = 100
CLIENTS = 4
WATCH = "0.02"
MEMORY_MIB = 6  # of what is there after the first swaps; the allocator keeps some of it


class Load:
    """Clients that ask one after another over kept connections, and compare each answer with what it may be."""

    def __init__(self, port, body, allowed):
        self.port, self.body, self.allowed = port, json.dumps(body).encode(), allowed
        self.stop = threading.Event()
        self.failures, self.answers, self.seconds = [], 0, []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        failures, times = [], []
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                connection.request("POST", "/invocations", self.body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200 or json.loads(text)["predictions"] not in self.allowed:
                    failures.append((answer.status, text[:200]))
            except OSError as error:
                failures.append(error)
                connection.close()
            times.append(time.monotonic() - started)
        connection.close()
        with self.lock:
            self.failures += failures
            self.seconds += times
            self.answers += len(times)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.seconds.sort()
        return self.seconds[len(self.seconds) * 99 // 100]


def metric(server, name):
    text = server.request("/metrics")[2].decode()
    for line in text.splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"no {name} in the metrics")


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come true in time")


def replace(source, link):
    """Lets `link` point to another folder, in one step."""
    temporary = link.with_name(link.name + ".next")
    temporary.symlink_to(source)
    os.replace(temporary, link)


class Swap(unittest.TestCase):
    def test_a_hundred_swaps_under_load(self):
        forest, expected = serving.forest_model(FOLDER)
        # The other version: the same trees with the leaves of one of them moved.
        other = FOLDER / "other"
        shutil.copytree(forest, other)
        text = (other / "model.lgb").read_text()
        at = text.index("leaf_value=") + len("leaf_value=")
        end = text.index("\n", at)
        moved = " ".join(repr(float(value) + 1) for value in text[at:end].split())
        (other / "model.lgb").write_text(text[:at] + moved + text[end:])
        link = FOLDER / "served"
        replace(forest, link)
        server = serving.Server(STARCAST, {"forest": link}, "--watch", WATCH)
        try:
            body = {"dataframe_split": {"columns": list("abcde"), "data": expected["rows"][:20]}}
            first = server.json("/invocations", body)["predictions"]
            self.assertEqual(first, expected["predictions"][:20])
            replace(other, link)
            wait_for(lambda: metric(server, 'starcast_model_generation{slot="forest"}') == 2)
            second = server.json("/invocations", body)["predictions"]
            self.assertNotEqual(first, second)
            load = Load(server.port, body, (first, second))
            time.sleep(2)  # every thread has answered before memory is read
            before = server.memory_mib()
            for generation in range(3, SWAPS + 3):
                replace(forest if generation % 2 else other, link)
                wait_for(lambda wanted=generation: metric(server, 'starcast_model_generation{slot="forest"}') == wanted)
            p99 = load.end()
            self.assertEqual(load.failures[:3], [])
            after = server.memory_mib()
            print(f"{SWAPS} swaps, {load.answers} requests, 0 failed, p99 {p99 * 1000:.1f} ms, "
                  f"memory {before:.1f} MiB before, {after:.1f} MiB after")
            self.assertGreater(load.answers, SWAPS)
            self.assertLess(after, before + MEMORY_MIB)
        finally:
            self.assertEqual(server.stop(), 0)

    def test_what_fails_its_self_test_is_refused(self):
        package = serving.rating_package(STARCAST, FOLDER)
        good, bad, link = FOLDER / "good", FOLDER / "bad", FOLDER / "rating"
        shutil.copytree(package, good)
        shutil.copytree(package, bad)
        # A golden row that the model does not repeat, with a checksum that says that all is well.
        golden = bad / "starcast" / "golden.json"
        rows = json.loads(golden.read_text())
        rows[0]["rating"] += 0.25
        golden.write_text(json.dumps(rows))
        sums = bad / "SHA256SUMS"
        lines = sums.read_text().splitlines()
        lines = [hashlib.sha256(golden.read_bytes()).hexdigest() + line[64:] if line.endswith("starcast/golden.json") else line
                 for line in lines]
        sums.write_text("\n".join(lines) + "\n")
        replace(good, link)
        server = serving.Server(STARCAST, {"rating": link}, "--watch", WATCH)
        try:
            body = json.loads((package / "serving_input_example.json").read_text())
            before = server.json("/invocations", body)
            replace(bad, link)
            wait_for(lambda: metric(server, 'starcast_model_load_failed{slot="rating"}') == 1)
            self.assertEqual(server.json("/invocations", body), before)
            self.assertEqual(server.request("/ping")[0], 200)
            self.assertEqual(server.request("/v2/health/ready")[0], 200)
            self.assertEqual(metric(server, 'starcast_model_loads_total{slot="rating",result="refused"}'), 1)
            self.assertEqual(metric(server, 'starcast_model_generation{slot="rating"}'), 1)
            index = json.loads(server.request("/v2/repository/index", b"{}", {"Content-Type": "application/json"})[2])
            self.assertIn("golden", json.dumps(index))
            # A file cut short.
            (bad / "starcast" / "golden.json").write_text("[")
            wait_for(lambda: metric(server, 'starcast_model_loads_total{slot="rating",result="refused"}') == 2)
            self.assertEqual(server.json("/invocations", body), before)
            # The next good version is taken.
            replace(good, link)
            wait_for(lambda: metric(server, 'starcast_model_load_failed{slot="rating"}') == 0)
            self.assertEqual(server.json("/invocations", body), before)
        finally:
            self.assertEqual(server.stop(), 0)
        done = subprocess.run([STARCAST, "models", "serve", "-p", "0", "-m", str(bad)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (65, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


def setup(starcast, folder):
    global STARCAST, FOLDER
    STARCAST, FOLDER = starcast, folder
    return lambda: None


if __name__ == "__main__":
    serving.main(setup)
