#!/usr/bin/env python3
"""The data versioning commands beside the real dvc: the same steps in twin workspaces, ours in one, dvc's in the other.

After each step both workspaces must hold the same bytes and modes and have ended with the same exit status. Then the
programs change sides: `dvc status`, `checkout` and `push` after ours, and ours after dvc's, must find nothing to do.

As in test_dvc_repro.py; needs the command line in $STARCAST, not the driver. Exit status 77: something is not there.
"""

import json
import sys
import unittest

import test_dvc_repro as repro


class Versioning(repro.Twins):
    def setUp(self):
        super().setUp()
        self.both(lambda workspace: workspace.dvc("remote", "add", "-q", "-d", "store", f"../store-{workspace.root.name}"))
        # The only thing that differs by design.
        for workspace in (self.mine, self.theirs):
            self.assertIn("store", workspace.read(".dvc/config"))

    def compared(self, workspace):
        found = workspace.snapshot()
        found.pop(".dvc/config", None)
        return found

    def step(self, what, *arguments, status=0):
        ours = self.mine.ours(*arguments, may_fail=True)
        theirs = self.theirs.dvc(*arguments, may_fail=True)
        self.assertEqual(theirs.returncode, status, f"{what}: {theirs.stdout}")
        self.assertEqual(ours.returncode, status, f"{what}: {ours.stdout}")
        self.same(self.compared(self.mine), self.compared(self.theirs), what)
        return ours.stdout, theirs.stdout

    def clean(self, what):
        """Each program finds nothing to do after the other."""
        for workspace, other in ((self.mine, self.mine.dvc), (self.theirs, self.theirs.ours)):
            before = self.compared(workspace)
            self.assertIn("up to date", other("status").stdout, what)
            other("checkout")
            other("commit")
            self.assertEqual(self.compared(workspace), before, what)

    def same_status(self, what, *targets):
        values = [json.loads(run("status", "--json", *targets).stdout)
                  for run in (self.mine.ours, self.mine.dvc, self.theirs.ours, self.theirs.dvc)]
        for value in values[1:]:
            self.assertEqual(value, values[0], what)
        return values[0]

    def tree(self):
        self.write("a.txt", "hello\n")
        self.write("d/x", "1")
        self.write("d/sub/ü €.bin", b"\x00\x01")
        self.write("d/empty", "")
        self.write("run.sh", "#!/bin/sh\n", 0o755)


class Add(Versioning):
    def test_files_and_folders(self):
        self.tree()
        self.step("add", "add", "a.txt", "d", "run.sh")
        self.clean("added")
        self.write("d/x", "2")
        self.write("d/new", "3")
        self.assertEqual(self.same_status("changed"), {"d.dvc": [{"changed outs": {"d": "modified"}}]})
        self.step("add again", "add", "d")
        self.clean("added again")

    def test_comments_and_order_stay(self):
        self.tree()
        self.step("add", "add", "a.txt")
        text = "# mine\n" + self.mine.read("a.txt.dvc") + "  desc: said\n"
        self.write("a.txt.dvc", text)
        self.write("a.txt", "other\n")
        self.step("add again", "add", "a.txt")
        self.clean("after comments")

    def test_no_commit_then_commit(self):
        self.tree()
        self.step("add", "add", "--no-commit", "a.txt", "d")
        self.same_status("not in cache")
        self.step("commit", "commit")
        self.clean("committed")

    def test_refusals(self):
        self.tree()
        self.step("absent", "add", "nothing", status=1)
        self.step("inside", "add", "d/x")
        self.step("overlap", "add", "d", status=1)
        self.both(lambda workspace: workspace.run(["git", "add", "a.txt"]))
        self.step("tracked by git", "add", "a.txt", status=1)

    def test_from_a_subfolder(self):
        self.write("sub/data/x", "1")
        self.both(lambda workspace: setattr(workspace, "root", workspace.root / "sub"))
        self.step("add", "add", "data")
        self.same_status("below")
        self.assertEqual(self.mine.ours("root").stdout, self.mine.dvc("root").stdout)

    def test_hard_links(self):
        self.both(lambda workspace: workspace.dvc("config", "cache.type", "hardlink,copy"))
        self.tree()
        self.step("add", "add", "a.txt", "d")
        self.clean("linked")
        self.remove("d")
        self.step("checkout", "checkout")
        self.clean("checked out")
        self.assertEqual((self.mine.root / "d/x").stat().st_nlink, (self.theirs.root / "d/x").stat().st_nlink)

    def test_symbolic_links(self):
        self.both(lambda workspace: workspace.dvc("config", "cache.type", "symlink"))
        self.tree()
        self.step("add", "add", "a.txt", "d")
        self.clean("linked")
        self.assertTrue((self.mine.root / "a.txt").is_symlink())
        self.step("unprotect", "unprotect", "a.txt", "d")
        self.assertFalse((self.mine.root / "a.txt").is_symlink())


class Checkout(Versioning):
    def added(self):
        self.tree()
        self.step("add", "add", "a.txt", "d", "run.sh")

    def test_brings_back(self):
        self.added()
        self.remove("a.txt")
        self.remove("d/x")
        ours, theirs = self.step("checkout", "checkout")
        self.assertEqual(ours.splitlines(), ["M\td/", "A\ta.txt"])
        for line in ours.splitlines():
            self.assertIn(line.split("\t")[1], theirs)
        self.clean("back")

    def test_one_target(self):
        self.added()
        self.remove("a.txt")
        self.remove("d")
        self.step("file", "checkout", "a.txt")
        self.step("part", "checkout", "d/x")
        self.step("rest", "checkout", "d.dvc")
        self.clean("all back")

    def test_summary(self):
        self.added()
        self.remove("d")
        ours, theirs = self.step("summary", "checkout", "--summary")
        self.assertIn(ours.strip(), theirs)

    def test_refuses_to_lose(self):
        self.added()
        self.write("d/mine", "nowhere else")
        self.step("refused", "checkout", status=255)
        self.step("forced", "checkout", "-f")
        self.clean("forced")

    def test_unknown_target(self):
        self.added()
        self.step("unknown", "checkout", "nonsense", status=255)

    def test_executable_bit(self):
        self.added()
        self.remove("run.sh")
        self.step("checkout", "checkout")
        self.clean("executable")


class Status(Versioning):
    def test_every_reason(self):
        self.tree()
        self.write("params.yaml", "k: 1\ngone: 1\n")
        self.write("dvc.yaml", "stages:\n  s:\n    cmd: cp a.txt out\n    deps: [a.txt]\n    params: [k, gone]\n    outs: [out]\n"
                               "  always:\n    cmd: echo\n    always_changed: true\n")
        self.same_status("never ran")
        self.both(lambda workspace: workspace.dvc("repro", "s"))
        self.same_status("ran")
        self.write("params.yaml", "k: 2\n")
        self.write("a.txt", "other\n")
        self.write("dvc.yaml", self.mine.read("dvc.yaml").replace("cmd: cp", "cmd: cp -f"))
        self.remove("out")
        found = self.same_status("all changed")
        self.assertIn("changed command", found["s"])
        self.same_status("one", "s")

    def test_quiet(self):
        self.tree()
        self.step("add", "add", "d")
        self.step("clean", "status", "-q")
        self.write("d/x", "changed")
        self.step("changed", "status", "-q", status=1)

    def test_commit_a_stage(self):
        self.write("in", "1")
        self.write("out", "1")
        self.write("dvc.yaml", "stages:\n  s:\n    cmd: cp in out\n    deps: [in]\n    outs: [out]\n")
        self.step("refused", "commit", status=1)
        self.step("forced", "commit", "-f")
        self.clean("committed")


class Remotes(Versioning):
    def test_push_and_pull(self):
        self.tree()
        self.step("add", "add", "a.txt", "d")
        values = [json.loads(run("status", "-c", "--json").stdout) for run in (self.mine.ours, self.mine.dvc)]
        self.assertEqual(values[0], values[1])
        ours, theirs = self.step("push", "push")
        self.assertIn(ours.strip(), theirs)
        stores = [repro.Workspace(f"{self.folder}/store-{name}", {}).snapshot() for name in ("mine", "theirs")]
        self.same(*stores, "the remotes")
        self.assertIn("Everything is up to date", self.mine.dvc("push").stdout)
        self.assertIn("Everything is up to date", self.theirs.ours("push").stdout)
        for path in ("a.txt", "d", ".dvc/cache"):
            self.remove(path)
        values = [json.loads(run("status", "-c", "--json").stdout) for run in (self.mine.ours, self.mine.dvc)]
        self.assertEqual(values[0], values[1])
        self.step("pull", "pull")
        self.clean("pulled")
        self.assertIn("Everything is up to date", self.step("pull again", "pull")[0])

    def test_fetch_then_checkout(self):
        self.tree()
        self.step("add", "add", "d")
        self.step("push", "push")
        self.remove(".dvc/cache")
        self.remove("d")
        self.step("fetch", "fetch")
        self.step("checkout", "checkout")
        self.clean("fetched")

    def test_without_a_remote(self):
        self.tree()
        self.step("add", "add", "d")
        self.both(lambda workspace: workspace.dvc("remote", "default", "--unset"))
        self.step("push", "push", status=1)

    def test_gc(self):
        self.tree()
        self.step("add", "add", "d")
        self.write("d/x", "2")
        self.step("add again", "add", "d")
        self.step("gc", "gc", "-w", "-f")
        self.clean("collected")

    def test_remove(self):
        self.tree()
        self.step("add", "add", "a.txt", "d")
        self.step("one", "remove", "a.txt.dvc")
        self.step("with its data", "remove", "--outs", "d.dvc")


class Config(repro.Twins):
    def step(self, *arguments, status=0):
        ours = self.mine.ours(*arguments, may_fail=True)
        theirs = self.theirs.dvc(*arguments, may_fail=True)
        self.assertEqual(theirs.returncode, status, f"{arguments}: {theirs.stdout}")
        self.assertEqual(ours.returncode, status, f"{arguments}: {ours.stdout}")
        self.same(self.mine.snapshot(), self.theirs.snapshot(), str(arguments))
        return ours.stdout, theirs.stdout

    def test_options(self):
        self.step("config", "core.autostage", "true")
        self.step("config", "cache.type", "reflink,copy")
        self.step("config", "--local", "core.remote", "x")
        self.step("config", "core.nonsense", "1", status=251)
        self.step("config", "core.autostage", "perhaps", status=251)
        self.step("config", "nonsense", status=254)
        ours, theirs = self.step("config", "core.autostage")
        self.assertEqual(ours, theirs)
        ours, theirs = self.step("config", "--list")
        self.assertEqual(ours, theirs)
        ours, theirs = self.step("config", "--list", "--show-origin")
        self.assertEqual(ours, theirs)
        self.step("config", "-u", "core.autostage")
        self.step("config", "-u", "core.autostage", status=251)
        self.step("config", "--project", "core.remote", status=251)

    def test_remotes(self):
        self.step("remote", "add", "-d", "Store", "../store")
        self.step("remote", "add", "store", "elsewhere", status=251)
        self.step("remote", "add", "-f", "store", "elsewhere")
        self.step("remote", "add", "--local", "bucket", "s3://bucket/path")
        self.step("remote", "modify", "--local", "bucket", "endpointurl", "http://127.0.0.1:1,2")
        self.step("remote", "modify", "bucket", "nonsense", "1", status=251)
        self.step("remote", "modify", "store", "jobs", "4")
        self.step("remote", "modify", "-u", "store", "jobs")
        self.step("remote", "default", "nothing", status=251)
        self.step("remote", "rename", "store", "shop")
        ours, theirs = self.step("remote", "default")
        self.assertEqual(ours, theirs)
        self.step("remote", "remove", "shop")
        self.step("remote", "default", status=1)
        self.step("remote", "remove", "shop", status=251)

    def test_cache_folder(self):
        self.step("cache", "dir", "../big cache")
        self.assertTrue(self.mine.ours("cache", "dir").stdout.strip().endswith("/big cache"))
        self.step("cache", "dir", "-u")
        self.assertEqual(self.mine.ours("cache", "dir").stdout, self.mine.dvc("cache", "dir").stdout)

    def test_outside_of_a_repository(self):
        for command in (("status",), ("add", "x"), ("push",), ("checkout",), ("root",)):
            for workspace in (self.mine, self.theirs):
                workspace.root = workspace.root.parent
                run = workspace.ours if workspace is self.mine else workspace.dvc
                self.assertEqual(run(*command, may_fail=True).returncode, 253, command)
                workspace.root = workspace.root / ("mine" if workspace is self.mine else "theirs")


if __name__ == "__main__":
    if repro.DVC is None or repro.program_in("STARCAST") is None:
        print("skipped: needs tools/peers and the program (STARCAST)")
        sys.exit(77)
    unittest.main(verbosity=1)
