"""Plants one violation of each rule in a small tree and expects to hear of it, and of nothing else."""
import pathlib
import tempfile
import unittest

import tree_rules

CLEAN = {
    "CMakeLists.txt": "project(x)\n",
    "README.md": "x\n",
    "src/base/README.md": "base\n",
    "src/base/a.hpp": "#pragma once\n#include <string>\n",
    "src/model/README.md": "model\n",
    "src/model/m.cpp": '#include "model/m.hpp"\n\n#include "base/a.hpp"\n// system_clock::now() is for others\n',
    "src/model/m.hpp": "#pragma once\n#include <random>\n",
    "src/ports/README.md": "ports\n",
    "src/ports/p.hpp": "#include <boost/asio/awaitable.hpp>\n",
    "src/http/README.md": "http\n",
    "src/http/beast.cpp": '#include "http/impl/x.hpp"\n#include <boost/asio/ssl.hpp>\n#include <boost/beast/http.hpp>\n',
    "src/http/impl/x.hpp": "#include <boost/asio/awaitable.hpp>\nauto t = asio::steady_timer::clock_type::now();\n",
    "src/runtime/README.md": "runtime\n",
    "src/runtime/clock.cpp": "auto t = std::chrono::system_clock::now();\n",
    "src/app/README.md": "app\n",
    "src/app/main.cpp": "#include <random>\nstd::random_device seed;\n",
    "src/observe/README.md": "observe\n",
    "src/observe/catalogue.cpp": '#include <prometheus/registry.h>\nauto n = "syncwarden_delay_seconds";\n',
    "config/prometheus/rules/r.yaml": "- expr: syncwarden_delay_seconds_bucket + job:syncwarden_x:ratio\n",
    "tests/model/m_test.cpp": '#include "http/impl/x.hpp"\nauto t = std::chrono::steady_clock::now();\n',
}

PLANTED = {
    "an upward include": ("src/base/b.cpp", '#include "model/m.hpp"\n', "base may not include model"),
    "core and ports kept apart": ("src/model/b.cpp", '#include "ports/p.hpp"\n', "model may not include ports"),
    "a private header": ("src/app/b.cpp", '#include "http/impl/x.hpp"\n', "is private to http"),
    "our header in angle brackets": ("src/model/b.cpp", "#include <base/a.hpp>\n", "is ours"),
    "an include beside itself": ("src/model/b.cpp", '#include "m.hpp"\n', "write the path from src/"),
    "a room that is in no order": ("src/other/b.cpp", "int x;\n", "not in the order of rooms"),
    "asio in a pure room": ("src/model/b.cpp", "#include <boost/asio/awaitable.hpp>\n", "only computes"),
    "a thread in a pure room": ("src/model/b.cpp", "#include <thread>\n", "only computes"),
    "logging in a pure room": ("src/model/b.cpp", "#include <spdlog/spdlog.h>\n", "only computes"),
    "more of Boost in ports": ("src/ports/b.hpp", "#include <boost/asio/io_context.hpp>\n", "nothing else of Boost"),
    "Beast in a header": ("src/http/b.hpp", "#include <boost/beast/http.hpp>\n", "Beast"),
    "Beast in another room": ("src/app/b.cpp", "#include <boost/beast/http.hpp>\n", "Beast"),
    "OpenSSL in another room": ("src/app/b.cpp", "#  include <openssl/ssl.h>\n", "OpenSSL"),
    "prometheus in a header": ("src/observe/b.hpp", "#include <prometheus/counter.h>\n", "prometheus-cpp"),
    "SQLite in another room": ("src/app/b.cpp", "#include <sqlite3.h>\n", "SQLite"),
    "JSON in a header": ("src/app/b.hpp", "#include <boost/json.hpp>\n", "Boost.JSON"),
    "YAML in another room": ("src/app/b.cpp", "#include <yaml-cpp/yaml.h>\n", "yaml-cpp"),
    "a wall clock": ("src/app/b.cpp", "auto t = std::chrono::system_clock::now();\n", "reads a clock"),
    "a steady clock": ("src/runtime/b.cpp", "auto t = std::chrono::steady_clock ::now();\n", "reads a clock"),
    "a timer's clock": ("src/runtime/b.cpp", "auto t = asio::steady_timer::clock_type::now();\n", "reads a clock"),
    "C's time": ("src/app/b.cpp", "auto t = std::time(nullptr);\n", "reads a clock"),
    "a random device": ("src/base/b.cpp", "std::random_device d;\n", "asks for chance"),
    "a detached coroutine": ("src/app/b.cpp", "co_spawn(ex, f(), asio::detached);\n", "detached"),
    "a long file": ("src/app/b.cpp", "int x;\n" * 601, "too many"),
    "a vague file": ("src/app/time_utils.cpp", "int x;\n", "says nothing"),
    "a vague folder": ("src/app/common/b.cpp", "int x;\n", "says nothing"),
    "a vague class of things": ("src/app/job_manager.hpp", "int x;\n", "says nothing"),
    "a room without a README": ("src/store/b.cpp", "int x;\n", "needs a README.md"),
    "an entry at the top": ("notes.txt", "x\n", "top level"),
    "a folder at the top": ("tools/x.sh", "x\n", "top level"),
    "a machine's path": ("docker/x", "COPY /ro" + "ot/x /x\n", "somebody's machine"),
    "a home": ("README.md", "see /ho" + "me/ann/x\n", "somebody's machine"),
    "an awaited aggregate": ("src/app/b.cpp", "void f() {\n  co_await g(A{1});\n}\n", "gcc 12"),
    "an awaited aggregate in a test": ("tests/app/b.cpp", "void f() {\n  co_await g(A{1});\n}\n", "gcc 12"),
    "a rule on a metric that does not exist":
        ("config/prometheus/rules/s.yaml", "- expr: rate(syncwarden_delay_bucket[5m])\n", "no metric is called"),
}


def findings_of(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return list(tree_rules.findings(root))


class TreeRules(unittest.TestCase):
    def test_accepts_a_clean_tree(self):
        self.assertEqual(findings_of(CLEAN), [])

    def test_hears_of_each_planted_violation(self):
        for name, (path, text, expected) in PLANTED.items():
            with self.subTest(name):
                files = dict(CLEAN)
                files[path] = text
                room = tree_rules.room_of(path)
                if room and expected != "needs a README.md":
                    files.setdefault(f"src/{room}/README.md", "x\n")
                found = findings_of(files)
                self.assertEqual(len(found), 1, found)
                where, _, why = found[0]
                self.assertTrue(path.startswith(where), found)
                self.assertIn(expected, why)

    def test_every_room_is_ordered_behind_what_it_includes(self):
        seen = set()
        for room, allowed in tree_rules.ROOMS.items():
            self.assertLessEqual(set(allowed.split()), seen, room)
            seen.add(room)

    def test_words_in_comments_and_strings_are_no_violation(self):
        files = dict(CLEAN)
        files["src/app/b.cpp"] = '/* detached\n random_device */\nauto s = "steady_clock::now()";\n'
        self.assertEqual(findings_of(files), [])


if __name__ == "__main__":
    unittest.main()
