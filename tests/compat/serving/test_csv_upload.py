#!/usr/bin/env python3
"""Files sent to /v1/predict/csv: the answers are those of `starcast predict`, and memory does not grow with the file.

  test_csv_upload.py --starcast PROGRAM [unittest's arguments]

The raw Play Store file is sent as it is where $STARCAST_TEST_DATA or ../shared/data has it, else a made-up one.
"""

import json
import os
import sys
import unittest
from http.client import HTTPConnection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402


class Setup:
    server = starcast = package = raw = None

    @classmethod
    def make(cls, starcast, folder):
        cls.starcast, cls.package = starcast, serving.rating_package(starcast, folder)
        data = Path(os.environ.get("STARCAST_TEST_DATA") or serving.REPO / ".." / "shared" / "data") / "googleplaystore.csv"
        cls.raw = data.read_bytes() if data.exists() else serving.sample_file(starcast).encode()
        cls.server = serving.Server(starcast, {"rating": cls.package})
        return cls.server.stop


def form_of(file):
    head = '--sep\r\nContent-Disposition: form-data; name="file"; filename="apps.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return head.encode() + file + b"\r\n--sep--\r\n"


class Upload(unittest.TestCase):
    def send(self, body, content_type="text/csv", query="", **headers):
        return Setup.server.request("/v1/predict/csv" + query, body, {"Content-Type": content_type, **headers})

    def test_the_raw_file_is_answered_as_the_command_line_answers_it(self):
        status, headers, text = self.send(Setup.raw)
        self.assertEqual(status, 200, text[:500])
        self.assertEqual(headers["Starcast-Model"], "rating")
        told = serving.run(Setup.starcast, "predict", "-", "--model", Setup.package, "--quiet", "--output-columns", "numbers",
                           input=Setup.raw).decode().splitlines()
        import csv
        rows = list(csv.reader(text.decode().splitlines(keepends=True)))
        self.assertEqual(rows[0], ["App", "rating", "low", "high", "answered_as", "warnings"])
        self.assertEqual([",".join(row[1:4]) for row in rows], told)

    def test_a_form_is_answered_as_the_bare_file(self):
        self.assertEqual(self.send(form_of(Setup.raw), "multipart/form-data; boundary=sep")[2], self.send(Setup.raw)[2])

    def test_json_lines_hold_the_same_numbers(self):
        lines = self.send(Setup.raw, Accept="application/x-ndjson")[2].decode().splitlines()
        rows = self.send(Setup.raw)[2].decode()
        first = json.loads(lines[0])
        self.assertIn(f"{first['rating']},{first['interval']['low']},{first['interval']['high']}", rows)

    def test_json_lines_are_taken(self):
        body = b'{"App": "A", "Reviews": "3.0M", "Installs": "5,000,000+"}\n{"App": "B"}\n'
        status, _, text = self.send(body, "application/x-ndjson", "?format=jsonl")
        self.assertEqual(status, 200)
        self.assertEqual([json.loads(line)["app"] for line in text.decode().splitlines()], ["A", "B"])

    def test_what_is_broken_is_refused_by_line(self):
        header = b"App,Category,Reviews\n"
        for body, says in ((header + b"A,TOOLS,1\nB\n", '"line":3'), (header + b'"A,TOOLS,1\n', "line 2"),
                           (header + b"A\0,TOOLS,1\n", "line 2"), (b"", "empty"), (b"x,y\n1,2\n", "App, Category"),
                           (header + b"A" * (11 << 20) + b",TOOLS,1\n", "line 2")):
            status, _, text = self.send(body)
            self.assertIn(status, (400, 413))
            self.assertIn(says, text.decode())

    def test_a_body_that_stops_leaves_the_server_as_it_was(self):
        connection = HTTPConnection("127.0.0.1", Setup.server.port)
        connection.putrequest("POST", "/v1/predict/csv")
        connection.putheader("Content-Type", "text/csv")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"10\r\nApp,Reviews\nA,1\n\r\n")
        connection.close()
        self.assertEqual(self.send(Setup.raw)[0], 200)

    def test_z_memory_does_not_grow_with_the_file(self):
        header, rows = Setup.raw.split(b"\n", 1)
        rows = rows.rstrip(b"\r\n") + b"\n"
        copies = max(2, (12 << 20) // len(rows))
        self.send(Setup.raw)
        before = Setup.server.memory_mib(peak=True)

        def pieces():
            yield header + b"\n"
            for _ in range(copies):
                yield rows

        connection = HTTPConnection("127.0.0.1", Setup.server.port, timeout=600)
        connection.request("POST", "/v1/predict/csv", pieces(), {"Content-Type": "text/csv"}, encode_chunked=True)
        self.addCleanup(connection.close)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200, answer.reason)
        lines = 0
        while block := answer.read(1 << 16):
            lines += block.count(b"\n")
        grown = Setup.server.memory_mib(peak=True) - before
        print(f"{copies * len(rows) / 2**20:.0f} MiB in {lines} lines; the server's peak grew by {grown:.1f} MiB")
        self.assertLess(grown, 8)


if __name__ == "__main__":
    serving.main(Setup.make)
