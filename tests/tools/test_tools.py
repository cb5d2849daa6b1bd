"""The tests of tools/setup, tools/fetch-lightgbm and tools/test, with stand-ins for apt and pip: nothing is installed."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TOOLS = Path(__file__).resolve().parents[2] / "tools"


def load(name):
    loader = importlib.machinery.SourceFileLoader("tool_" + name, str(TOOLS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("tool_" + name, loader))
    loader.exec_module(module)
    return module


class Machine:
    """A folder of stand-ins put first on the PATH, which write down how they were called."""

    def __init__(self, folder, os_release='ID=debian\nVERSION_ID="12"\n'):
        self.folder = Path(folder)
        self.calls_file = self.folder / "calls"
        self.calls_file.touch()
        (self.folder / "os-release").write_text(os_release, encoding="utf-8")

    def program(self, name, body):
        file = self.folder / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >>"{self.calls_file}"\n{body}\n', encoding="utf-8")
        file.chmod(0o755)

    def run(self, tool, *arguments, **variables):
        environment = {**os.environ, "PATH": f"{self.folder}:/usr/bin:/bin",
                       "STARCAST_OS_RELEASE": str(self.folder / "os-release"), **variables}
        for name in ("YES", "STARCAST_SKIP_SETUP", "STARCAST_LIGHTGBM"):
            if name not in variables:
                environment.pop(name, None)
        return subprocess.run([TOOLS / tool, *arguments], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)

    def calls(self):
        return self.calls_file.read_text(encoding="utf-8").splitlines()


class MachineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Machine(folder.name)


class Setup(MachineTest):
    ALL_THERE = 'for p in "${@:4}"; do echo "installed $p"; done'
    NINJA_LACKS = ALL_THERE + ' | grep -v ninja'
    APT = "case $* in *' -s '*) echo 'Inst ninja-build (1.11 x)';; esac"

    def equip(self, dpkg_query, apt_get=APT, user=0):
        self.machine.program("dpkg-query", dpkg_query)
        self.machine.program("apt-get", apt_get)
        self.machine.program("apt-cache", r"printf 'Package: ninja-build\nSize: 2000000\nInstalled-Size: 3000\n'")
        self.machine.program("id", f"echo {user}")
        self.machine.program("sudo", '"$@"')

    def test_with_everything_there_it_is_silent_and_asks_nobody(self):
        self.equip(self.ALL_THERE, user=1000)

        done = self.machine.run("setup")

        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual([call.split()[0] for call in self.machine.calls()], ["dpkg-query"])

    def test_it_names_what_is_missing_and_its_size_and_installs_that_only(self):
        self.equip(self.NINJA_LACKS)

        done = self.machine.run("setup", "build")

        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("missing for 'build': ninja-build\n", done.stdout)
        self.assertIn("1 packages with what they need: 2 MB to download, 3 MB on disk", done.stdout)
        self.assertRegex(self.machine.calls()[-1], r"^apt-get install .* ninja-build$")

    def test_another_user_goes_by_sudo(self):
        self.equip(self.NINJA_LACKS, user=1000)

        self.machine.run("setup", "build")

        self.assertTrue([call for call in self.machine.calls() if call.startswith("sudo apt-get install")])

    def test_a_failed_installation_fails(self):
        self.equip(self.NINJA_LACKS, self.APT + "\ncase $* in *' -y '*) exit 100;; esac")

        done = self.machine.run("setup", "build")

        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install failed", done.stderr)

    def test_debian_13_gets_its_own_clang(self):
        self.machine = Machine(self.machine.folder, 'ID=debian\nVERSION_ID="13"\n')
        self.assertIn("libclang-rt-19-dev", self.machine.run("setup", "--list", "test").stdout)

    def test_another_system_is_told_the_container_command(self):
        self.machine = Machine(self.machine.folder, 'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04"\n')

        done = self.machine.run("setup")

        self.assertEqual(done.returncode, 1)
        self.assertIn("knows Debian 12 and 13; this is Ubuntu 24.04", done.stderr)
        self.assertIn("docker run --rm -it", done.stderr)

    def test_another_system_may_skip_it(self):
        self.machine = Machine(self.machine.folder, "ID=arch\n")
        self.assertEqual(self.machine.run("setup", STARCAST_SKIP_SETUP="1").returncode, 0)

    def test_an_unknown_group_is_refused(self):
        self.assertIn("unknown argument 'x'", self.machine.run("setup", "x").stderr)


class FetchLightgbm(MachineTest):
    def test_a_library_of_the_users_own_needs_no_download(self):
        library = self.machine.folder / "lib.so"
        library.touch()

        done = self.machine.run("fetch-lightgbm", str(self.machine.folder / "d"), STARCAST_LIGHTGBM=str(library))

        self.assertEqual(done.returncode, 0)
        self.assertFalse((self.machine.folder / "d").exists())

    def test_a_wrong_path_to_it_is_named(self):
        done = self.machine.run("fetch-lightgbm", STARCAST_LIGHTGBM="/none/lib.so")
        self.assertEqual(done.returncode, 1)
        self.assertIn("'/none/lib.so', which cannot be read", done.stderr)

    def test_a_failed_download_leaves_nothing_and_says_how_to_mend_it(self):
        self.machine.program("python3", 'case $* in *download*) echo "no network" >&2; exit 1;; esac')

        done = self.machine.run("fetch-lightgbm", str(self.machine.folder / "d"))

        self.assertEqual(done.returncode, 1)
        self.assertIn("no network", done.stderr)
        self.assertIn("STARCAST_LIGHTGBM=", done.stderr)
        self.assertEqual(list((self.machine.folder / "d").iterdir()), [])


class Test(unittest.TestCase):
    def skipped(self, cases):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "ctest.xml")
            report.write_text(f"<testsuite>{cases}</testsuite>", encoding="utf-8")
            return load("test").skipped_in(report)

    def test_a_test_that_did_not_run_is_named_with_its_reason(self):
        self.assertEqual(
            self.skipped('<testcase name="cli.a" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>'
                         '<system-out>skipped: needs the real data\n</system-out></testcase>'),
            [("cli.a", "needs the real data")])

    def test_a_skip_within_googletest_is_named_with_its_reason(self):
        self.assertEqual(
            self.skipped('<testcase name="unit.gbm" status="run"><system-out>[ RUN      ] Booster.Trains\n'
                         'src/a_test.cc:3: Skipped\nno library\n\n[  SKIPPED ] Booster.Trains (0 ms)\n'
                         '[  SKIPPED ] 1 test, listed below:\n[  SKIPPED ] Booster.Trains\n</system-out></testcase>'),
            [("unit.gbm: Booster.Trains", "no library")])

    def test_what_ran_is_not_named(self):
        self.assertEqual(self.skipped('<testcase name="cli.a" status="run"><system-out>ok</system-out></testcase>'), [])


if __name__ == "__main__":
    unittest.main()
