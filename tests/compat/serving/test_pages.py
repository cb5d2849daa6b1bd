#!/usr/bin/env python3
"""/docs and /try of the scoring server in a real browser, headless Chromium.

  test_pages.py --starcast PROGRAM [unittest's arguments]

$STARCAST_SCREENSHOTS names a folder where the screenshots stay. Without Chromium the test skips itself (exit status 77).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LISTING = {"App": "مرحبا Photo Editor: Collage & more", "Category": "PHOTOGRAPHY", "Reviews": "967", "Size": "14M",
           "Installs": "500,000+", "Type": "Free", "Price": "0", "Content Rating": "Everyone", "Genres": "Photography",
           "Last Updated": "January 15, 2018", "Current Ver": "2.0.0", "Android Ver": "4.0.3 and up", "_target": "4.6",
           "_names": "Photo Editor"}


class Setup:
    server = screenshots = None

    @classmethod
    def make(cls, starcast, folder):
        if not CHROMIUM:
            serving.skip("needs Chromium")
        cls.server = serving.Server(starcast, {"rating": serving.rating_package(starcast, folder)})
        return cls.server.stop


def browse(path, *arguments):
    """The document after its scripts ran, and what the browser complained of."""
    with tempfile.TemporaryDirectory() as profile:
        command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                   f"--user-data-dir={profile}", "--enable-logging=stderr", "--virtual-time-budget=4000", *arguments,
                   Setup.server.url + path]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    console = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
    return done.stdout.decode(), console


class Pages(unittest.TestCase):
    def test_the_browser_complains_of_nothing(self):
        for path in ("/docs", "/try", "/try?" + urlencode(LISTING)):
            text, console = browse(path, "--dump-dom")
            self.assertIn("</html>", text, path)
            self.assertEqual(console, [], path)

    def test_nothing_comes_from_elsewhere(self):
        for path in ("/docs", "/try?" + urlencode(LISTING)):
            text = Setup.server.request(path)[2].decode()
            loaded = re.findall(r'(?:src|srcset|@import|url\()\s*=?\s*["\']?([^"\')\s>]+)', text)
            self.assertEqual(loaded, [], path)
            self.assertNotIn("://", text)

    def test_every_control_has_a_label_and_every_picture_a_title(self):
        for path in ("/docs", "/try?" + urlencode(LISTING)):
            text = Setup.server.request(path)[2].decode()
            labelled = set(re.findall(r'<label for="([^"]+)"', text))
            for control in re.findall(r"<(?:input|select|textarea)\b[^>]*>", text):
                identifier = re.search(r'\bid="([^"]+)"', control)
                self.assertTrue(identifier and identifier[1] in labelled, control)
            for picture in re.findall(r"<svg\b[^>]*>(?:<title>)?", text):
                self.assertTrue("aria-hidden" in picture or picture.endswith("<title>"), picture)
            identifiers = re.findall(r'\bid="([^"]+)"', text)
            self.assertEqual(len(identifiers), len(set(identifiers)), "an id stands twice")

    def test_screenshots_can_be_taken(self):
        folder = Path(os.environ.get("STARCAST_SCREENSHOTS") or tempfile.mkdtemp())
        pictures = {"docs": ("/docs", "1200,1400"), "try-empty": ("/try", "1200,1400"),
                    "try": ("/try?" + urlencode(LISTING), "1200,2400"), "try-phone": ("/try?" + urlencode(LISTING), "400,3600")}
        for name, (path, size) in pictures.items():
            browse(path, f"--screenshot={folder / name}.png", f"--window-size={size}")
            self.assertGreater((folder / f"{name}.png").stat().st_size, 10_000)
        browse("/try?" + urlencode(LISTING), f"--screenshot={folder}/try-dark.png", "--window-size=1200,2400",
               "--blink-settings=preferredColorScheme=0")
        self.assertNotEqual((folder / "try-dark.png").read_bytes(), (folder / "try.png").read_bytes())
        if not os.environ.get("STARCAST_SCREENSHOTS"):
            shutil.rmtree(folder)


if __name__ == "__main__":
    serving.main(Setup.make)
