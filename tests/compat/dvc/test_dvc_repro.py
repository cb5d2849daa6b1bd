#!/usr/bin/env python3
"""`starcast repro` beside the real dvc: the same steps in twin workspaces, ours in one, dvc's in the other.

After each step both workspaces must hold the same bytes (dvc.lock, .gitignore, .dvc files, outs, cache, run cache, modes)
and must have run the same commands (each command notes itself in runs.log). Then the programs change sides: `dvc status`
must be clean after ours, and neither `dvc repro` after ours nor ours after dvc may run or write anything.

The program is the command line in $STARCAST, else the test driver in $STARCAST_REPRO_DRIVER, which also has `init` and
`track`. dvc is $STARCAST_DVC, else $STARCAST_PEERS/dvc/bin/dvc. Exit status 77: one of them is not there.
"""

import contextlib
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path


def find_dvc():
    named = os.environ.get("STARCAST_DVC")
    peers = os.environ.get("STARCAST_PEERS") or str(Path(__file__).resolve().parents[3] / "build" / "peers")
    path = Path(named) if named else Path(peers) / "dvc" / "bin" / "dvc"
    return str(path) if path.exists() else None


def program_in(variable):
    named = os.environ.get(variable)
    return shlex.split(named) if named else None


DVC = find_dvc()
DRIVER = program_in("STARCAST_REPRO_DRIVER")
OURS = program_in("STARCAST") or DRIVER

# What a step may leave different: dvc's own state, and ours.
IGNORED = (".git/", ".dvc/tmp/")


class Failed(Exception):
    pass


class Workspace:
    def __init__(self, root, environment):
        self.root = Path(root)
        self.environment = environment

    def run(self, command, may_fail=False):
        done = subprocess.run(command, cwd=self.root, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        if done.returncode != 0 and not may_fail:
            raise Failed(f"{shlex.join(command)}: exit {done.returncode}\n{done.stdout}")
        return done

    def dvc(self, *arguments, may_fail=False):
        return self.run([DVC, *arguments], may_fail)

    def ours(self, *arguments, may_fail=False):
        return self.run([*OURS, *arguments], may_fail)

    def driver(self, *arguments):
        return self.run([*DRIVER, *arguments])

    def write(self, path, text, mode=None):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        if mode is not None:
            target.chmod(mode)

    def read(self, path):
        return (self.root / path).read_text()

    def remove(self, path):
        target = self.root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()

    def snapshot(self):
        """Every file with its mode and bytes."""
        found = {}
        for folder, names, files in os.walk(self.root):
            for name in files:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, self.root)
                if relative.startswith(IGNORED):
                    continue
                mode = stat.S_IMODE(os.stat(path).st_mode)
                found[relative] = (oct(mode), Path(path).read_bytes())
        return found


def shown(snapshot, path):
    return snapshot[path] if path in snapshot else "absent"


class Twins(unittest.TestCase):
    maxDiff = None
    scm = "git"

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="starcast-dvc-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "GIT_", "XDG_"))}
        environment.update(HOME=self.folder, DVC_NO_ANALYTICS="1", DVC_SITE_CACHE_DIR=os.path.join(self.folder, "site"),
                           DVC_GLOBAL_CONFIG_DIR=os.path.join(self.folder, "global"),
                           DVC_SYSTEM_CONFIG_DIR=os.path.join(self.folder, "system"), SHELL="/bin/sh", LC_ALL="C.UTF-8")
        self.mine = self.workspace("mine", environment)
        self.theirs = self.workspace("theirs", environment)

    def workspace(self, name, environment):
        workspace = Workspace(os.path.join(self.folder, name), environment)
        workspace.root.mkdir()
        if self.scm == "git":
            workspace.run(["git", "init", "-q"])
        workspace.dvc("init", "-q", *([] if self.scm == "git" else ["--no-scm"]))
        return workspace

    def both(self, action):
        action(self.mine)
        action(self.theirs)

    def write(self, path, text, mode=None):
        self.both(lambda workspace: workspace.write(path, text, mode))

    def remove(self, path):
        self.both(lambda workspace: workspace.remove(path))

    def same(self, mine, theirs, what):
        paths = sorted(set(mine) | set(theirs))
        differing = [path for path in paths if mine.get(path) != theirs.get(path)]
        if differing:
            lines = [f"{path}:\n  ours {shown(mine, path)}\n  dvc  {shown(theirs, path)}" for path in differing]
            self.fail(f"{what}: {len(differing)} files differ\n" + "\n".join(lines))

    def step(self, what, *arguments, ran=None):
        """Runs repro in both, compares, changes sides. `ran`: the commands that must have run since the last step."""
        for workspace in (self.mine, self.theirs):
            with contextlib.suppress(FileNotFoundError):
                (workspace.root / "runs.log").unlink()
        self.mine.ours("repro", *arguments)
        self.theirs.dvc("repro", *arguments)
        mine = self.mine.snapshot()
        self.same(mine, self.theirs.snapshot(), what)
        if ran is not None:
            log = self.mine.read("runs.log").split() if (self.mine.root / "runs.log").exists() else []
            self.assertEqual(log, ran, what)

        status = self.mine.dvc("status")
        self.assertIn("up to date", status.stdout, f"{what}: dvc status after ours")
        self.mine.dvc("repro")
        self.same(self.mine.snapshot(), mine, f"{what}: dvc repro after ours")
        theirs = self.theirs.snapshot()
        self.theirs.ours("repro")
        self.same(self.theirs.snapshot(), theirs, f"{what}: ours after dvc repro")

    def fails_in_both(self, what, *words):
        before = self.mine.snapshot()
        ours = self.mine.ours("repro", may_fail=True)
        theirs = self.theirs.dvc("repro", may_fail=True)
        self.assertNotEqual(theirs.returncode, 0, what)
        self.assertNotEqual(ours.returncode, 0, what)
        for word in words:
            self.assertIn(word, ours.stdout, what)
        return before


CHAIN = """\
stages:
  sort:
    cmd: echo sort >> runs.log && sort data/raw.txt > sorted.txt
    deps: [data/raw.txt]
    outs: [sorted.txt]
  count:
    cmd: echo count >> runs.log && wc -l < sorted.txt > count.txt
    deps: [sorted.txt]
    outs: [count.txt]
"""


class Files(Twins):
    def test_chain_of_files(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.step("first run", ran=["sort", "count"])
        self.step("nothing to do", ran=[])
        self.write("data/raw.txt", "a\nb\n")
        self.step("same result: the second stage is skipped", ran=["sort"])
        self.write("data/raw.txt", "a\nb\nc\n")
        self.step("new content", ran=["sort", "count"])
        self.step("forced", "-f", ran=["sort", "count"])

    def test_run_cache_restores(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.step("first", ran=["sort", "count"])
        self.write("data/raw.txt", "z\n")
        self.step("second", ran=["sort", "count"])
        self.write("data/raw.txt", "b\na\n")
        self.step("back: nothing runs", ran=[])
        self.remove("sorted.txt")
        self.step("an out was deleted: it comes from the cache", ran=[])
        self.remove("dvc.lock")
        self.step("the lock was deleted: all from the run cache", ran=[])
        self.write("count.txt", "tampered\n")
        self.step("an out was changed by hand", ran=[])

    def test_removed_cache_runs_again(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.step("first", ran=["sort", "count"])
        self.both(lambda workspace: shutil.rmtree(workspace.root / ".dvc" / "cache"))
        self.step("not in cache", ran=["sort", "count"])

    def test_command_and_dep_list_changes(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.step("first")
        self.write("dvc.yaml", CHAIN.replace("sort data/raw.txt", "sort -r data/raw.txt"))
        self.step("command changed", ran=["sort", "count"])
        self.write("other.txt", "x\n")
        self.write("dvc.yaml", CHAIN.replace("deps: [sorted.txt]", "deps: [sorted.txt, other.txt]"))
        self.step("a dep more, and the old command again", ran=["count"])
        self.write("dvc.yaml", CHAIN)
        self.step("a dep less does not count", ran=[])

    def test_executable_bit(self):
        self.write("run.sh", "#!/bin/sh\ncp run.sh out.sh\n", 0o755)
        self.write("dvc.yaml", "stages:\n  x:\n    cmd: ./run.sh\n    deps: [run.sh]\n    outs: [out.sh]\n")
        self.step("first")
        self.remove("out.sh")
        self.step("restored with its bit")

    def test_long_values_and_quotes(self):
        words = " ".join(f"word{i}" for i in range(40))
        self.write("dvc.yaml", f"""\
stages:
  long:
    cmd: 'echo "{words}: done" > out.txt; echo long >> runs.log'
    outs: [out.txt]
  quoted:
    cmd: "echo 'it''s' \\"q\\" > q.txt # note"
    outs: [q.txt]
  plain:
    cmd: echo {words} > plain.txt
    outs: [plain.txt]
  edge:
    cmd: echo {'y' * 61} {'z' * 9} {'w' * 120} > edge.txt
    outs: [edge.txt]
  '123':
    cmd: true > n.txt
    outs: [n.txt]
""")
        self.step("first", ran=["long"])
        self.step("again", ran=[])


class Folders(Twins):
    def test_folder_outs_and_deps(self):
        self.write("dvc.yaml", """\
stages:
  copy:
    cmd: echo copy >> runs.log && rm -rf out && cp -r data out && printf hello > out/g.txt
    deps: [data]
    outs: [out]
  list:
    cmd: echo list >> runs.log && (cd out && find . -type f | sort) > list.txt
    deps: [out/]
    outs: [list.txt]
""")
        self.write("data/a.txt", "a")
        self.write("data/sub/b.txt", "b")
        self.write("data/sub-1/c.txt", "c")
        self.write("data/sub/run.sh", "x", 0o755)
        self.step("first", ran=["copy", "list"])
        self.write("data/sub/d.txt", "")
        self.step("a file more", ran=["copy", "list"])
        self.remove("out")
        self.step("restored", ran=[])
        self.remove("data/sub/d.txt")
        self.step("back", ran=[])

    def test_empty_folder(self):
        self.write("dvc.yaml", "stages:\n  e:\n    cmd: mkdir -p out/sub\n    outs: [out]\n")
        self.step("an empty folder is an out")

    def test_dvcignore_leaves_files_out(self):
        self.write(".dvcignore", "*.tmp\n/data/skip/\n")
        self.write("data/a.txt", "a")
        self.write("data/b.tmp", "b")
        self.write("data/skip/c.txt", "c")
        self.write("dvc.yaml", "stages:\n  l:\n    cmd: ls data > l.txt; echo l >> runs.log\n    deps: [data]\n    outs: [l.txt]\n")
        self.step("first", ran=["l"])
        self.write("data/skip/c.txt", "changed")
        self.step("an ignored file changed", ran=[])


class Params(Twins):
    YAML = """\
stages:
  train:
    cmd: echo train >> runs.log && cat params.yaml extra.json > out.txt
    params:
    - train.lr
    - seed
    - train.layers.0
    - extra.json: [deep.flag, name]
    - whole.yaml:
    outs: [out.txt]
"""

    def test_yaml_json_and_whole_files(self):
        self.write("dvc.yaml", self.YAML)
        self.write("params.yaml", "seed: 42\ntrain:\n  lr: 1e-5\n  layers: [3, 4]\n  extra: 1\n")
        self.write("extra.json", '{"deep": {"flag": true, "other": 1}, "name": "é👍", "nan": NaN}')
        self.write("whole.yaml", "b: {z: 1, a: [1, 2.50, null]}\na: yes\nn:\ns: '1'\nf: 1.0\nbig: 12345678901234567890\n")
        self.step("first", ran=["train"])
        self.write("params.yaml", "seed: 42.0\ntrain:\n  lr: 0.00001\n  layers: [3, 5]\n  extra: 2\n")
        self.step("equal values, and one that is not tracked", ran=[])
        self.write("params.yaml", "seed: 42\ntrain:\n  lr: 0.5\n  layers: [3, 4]\n")
        self.step("lr changed", ran=["train"])
        self.write("whole.yaml", "a: yes\nnew: 1e16\n")
        self.step("the whole file changed", ran=["train"])
        self.write("extra.json", '{"deep": {"flag": false}, "name": "x"}')
        self.step("json changed", ran=["train"])

    def test_templating(self):
        self.write("params.yaml", "data: {in: in.txt, out: out.txt}\nn: 3\nopts: {lr: 0.1, flag: true, off: false, names: [a b, c], s: it's}\nflags: [x]\n")
        self.write("more.yaml", "tail: 2\n")
        self.write("in.txt", "1\n2\n3\n4\n")
        self.write("dvc.yaml", """\
vars:
- more.yaml:tail
- own: {greeting: hello}
stages:
  head:
    cmd: head -n ${n} ${data.in} | tail -n ${tail} > ${data.out} && echo ${own.greeting} ${own[greeting]} \\${HOME} ${opts} >> runs.log
    vars:
    - local: {name: x}
    deps:
    - ${data.in}
    params:
    - n
    outs:
    - ${data.out}:
        cache: false
    desc: takes ${local.name}
""")
        self.step("first")
        self.write("params.yaml", "data: {in: in.txt, out: out.txt}\nn: 4\nopts: {lr: 0.1, flag: true}\n")
        self.step("a param of the command changed")

    def test_missing_param_keeps_outs(self):
        self.write("dvc.yaml", "stages:\n  a:\n    cmd: cat params.yaml > a.txt\n    params: [x]\n    outs: [a.txt]\n")
        self.write("params.yaml", "x: 1\n")
        self.step("first")
        self.write("params.yaml", "y: 1\n")
        self.fails_in_both("missing param", "'x'", "params.yaml", "dvc.yaml:2")
        self.assertTrue((self.mine.root / "a.txt").exists(), "ours must not have removed the out")


class Stages(Twins):
    def test_metrics_and_plots_without_cache(self):
        self.write("dvc.yaml", """\
stages:
  eval:
    cmd: echo eval >> runs.log && cp in.txt m.json && cp in.txt p.csv && mkdir -p model && cp in.txt model/w
    deps: [in.txt]
    metrics:
    - m.json:
        cache: false
    plots:
    - p.csv:
        cache: false
        x: a
        y: b
    outs:
    - model/w
  keep:
    cmd: echo keep >> runs.log && cp in.txt plain.txt
    deps: [in.txt]
    outs:
    - plain.txt: {cache: false}
""")
        self.write("in.txt", "{}\n")
        self.step("first", ran=["eval", "keep"])
        self.write("in.txt", '{"a": 1}\n')
        self.step("second", ran=["eval", "keep"])
        self.write("in.txt", "{}\n")
        self.step("back: metrics come from the run cache, a plain uncached out does not", ran=["keep"])

    def test_command_lists_and_multiline_texts(self):
        self.write("dvc.yaml", """\
stages:
  list:
    cmd:
    - echo one > l.txt
    - X=1
    - echo "two$X" >> l.txt
    outs: [l.txt]
  lines:
    cmd: |
      Y=1
      echo "$Y" > m.txt

      echo "last" >> m.txt
    outs: [m.txt]
""")
        self.step("first")
        self.assertEqual(self.mine.read("l.txt"), "one\ntwo\n")

    def test_wdir(self):
        self.write("sub/in.txt", "x\n")
        self.write("params.yaml", "k: 1\n")
        self.write("sub/params.yaml", "k: 2\n")
        self.write("dvc.yaml", """\
stages:
  w:
    cmd: cat in.txt ../params.yaml > ./deep.txt && cp in.txt ../top.txt && echo $DVC_STAGE > name.txt
    wdir: sub
    deps: [in.txt]
    params:
    - k
    - ../params.yaml: [k]
    outs: [./deep.txt, ../top.txt, name.txt]
""")
        self.step("first")
        self.assertEqual(self.mine.read("sub/name.txt"), "w\n")
        self.remove("sub/deep.txt")
        self.step("restored")

    def test_persist_frozen_and_always_changed(self):
        self.write("dvc.yaml", """\
stages:
  grow:
    cmd: echo line >> grown.txt && echo grow >> runs.log
    deps: [in.txt]
    outs:
    - grown.txt: {persist: true}
  still:
    cmd: echo still >> runs.log && cp in.txt still.txt
    deps: [in.txt]
    outs: [still.txt]
""")
        self.write("in.txt", "1\n")
        self.step("first", ran=["grow", "still"])
        self.both(lambda workspace: workspace.dvc("freeze", "still"))
        self.write("in.txt", "2\n")
        self.step("a frozen stage keeps its outs", ran=["grow"])
        self.assertEqual(self.mine.read("grown.txt"), "line\nline\n")

    def test_order_of_the_lock_is_order_of_completion(self):
        self.write("dvc.yaml", """\
stages:
  z_last:
    cmd: cat a.txt b.txt > z.txt && echo z_last >> runs.log
    deps: [b.txt, a.txt]
    outs: [z.txt]
  a_made:
    cmd: echo a > a.txt && echo a_made >> runs.log
    outs: [a.txt]
  b_made:
    cmd: cp a.txt b.txt && echo b_made >> runs.log
    deps: [a.txt]
    outs: [b.txt]
""")
        self.step("first", ran=["a_made", "b_made", "z_last"])

    def test_failing_command_keeps_what_was_finished(self):
        self.write("dvc.yaml", CHAIN.replace("wc -l < sorted.txt > count.txt", "exit 3"))
        self.write("data/raw.txt", "b\na\n")
        self.fails_in_both("a command fails", "count", "exit 3", "status 3")
        self.assertEqual(self.mine.read("dvc.lock"), self.theirs.read("dvc.lock"))
        self.write("dvc.yaml", CHAIN)
        with contextlib.suppress(FileNotFoundError):
            (self.mine.root / "runs.log").unlink()
        self.mine.ours("repro")
        self.assertEqual(self.mine.read("runs.log"), "count\n")
        self.assertIn("up to date", self.mine.dvc("status").stdout)


class DvcFiles(Twins):
    def test_tracked_file_is_a_node(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.both(lambda workspace: workspace.dvc("add", "-q", "data/raw.txt"))
        self.step("first", ran=["sort", "count"])
        self.write("data/raw.txt", "c\na\n")
        self.step("changed data is recorded anew", ran=["sort", "count"])
        self.write("data/raw.txt.dvc", "# kept\n" + self.mine.read("data/raw.txt.dvc"))
        self.write("data/raw.txt", "d\na\n")
        self.step("a comment stays", ran=["sort", "count"])
        self.both(lambda workspace: workspace.remove("data/raw.txt"))
        self.fails_in_both("missing data", "data/raw.txt", "missing")

    def test_tracked_folder_with_a_dep_inside(self):
        self.write("data/a/x.txt", "x\n")
        self.write("data/b.txt", "b\n")
        self.both(lambda workspace: workspace.dvc("add", "-q", "data"))
        self.write("dvc.yaml", "stages:\n  c:\n    cmd: cp data/a/x.txt o.txt; echo c >> runs.log\n    deps: [data/a/x.txt]\n    outs: [o.txt]\n")
        self.step("first", ran=["c"])
        self.write("data/b.txt", "bb\n")
        self.step("the folder is recorded anew", ran=[])

    @unittest.skipUnless(DRIVER, "only the driver has `track`")
    def test_track_equals_add(self):
        self.write("data/raw.txt", "b\na\n")
        self.write("data/run it!.sh", "x", 0o755)
        self.write("folder/sub/a.txt", "a")
        self.mine.driver("track", "data/raw.txt", "data/run it!.sh", "folder")
        self.theirs.dvc("add", "-q", "data/raw.txt", "data/run it!.sh", "folder")
        self.same(self.mine.snapshot(), self.theirs.snapshot(), "track and add")
        self.write("data/raw.txt", "bbb\n")
        self.mine.driver("track", "data/raw.txt")
        self.theirs.dvc("add", "-q", "data/raw.txt")
        self.same(self.mine.snapshot(), self.theirs.snapshot(), "track and add again")


class Names(Twins):
    def test_unicode_and_special_names(self):
        self.write("dvc.yaml", """\
stages:
  größe-1:
    cmd: cp "data/é x.txt" "out/[ü]*.txt" && cp -r data "ordner#" && echo x >> runs.log
    deps: ["data/é x.txt", data]
    outs: ["out/[ü]*.txt", "ordner#"]
""")
        self.write("data/é x.txt", "x\n")
        self.write("data/👍/日本.txt", "y\n")
        self.write("out/.keep", "")
        self.step("first", ran=["x"])
        self.remove("ordner#")
        self.step("restored", ran=[])


class GitIgnore(Twins):
    def test_lines_are_added_once_and_where_needed(self):
        self.write(".gitignore", "*.log\n/already.txt\nwhole/")
        self.write("sub/.gitignore", "*.tmp\n!keep.tmp\n")
        self.write("dvc.yaml", """\
stages:
  a:
    cmd: touch already.txt x.log whole.txt sub/a.tmp sub/keep.tmp sub/b.txt && mkdir -p whole/in && touch whole/in/f
    outs: [already.txt, x.log, whole.txt, sub/a.tmp, sub/keep.tmp, sub/b.txt, whole/in]
""")
        self.step("first")
        self.step("forced", "-f")


class WithoutScm(Twins):
    scm = "none"

    def test_no_gitignore_without_git(self):
        self.write("dvc.yaml", CHAIN)
        self.write("data/raw.txt", "b\na\n")
        self.step("first", ran=["sort", "count"])
        self.assertFalse((self.mine.root / ".gitignore").exists())


class Init(Twins):
    @unittest.skipUnless(DRIVER, "only the driver has `init`")
    def test_init_leaves_what_dvc_init_leaves(self):
        for scm in ("git", "none"):
            for program in ("mine", "theirs"):
                (Path(self.folder) / scm / program).mkdir(parents=True)
            mine = Workspace(Path(self.folder) / scm / "mine", self.mine.environment)
            theirs = Workspace(Path(self.folder) / scm / "theirs", self.mine.environment)
            flags = [] if scm == "git" else ["--no-scm"]
            for workspace in (mine, theirs):
                if scm == "git":
                    workspace.run(["git", "init", "-q"])
            mine.driver("init", *flags)
            theirs.dvc("init", "-q", *flags)
            self.same(mine.snapshot(), theirs.snapshot(), f"init with scm {scm}")
            self.assertTrue((mine.root / ".dvc/tmp").is_dir())


class Locks(Twins):
    def test_we_wait_for_dvc_and_dvc_for_us(self):
        self.write("dvc.yaml", "stages:\n  slow:\n    cmd: sleep 4 && cp in.txt out.txt\n    deps: [in.txt]\n    outs: [out.txt]\n")
        self.write("in.txt", "x\n")
        for first, second in ((self.mine.ours, self.mine.dvc), (self.theirs.dvc, self.theirs.ours)):
            results = []
            running = threading.Thread(target=lambda: results.append(first("repro")))
            running.start()
            time.sleep(2)
            blocked = second("repro", may_fail=True)
            running.join()
            self.assertNotEqual(blocked.returncode, 0, blocked.stdout)
            self.assertIn("busy", blocked.stdout)
            self.assertEqual(results[0].returncode, 0)
        self.same(self.mine.snapshot(), self.theirs.snapshot(), "both finished")


if __name__ == "__main__":
    if DVC is None or OURS is None:
        print("skipped: needs tools/peers and a program (STARCAST or STARCAST_REPRO_DRIVER)")
        sys.exit(77)
    unittest.main(verbosity=1)
