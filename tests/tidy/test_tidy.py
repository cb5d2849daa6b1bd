"""The tests of tools/tidy: each check on a small tree that keeps the rule and on one that breaks it."""

import contextlib
import importlib.machinery
import importlib.util
import io
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
TIDY = Path(__file__).resolve().parents[2] / "tools" / "tidy"
loader = importlib.machinery.SourceFileLoader("tidy", str(TIDY))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

HEADER = "// A thing.\n#pragma once\n"


class TreeTest(unittest.TestCase):
    def findings(self, files, check=None):
        """What tidy finds in a tree of these files, as (rule, path, line)."""
        return [finding[:3] for finding in self.full(files, check)]

    def full(self, files, check=None):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            project = tidy.Project(folder)
            return list(check(project)) if check else tidy.check_all(project)

    def house(self, **more):
        """core and codec, where codec/csv.cc includes core/result.h."""
        files = {
            "src/core/CMakeLists.txt":
                "starcast_module(NAME core HEADERS result.h PRIVATE secret.h SOURCES result.cc # the foundation\n"
                "  TESTING testing/fake.h TESTS result_test.cc)\n",
            "src/core/result.h": HEADER, "src/core/secret.h": HEADER, "src/core/testing/fake.h": HEADER,
            "src/core/result.cc": '#include "core/result.h"\n#include "core/secret.h"\n',
            "src/core/result_test.cc": '#include "core/testing/fake.h"\n',
            "src/codec/CMakeLists.txt":
                "starcast_module(NAME codec HEADERS csv.h SOURCES csv.cc TESTS csv_test.cc DEPENDS core)\n",
            "src/codec/csv.h": HEADER,
            "src/codec/csv.cc": '#include "codec/csv.h"\n#include "core/result.h"\n',
            "src/codec/csv_test.cc": '#include "codec/csv.h"\n#include "core/testing/fake.h"\n',
        }
        for path, text in more.items():
            files[path.replace("__", "/").replace("_DOT_", ".")] = text
        return files


class Layering(TreeTest):
    def test_a_sound_house_has_no_findings(self):
        for check in (tidy.check_depends, tidy.check_includes, tidy.check_listed, tidy.check_headers):
            self.assertEqual(self.findings(self.house(), check), [])

    def test_a_module_may_not_depend_on_its_own_row(self):
        files = self.house()
        files["src/os/CMakeLists.txt"] = "starcast_module(NAME os DEPENDS codec)\n"
        self.assertEqual(self.findings(files, tidy.check_depends), [("layer", "src/os/CMakeLists.txt", 1)])

    def test_a_module_may_not_depend_on_a_higher_row(self):
        files = self.house()
        files["src/core/CMakeLists.txt"] = "starcast_module(NAME core DEPENDS model)\n"
        findings = self.full(files, tidy.check_depends)
        self.assertEqual([finding.path for finding in findings], ["src/core/CMakeLists.txt"])
        self.assertIn("higher row", findings[0].message)

    def test_a_module_that_is_in_no_row_is_named(self):
        files = self.house()
        files["src/extra/CMakeLists.txt"] = "starcast_module(NAME extra DEPENDS core)\n"
        self.assertEqual(self.findings(files, tidy.check_depends), [("layer", "src/extra/CMakeLists.txt", 1)])

    def test_depends_may_not_name_what_is_no_module(self):
        files = self.house()
        files["src/codec/CMakeLists.txt"] = "starcast_module(NAME codec DEPENDS boost)\n"
        self.assertIn("no module", self.full(files, tidy.check_depends)[0].message)

    def test_a_cycle_is_shown_as_a_path(self):
        files = {"src/app/CMakeLists.txt": "starcast_module(NAME app DEPENDS cli)\n",
                 "src/cli/CMakeLists.txt": "starcast_module(NAME cli DEPENDS app)\n"}
        messages = [finding.message for finding in self.full(files, tidy.check_cycles)]
        self.assertEqual(messages, ["the modules depend in a circle: app -> cli -> app"])

    def test_every_module_of_the_design_has_one_row(self):
        names = [name for row in tidy.ROWS for name in row]
        self.assertEqual(len(names), len(set(names)))


class Includes(TreeTest):
    def breaks(self, path, text):
        files = self.house()
        files[path] = text
        return self.full(files, tidy.check_includes)

    def test_an_include_outside_depends_is_refused(self):
        findings = self.breaks("src/core/result.cc", '#include <vector>\n#include "codec/csv.h"\n')
        self.assertEqual([finding[:3] for finding in findings], [("include", "src/core/result.cc", 2)])
        self.assertIn("DEPENDS", findings[0].message)

    def test_depends_are_direct_and_not_inherited(self):
        files = self.house()
        files["src/listing/CMakeLists.txt"] = "starcast_module(NAME listing SOURCES a.cc DEPENDS codec)\n"
        files["src/listing/a.cc"] = '#include "codec/csv.h"\n#include "core/result.h"\n'
        self.assertEqual(self.findings(files, tidy.check_includes), [("include", "src/listing/a.cc", 2)])

    def test_a_private_header_of_another_module_is_refused(self):
        findings = self.breaks("src/codec/csv.cc", '#include "core/secret.h"\n')
        self.assertIn("private", findings[0].message)

    def test_a_header_that_is_not_listed_is_refused(self):
        self.assertIn("does not list", self.breaks("src/codec/csv.cc", '#include "core/other.h"\n')[0].message)
        self.assertIn("does not list", self.breaks("src/core/result.cc", '#include "core/other.h"\n')[0].message)

    def test_fakes_are_for_tests_only(self):
        findings = self.breaks("src/codec/csv.cc", '#include "core/testing/fake.h"\n')
        self.assertIn("for tests", findings[0].message)
        findings = self.breaks("src/core/result.cc", '#include "core/testing/fake.h"\n')
        self.assertIn("for tests", findings[0].message)

    def test_an_include_without_its_module_is_refused(self):
        findings = self.breaks("src/codec/csv.cc", '#include "csv.h"\n#include "core/result.h"\n')
        self.assertEqual([finding[:3] for finding in findings], [("include", "src/codec/csv.cc", 1)])

    def test_an_include_in_a_comment_or_a_string_does_not_count(self):
        text = '// #include "codec/csv.h"\n/*\n#include "codec/csv.h"\n*/\nauto s = R"(\n#include "codec/csv.h"\n)";\n'
        self.assertEqual(self.breaks("src/core/result.cc", text), [])

    def test_a_dependency_that_nobody_includes_is_refused(self):
        files = self.house()
        files["src/codec/csv.cc"] = '#include "codec/csv.h"\n'
        files["src/codec/csv_test.cc"] = '#include "codec/csv.h"\n'
        self.assertEqual(self.findings(files, tidy.check_includes), [("include", "src/codec/CMakeLists.txt", 1)])

    def test_a_program_outside_the_modules_may_include_public_headers_only(self):
        files = self.house()
        files["fuzz/csv_fuzz.cc"] = '#include "codec/csv.h"\n#include "core/secret.h"\n'
        self.assertEqual(self.findings(files, tidy.check_includes), [("include", "fuzz/csv_fuzz.cc", 2)])


class Listed(TreeTest):
    def test_a_source_that_no_list_names_is_found(self):
        for path in ("src/codec/lost.cc", "src/codec/lost_test.cc", "src/codec/lost.h", "fuzz/lost.cc", "src/main.cc"):
            files = self.house()
            files[path] = HEADER
            self.assertEqual(self.findings(files, tidy.check_listed), [("listed", path, 1)])

    def test_a_folder_without_a_list_is_named_once(self):
        files = self.house()
        files["src/os/path.h"] = HEADER
        files["src/os/path.cc"] = ""
        self.assertEqual(self.findings(files, tidy.check_listed), [("listed", "src/os/CMakeLists.txt", 1)])

    def test_a_name_in_a_comment_of_cmake_does_not_count(self):
        files = self.house()
        files["fuzz/a.cc"] = ""
        files["fuzz/CMakeLists.txt"] = "# a.cc\n"
        self.assertEqual(self.findings(files, tidy.check_listed), [("listed", "fuzz/a.cc", 1)])

    def test_a_foreach_over_names_counts(self):
        files = self.house()
        files["fuzz/csv_fuzz.cc"] = ""
        files["fuzz/CMakeLists.txt"] = "foreach(parser csv)\nadd_executable(${parser}_fuzz ${parser}_fuzz.cc)\nendforeach()\n"
        self.assertEqual(self.findings(files, tidy.check_listed), [])

    def test_a_list_may_name_a_file_from_the_top_or_from_its_own_folder(self):
        for word in ("../src/main.cc", "${PROJECT_SOURCE_DIR}/src/main.cc", "${CMAKE_CURRENT_SOURCE_DIR}/../src/main.cc"):
            files = self.house()
            files["src/main.cc"] = ""
            files["apps/CMakeLists.txt"] = f"add_executable(starcast {word})\n"
            self.assertEqual(self.findings(files, tidy.check_listed), [])

    def test_a_source_that_the_build_makes_needs_no_file(self):
        files = self.house()
        files["src/core/CMakeLists.txt"] = files["src/core/CMakeLists.txt"].replace(
            "SOURCES result.cc", "SOURCES result.cc ${CMAKE_CURRENT_BINARY_DIR}/made.cc")
        self.assertEqual(self.findings(files, tidy.check_listed), [])

    def test_a_listed_file_that_is_missing_is_found(self):
        files = self.house()
        del files["src/core/secret.h"]
        self.assertEqual(self.findings(files, tidy.check_listed), [("listed", "src/core/CMakeLists.txt", 1)])


class Bans(TreeTest):
    def rules(self, code, path="src/codec/csv.cc"):
        return [rule for rule, _, _ in self.findings({path: code}, tidy.check_bans)]

    def test_each_ban_finds_what_it_names(self):
        cases = {
            "enum": ["enum Color { kRed };", "enum { kRed };", "enum Color : int { kRed };"],
            "using-namespace": ["using namespace std;"],
            "strto": ["auto x = strtod(text, nullptr);", "std::strtoul(text, &end, 10);"],
            "ato": ["int x = atoi(text);", "std::atof(text);"],
            "sto": ["int x = std::stoi(text);", "std::stod(text);"],
            "sprintf": ["sprintf(buffer, text);", "std::vsprintf(buffer, text, list);"],
            "rand": ["int x = rand();", "std::srand(1);"],
            "system": ["system(command);", "std::system(command);", "::system(command);"],
            "cout": ["std::cout << 1;"],
            "filesystem": ["std::filesystem::remove(path);", "#include <filesystem>"],
            "clock-now": ["auto t = std::chrono::steady_clock::now();", "auto t = time(nullptr);"],
            "expected": ["std::expected<int, Error> f();", "#include <expected>"],
            "format": ["std::format(text, 1);", "#include <format>"],
            "views": ["for (int x : std::views::iota(0)) {}", "std::ranges::views::all(x);"],
            "source-location": ["std::source_location::current();"],
        }
        self.assertEqual(sorted(cases), sorted(ban.rule for ban in tidy.BANS))
        for rule, codes in cases.items():
            for code in codes:
                with self.subTest(code):
                    self.assertEqual(self.rules(code + "\n"), [rule])

    def test_what_only_looks_alike_is_left_alone(self):
        for code in ("enum class Color { kRed };", "using enum Color;", "auto s = \"std::cout\";", "// rand()",
                     "store.system(x);", "store->system(x);", "int operand(int x);", "fmt::format(text);",
                     "std::system_error e;", "snprintf(a, b, c);", "clock.now();", "std::formatter<int> f;",
                     "std::ranges::sort(rows);", "auto c = '\"'; auto s = \"rand()\";", "int n = 1'000; // atoi(x)",
                     'auto s = R"x(using namespace std; ")x";'):
            with self.subTest(code):
                self.assertEqual(self.rules(code + "\n"), [])

    def test_each_message_names_the_replacement(self):
        for ban in tidy.BANS:
            self.assertRegex(ban.message, r"use |take |return |name |start ")

    def test_the_one_place_of_each_is_allowed(self):
        self.assertEqual(self.rules("std::cout << 1;", "src/cli/run.cc"), [])
        self.assertEqual(self.rules("std::filesystem::path p;", "src/os/real_files.cc"), [])
        self.assertEqual(self.rules("std::chrono::steady_clock::now();", "src/core/clock.cc"), [])
        self.assertEqual(self.rules("std::chrono::steady_clock::now();", "src/core/log.cc"), ["clock-now"])

    def test_the_line_is_right_after_comments_and_raw_strings(self):
        code = '/* a\n b */\nauto s = R"(\n\n)";\nint x = rand();\n'
        self.assertEqual(self.findings({"src/a/a.cc": code}, tidy.check_bans), [("rand", "src/a/a.cc", 6)])


class Headers(TreeTest):
    def test_a_header_without_its_sentence_is_found(self):
        files = {"src/core/a.h": "#pragma once\n"}
        self.assertEqual(self.findings(files, tidy.check_headers), [("header", "src/core/a.h", 1)])

    def test_a_header_without_pragma_once_is_found(self):
        files = {"src/core/a.h": "// A thing.\nint a();\n"}
        self.assertEqual(self.findings(files, tidy.check_headers), [("header", "src/core/a.h", 1)])


class Switches(TreeTest):
    ENUM = "enum class Color : int {\n  kRed,  // the first\n  kGreen = 4\n};\n"

    def lines(self, body):
        return [line for _, _, line in self.findings({"src/a/a.cc": self.ENUM + body}, tidy.check_switches)]

    def test_default_over_our_enum_is_found(self):
        self.assertEqual(self.lines("switch (c) {\n  case Color::kRed: return 1;\n  default: return 2;\n}\n"), [7])

    def test_default_over_our_enum_without_its_scope_is_found(self):
        self.assertEqual(self.lines("switch (c) {\n  case kGreen:\n    f({1});\n    break;\n  default: break;\n}\n"), [9])

    def test_a_switch_without_default_is_right(self):
        self.assertEqual(self.lines("switch (c) { case Color::kRed: return 1; case Color::kGreen: return 2; }\n"), [])

    def test_default_over_numbers_and_foreign_enums_is_right(self):
        self.assertEqual(self.lines("switch (c) { case 'a': return 1; default: return 2; }\n"), [])
        self.assertEqual(self.lines("switch (t) { case YAML_ALIAS_EVENT: return 1; default: return 2; }\n"), [])

    def test_an_inner_switch_is_judged_for_itself(self):
        inner = "switch (n) { case 1: return 1; default: break; }"
        self.assertEqual(self.lines(f"switch (c) {{ case Color::kRed: {inner} case Color::kGreen: return 2; }}\n"), [])
        inner = "switch (c) { case Color::kRed: return 1; default: break; }"
        self.assertEqual(self.lines(f"switch (n) {{\n case 1: {inner}\n default: return 3; }}\n"), [6])

    def test_a_defaulted_function_is_no_label(self):
        self.assertEqual(self.lines("struct S { S() = default; };\n"), [])


class Comments(TreeTest):
    def is_code(self, comment):
        return bool(self.findings({"src/a/a.cc": comment + "\n"}, tidy.check_commented_code))

    def test_statements_and_blocks_are_found(self):
        for comment in ("// int x = 1;", "// x += 2;", "// files.push_back(name);", "// if (x) {", "// }", "// return x;",
                        "// #include <vector>", "// for (int i = 0; i < n; ++i) f(i);", "// std::vector<int> rows;",
                        "// } else {", "// using Row = std::vector<int>;", "/* x = f(1); */", "// model->load(path);"):
            with self.subTest(comment):
                self.assertTrue(self.is_code(comment))

    def test_sentences_are_left_alone(self):
        for comment in ("// The rows, in order.", "// stored: do not renumber", "// Reads one row; false at the end.",
                        "// where a is larger than b;", "// as in f(x), which may fail;", "// if it is empty, nothing is read;",
                        "// https://example.org/a?b=c;", "// {a, b} are the two sides", "// returns early;",
                        "// (see docs/formats);", "// the last one;", "// NOLINT: implicit on purpose"):
            with self.subTest(comment):
                self.assertFalse(self.is_code(comment))

    def test_an_indented_example_is_left_alone(self):
        self.assertFalse(self.is_code("// How to use it:\n//   auto locked = models.lock();\n//   locked->erase(name);"))

    def test_unfinished_work_is_found_in_any_file(self):
        word = "FIX" + "ME"
        for path in ("src/a/a.cc", "tools/run", "docs/a.md"):
            self.assertEqual(self.findings({path: f"x\n# {word}: later\n"}, tidy.check_fixme), [("fixme", path, 2)])
        self.assertEqual(self.findings({"docs/a.md": "a fixed mesh\n"}, tidy.check_fixme), [])


class Documents(TreeTest):
    def page(self, table="| `core` | the foundation |\n| `codec` | text formats |\n", picture=None):
        if picture is None:
            with tempfile.TemporaryDirectory() as folder:
                for path, text in self.house().items():
                    Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                    Path(folder, path).write_text(text, encoding="utf-8")
                picture = tidy.picture(tidy.Project(folder))
        return f"# A\n\n{tidy.PICTURE_BEGIN}\n\n{picture}\n{tidy.PICTURE_END}\n\n{table}"

    def architecture(self, page):
        files = self.house()
        files["docs/architecture.md"] = page
        return [finding.message for finding in self.full(files, tidy.check_architecture)]

    def test_a_page_that_is_up_to_date_has_no_findings(self):
        self.assertEqual(self.architecture(self.page()), [])

    def test_a_missing_page_is_found(self):
        self.assertEqual(self.findings(self.house(), tidy.check_architecture),
                         [("architecture", "docs/architecture.md", 1)])

    def test_a_module_that_is_not_described_is_found(self):
        messages = self.architecture(self.page(table="| `core` | the foundation |\n"))
        self.assertEqual(len(messages), 1)
        self.assertIn("'codec' is not described", messages[0])

    def test_a_row_without_words_describes_nothing(self):
        self.assertIn("'codec'", self.architecture(self.page(table="| `core` | all |\n| `codec` | |\n"))[0])

    def test_a_described_module_that_does_not_exist_is_found(self):
        messages = self.architecture(self.page() + "| `http` | the wire |\n")
        self.assertEqual(len(messages), 1)
        self.assertIn("'http'", messages[0])

    def test_a_picture_that_is_out_of_date_is_found(self):
        self.assertIn("out of date", self.architecture(self.page(picture="```text\ncore\n```"))[0])

    def test_a_page_without_the_marks_is_found(self):
        self.assertIn("missing", self.architecture("# A\n")[0])

    def test_the_picture_leaves_out_edges_that_follow_from_others(self):
        files = self.house()
        files["src/listing/CMakeLists.txt"] = "starcast_module(NAME listing DEPENDS codec core LIBRARIES fmt::fmt)\n"
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, path).write_text(text, encoding="utf-8")
            picture = tidy.picture(tidy.Project(folder))
        self.assertIn("  listing --> codec\n", picture)
        self.assertNotIn("listing --> core", picture)
        self.assertIn("| listing | core, codec | fmt::fmt |", picture)

    def test_writing_the_picture_mends_the_page(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in {**self.house(), "docs/architecture.md": self.page(picture="old")}.items():
                Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
                Path(folder, path).write_text(text, encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()):
                tidy.write_architecture(folder)
            self.assertEqual(list(tidy.check_architecture(tidy.Project(folder))), [])
            self.assertIn("| `codec` | text formats |", Path(folder, "docs/architecture.md").read_text("utf-8"))

    def test_dead_links_are_found(self):
        files = {"README.md": "See [a](docs/a.md), [b](docs/b.md).\n", "docs/a.md": "x\n[up](../README.md) [c](c.md)\n"}
        self.assertEqual(self.findings(files, tidy.check_links), [("link", "README.md", 1), ("link", "docs/a.md", 2)])

    def test_anchors_lead_to_headings(self):
        files = {"docs/a.md": "# The `Big` house, 2\n[x](#the-big-house-2) [y](a.md#none) [z](b.md#part)\n",
                 "docs/b.md": "## Part\n"}
        self.assertEqual(self.findings(files, tidy.check_links), [("link", "docs/a.md", 2)])

    def test_addresses_and_code_are_no_links(self):
        files = {"docs/a.md": "[x](https://example.org/a) [m](mailto:a@example.org) `[y](none.md)`\n"
                              "```\n[z](none.md)\n```\n"}
        self.assertEqual(self.findings(files, tidy.check_links), [])

    def test_paths_of_one_machine_are_found(self):
        for path in ("/ro" + "ot/x", "/wo" + "rk/x", "/ho" + "me/ann/x"):
            self.assertEqual(self.findings({"docs/a.md": f"a\nsee {path}\n"}, tidy.check_machine_paths),
                             [("machine-path", "docs/a.md", 2)])
        self.assertEqual(self.findings({"docs/a.md": "build/work/x ./root/x\n"}, tidy.check_machine_paths), [])


class Exemptions(TreeTest):
    CODE = "int x = rand();\n"

    def rules(self, line):
        files = {"bench/CMakeLists.txt": "add_executable(a a.cc)\n", "bench/a.cc": line + self.CODE}
        return [rule for rule, path, _ in self.findings(files) if path == "bench/a.cc"]

    def test_a_reason_exempts_the_file_from_the_rule(self):
        self.assertEqual(self.rules(""), ["rand"])
        self.assertEqual(self.rules("// tidy: allow rand: the rival's own loop is measured\n"), [])

    def test_an_exemption_covers_its_rule_only(self):
        self.assertEqual(self.rules("// tidy: allow cout: prints\n"), ["exemption", "rand"])

    def test_an_exemption_needs_a_reason(self):
        self.assertEqual(self.rules("// tidy: allow rand\n"), ["exemption", "rand"])
        self.assertEqual(self.rules("// tidy: allow rand:\n"), ["exemption", "rand"])

    def test_other_files_exempt_in_their_own_comments(self):
        path = "/ro" + "ot/x"
        files = {"docs/a.md": f"<!-- tidy: allow machine-path: a container's own -->\n{path}\n",
                 "tools/a": f"# tidy: allow machine-path: a container's own\n{path}\n"}
        self.assertEqual([finding for finding in self.findings(files) if finding[0] != "architecture"], [])


class Longest(TreeTest):
    def test_functions_are_measured_by_their_braces(self):
        code = ("namespace a {\nclass C {\n  int f() {\n    return 1;\n  }\n};\n"
                "void C::g(int x) const {\n  if (x) {\n    auto l = [](int y) {\n      return y;\n    };\n  }\n}\n}\n")
        self.assertEqual(sorted(tidy.functions(tidy.Source("a.cc", code))), [(3, "f", 3), (7, "C::g", 7)])

    def test_length_is_printed_but_does_not_fail(self):
        code = "void f() {\n" + "  g();\n" * 500 + "}\n"
        files = {"bench/CMakeLists.txt": "a.cc\n", "bench/a.cc": code}
        self.assertEqual([finding for finding in self.findings(files) if finding[1] == "bench/a.cc"], [])


if __name__ == "__main__":
    unittest.main()
