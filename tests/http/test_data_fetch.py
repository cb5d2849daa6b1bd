#!/usr/bin/env python3
"""`starcast data fetch` against a stand-in for Kaggle's download: a zip over HTTP with ranges, with and without a token.

  test_data_fetch.py --starcast PROGRAM

Needs the programs curl and unzip; without them it is skipped.
"""

import argparse
import base64
import hashlib
import http.server
import io
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import run as scripts  # noqa: E402

PROGRAM = None
RAW = "data/raw/googleplaystore.csv"
HEADER = ("App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current Ver,"
          "Android Ver\r\n")
CONTENT = (HEADER + "".join(
    f'App {hashlib.sha256(str(i).encode()).hexdigest()},ART,4.1,{i},1M,10+,Free,0,Everyone,Art,"January 7, 2018",1,4\r\n'
    for i in range(5000))).encode()


def zipped(content, name="googleplaystore.csv"):
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("license.txt", "none\n")
        archive.writestr(name, content)
    return result.getvalue()


class StandIn(http.server.ThreadingHTTPServer):
    """Serves one body at any path; remembers what was asked."""

    daemon_threads = True

    def __init__(self, body):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.breaks = []       # of each coming answer: after how many bytes the connection is cut
        self.ranges = True     # whether Range is obeyed
        self.token = None      # "user:key" that is asked for
        self.requests = []     # (Range, Authorization) of each request
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1/datasets/download/some/apps"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.headers.get("Range"), self.headers.get("Authorization")))
        if server.token is not None:
            wanted = "Basic " + base64.b64encode(server.token.encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self.answer(401, b"who are you?")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if not asked or not server.ranges:
            return self.answer(200, server.body)
        start = int(asked[1])
        if start >= len(server.body):
            return self.answer(416, b"", {"Content-Range": f"bytes */{len(server.body)}"})
        size = len(server.body)
        return self.answer(206, server.body[start:], {"Content-Range": f"bytes {start}-{size - 1}/{size}"})

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.breaks.pop(0) if self.server.breaks and status in (200, 206) else None
        self.wfile.write(body if cut is None else body[:cut])
        self.wfile.flush()
        if cut is not None:
            self.close_connection = True


class DataFetch(unittest.TestCase):
    def setUp(self):
        self.top = Path(tempfile.mkdtemp(prefix="starcast-http-"))
        self.addCleanup(shutil.rmtree, self.top, ignore_errors=True)
        home = self.top / "home"
        home.mkdir()
        self.environment = scripts.environment(str(home), PROGRAM, [])
        self.environment["no_proxy"] = "127.0.0.1"
        # Two folders deep, so that ../shared/data beside it is certainly not there.
        (self.top / "team").mkdir()
        self.folder = self.top / "team" / "ws"
        self.starcast("new", "ws", folder=self.top / "team")
        (self.folder / (RAW + ".dvc")).write_text(
            f"outs:\n- md5: {hashlib.md5(CONTENT).hexdigest()}\n  size: {len(CONTENT)}\n  hash: md5\n"
            "  path: googleplaystore.csv\n")
        self.server = StandIn(zipped(CONTENT))
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.environment["STARCAST_KAGGLE_URL"] = self.server.url

    def starcast(self, *arguments, folder=None):
        return subprocess.run([PROGRAM, *arguments], cwd=folder or self.folder, env=self.environment, capture_output=True,
                              text=True, timeout=120)

    def fetch(self, *arguments, status=0):
        done = self.starcast("data", "fetch", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        parts = list(self.folder.glob(".dvc/tmp/starcast/*.part"))
        if status == 0:
            self.assertEqual((self.folder / RAW).read_bytes(), CONTENT)
            self.assertEqual(parts, [])
        else:
            self.assertFalse((self.folder / RAW).exists(), "a file was left in data/raw")
        return done

    def test_brings_and_verifies_the_packed_file(self):
        self.assertIn(f"{RAW} from {self.server.url}", self.fetch().stdout)
        self.assertEqual(self.server.requests, [(None, None)])

    def test_asks_nobody_the_second_time(self):
        self.fetch()
        self.assertIn("is in place", self.fetch().stdout)
        (self.folder / RAW).unlink()
        self.assertIn(".dvc/cache", self.fetch().stdout)
        self.assertEqual(len(self.server.requests), 1)

    def test_goes_on_where_the_connection_broke_off(self):
        self.server.breaks = [30000, 50000]
        self.fetch()
        self.assertEqual([asked for asked, _ in self.server.requests], [None, "bytes=30000-", "bytes=80000-"])

    def test_goes_on_with_what_an_earlier_command_left(self):
        self.server.breaks = [30000, 0]
        self.fetch(status=69)
        self.fetch()
        self.assertEqual(self.server.requests[-1][0], "bytes=30000-")

    def test_begins_anew_where_there_are_no_ranges(self):
        self.server.ranges = False
        self.server.breaks = [30000]
        self.fetch()
        self.assertGreaterEqual(len(self.server.requests), 2)

    def test_begins_anew_when_what_was_left_is_longer_than_the_file(self):
        self.server.breaks = [30000, 0]
        self.fetch(status=69)
        part, = self.folder.glob(".dvc/tmp/starcast/*.part")
        part.write_bytes(b"x" * (len(self.server.body) + 1))
        self.fetch()

    def test_shows_the_token_of_the_environment(self):
        self.server.token = "someone:s3cret\"\\"
        self.environment.update(KAGGLE_USERNAME="someone", KAGGLE_KEY="s3cret\"\\")
        self.fetch()

    def test_shows_the_token_of_kaggles_own_client(self):
        self.server.token = "someone:abc"
        folder = Path(self.environment["HOME"]) / ".kaggle"
        folder.mkdir()
        (folder / "kaggle.json").write_text('{"username": "someone", "key": "abc"}')
        self.fetch()

    def test_names_the_token_when_it_is_asked_for(self):
        self.server.token = "someone:abc"
        self.assertIn("KAGGLE_USERNAME", self.fetch(status=69).stderr)

    def test_gives_an_lf_copy_its_carriage_returns_back(self):
        self.server.body = zipped(CONTENT.replace(b"\r\n", b"\n"))
        self.assertIn("its CRs restored", self.fetch().stdout)

    def test_refuses_other_content(self):
        self.server.body = zipped(CONTENT + b"one more\r\n")
        message = self.fetch(status=69).stderr
        self.assertIn(f"declares {hashlib.md5(CONTENT).hexdigest()}", message)
        self.assertEqual(list(self.folder.glob(".dvc/tmp/starcast/*.part")), [])

    def test_refuses_other_content_from_a_given_address(self):
        self.server.body = zipped(CONTENT + b"one more\r\n")
        self.assertIn("--accept declares this file instead", self.fetch("--from", self.server.url, status=65).stderr)

    def test_takes_other_content_when_told_so(self):
        self.server.body = zipped(CONTENT + b"one more\r\n")
        done = self.starcast("data", "fetch", "--from", self.server.url, "--accept")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.folder / RAW).read_bytes(), CONTENT + b"one more\r\n")
        self.assertIn(hashlib.md5(CONTENT + b"one more\r\n").hexdigest(), (self.folder / (RAW + ".dvc")).read_text())

    def test_refuses_an_archive_that_is_none(self):
        self.server.body = b"PK\x03\x04 and no more"
        self.assertIn("unzip ended with status", self.fetch(status=69).stderr)
        self.server.body = zipped(CONTENT)
        self.fetch()

    def test_refuses_an_archive_without_the_file(self):
        self.server.body = zipped(CONTENT, "something_else.csv")
        self.assertIn("unzip ended with status", self.fetch(status=69).stderr)

    def test_lists_every_place_when_the_server_is_down(self):
        self.server.shutdown()
        self.server.server_close()
        message = self.fetch(status=69).stderr
        for place in ("data/external", "../shared/data", "DVC's cache", "Kaggle", "--from FILE", "STARCAST_RAW"):
            self.assertIn(place, message)

    def test_prefers_what_lies_beside_the_workspace(self):
        shared = self.folder.parent / "shared" / "data"
        shared.mkdir(parents=True)
        (shared / "googleplaystore.csv").write_bytes(CONTENT)
        self.assertIn("../shared/data/googleplaystore.csv", self.fetch().stdout)
        self.assertEqual(self.server.requests, [])

    def test_unpacks_an_archive_from_the_disk(self):
        archive = self.top / "archive.zip"
        archive.write_bytes(zipped(CONTENT))
        self.fetch("--from", str(archive))

    def test_reads_a_file_address(self):
        archive = self.top / "archive.zip"
        archive.write_bytes(zipped(CONTENT))
        self.fetch("--from", archive.as_uri())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = options.starcast.resolve()
    for need in ("program curl", "program unzip"):
        reason = scripts.lacks(need, PROGRAM)
        if reason:
            print(f"skipped: {reason}")
            sys.exit(scripts.SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])
