"""The tests of tests/cli/run.py: scripts that must pass, and scripts that must fail with the right word."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import run  # noqa: E402

EXAMPLES = Path(__file__).resolve().parent / "examples"


class ScriptTest(unittest.TestCase):
    def run_text(self, text, program=None):
        """(status, what was printed) of a script with this text."""
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "x.test")
            script.write_text(text, encoding="utf-8")
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                status = run.run_script(str(script), program)
            return status, printed.getvalue()

    def fails(self, text, words):
        status, printed = self.run_text(text)
        self.assertEqual(status, 1)
        self.assertIn(words, printed)

    def passes(self, text):
        self.assertEqual(self.run_text(text), (0, ""))


class Passing(ScriptTest):
    def test_the_examples_pass(self):
        scripts = sorted(EXAMPLES.glob("*.test"))
        self.assertTrue(scripts)
        with mock.patch.dict(os.environ, {"STARCAST_RAW": "set"}):
            for script in scripts:
                self.assertEqual(run.run_script(str(script), None), 0)

    def test_the_program_of_the_option_comes_first_on_the_path(self):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "starcast")
            program.write_text("#!/bin/sh\necho starcast 9\n", encoding="utf-8")
            program.chmod(0o755)
            self.assertEqual(self.run_text("$ starcast --version\nstarcast 9\n", program), (0, ""))

    def test_any_lines_may_be_none(self):
        self.passes("$ echo a\n...\na\n...\n")

    def test_any_lines_take_as_few_as_lets_the_rest_match(self):
        self.passes("$ printf 'a\\nb\\na\\nc\\n'\n...\na\nc\n")

    def test_commands_share_the_folder_of_their_script(self):
        self.passes("$ echo 1 > f\n$ cat f\n1\n")

    def test_standard_error_is_free_where_nothing_is_said_of_it(self):
        self.passes("$ echo noise >&2\n")


class Failing(ScriptTest):
    def test_another_line(self):
        self.fails("$ echo a\nb\n", "no line of standard output fits here: b")

    def test_a_line_too_many(self):
        self.fails("$ printf 'a\\nb\\n'\na\n", "more lines than expected")

    def test_a_line_too_few(self):
        self.fails("$ echo a\na\nb\n", "fits here: b")

    def test_output_where_none_is_expected(self):
        self.fails("$ echo a\n", "where none is expected")

    def test_another_status(self):
        self.fails("$ exit 2\n", "exit status 2, expected 0")
        self.fails("$ true\n? 2\n", "exit status 0, expected 2")

    def test_standard_error_without_the_text(self):
        self.fails("$ echo a >&2\n! b\n", "standard error lacks: b")

    def test_standard_error_in_another_order(self):
        self.fails("$ echo a >&2; echo b >&2\n! b\n! a\n", "standard error lacks: a")

    def test_a_pattern_is_no_regular_expression(self):
        self.fails("$ echo aab\na*b\n", "fits here")

    def test_a_later_command_fails_the_script(self):
        self.fails("$ true\n$ false\n", "x.test:2: $ false")

    def test_what_was_printed_is_shown(self):
        self.fails("$ echo seen; echo heard >&2\nother\n", "stdout | seen")
        self.fails("$ echo seen; echo heard >&2\nother\n", "stderr | heard")

    def test_scripts_that_are_wrong_themselves(self):
        self.fails("", "no command")
        self.fails("hello\n", "line 1: a script begins with a command")
        self.fails("$ true\n? x\n", "line 2: '? N' takes an exit status")
        self.fails("$ true\n!x\n", "line 2: a space is missing")
        self.fails("# needs: magic\n$ true\n", "unknown need 'magic'")
        self.fails("$ true\n# needs: lightgbm\n", "before the first command")


class Needs(ScriptTest):
    def test_real_data_that_is_missing_skips_with_the_reason(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"STARCAST_TEST_DATA": folder}):
            status, printed = self.run_text("# needs: ../shared/data/a.csv\n$ false\n")
        self.assertEqual(status, run.SKIPPED)
        self.assertEqual(printed, "skipped: needs the real data: no ../shared/data/a.csv "
                                  "(or set STARCAST_TEST_DATA to its folder)\n")

    def test_real_data_that_is_there_is_named_by_data(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"STARCAST_TEST_DATA": folder}):
            Path(folder, "a.csv").write_text("x\n", encoding="utf-8")
            self.assertEqual(self.run_text('# needs: ../shared/data/a.csv\n$ cat "$DATA/a.csv"\nx\n'), (0, ""))

    def test_a_missing_program_skips(self):
        self.assertEqual(self.run_text("# needs: program no-such-program-here\n$ false\n"),
                         (run.SKIPPED, "skipped: needs the program no-such-program-here\n"))

    def test_lightgbm_is_looked_for_beside_the_program(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ):
            os.environ.pop("STARCAST_LIGHTGBM", None)
            program = Path(folder, "release", "starcast")
            self.assertEqual(self.run_text("# needs: lightgbm\n$ true\n", program)[0], run.SKIPPED)
            library = Path(folder, "_deps", "lightgbm", "lib_lightgbm.so")
            library.parent.mkdir(parents=True)
            library.touch()
            self.assertEqual(self.run_text("# needs: lightgbm\n$ true\n", program), (0, ""))


if __name__ == "__main__":
    unittest.main()
