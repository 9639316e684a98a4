"""The dashboards after the rules of Grafana's dashboard-linter, and a little more.
usage: dashboards_test.py config/grafana src/observe/catalogue.hpp"""
import json
import pathlib
import re
import sys
import unittest

import yaml

CATALOGUE = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 2 else pathlib.Path("src/observe/catalogue.hpp")
FOLDER = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 1 else pathlib.Path("config/grafana")

SOURCE = ("$datasource", "${datasource}")
# Of those that Grafana knows, the ones that we use.
UNITS = {"none", "short", "percentunit", "s", "bytes", "Bps", "ops", "rps", "reqps", "bool_yes_no"}
WITH_UNITS = ("stat", "table", "timeseries", "histogram", "bargauge", "state-timeline", "gauge")
SELECTOR = re.compile(r"\b((?:syncwarden|process|scrape)_\w+)(\{[^}]*\})?")
FROM_PROMETHEUS = ("scrape_duration_seconds", "scrape_samples_scraped")


def uid_of(source):
    return source.get("uid") if isinstance(source, dict) else source


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dashboards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
        cls.excused = yaml.safe_load((FOLDER / ".lint").read_text(encoding="utf-8"))["exclusions"]
        cls.families = set(re.findall(r'"((?:syncwarden|process)_\w+)"', CATALOGUE.read_text(encoding="utf-8")))

    def panels(self):
        for name, dashboard in self.dashboards.items():
            for panel in dashboard["panels"]:
                if panel["type"] != "row":
                    yield name, panel

    def targets(self):
        for name, panel in self.panels():
            for target in panel["targets"]:
                yield f"{name}: {panel['title']}", target["expr"]

    def is_excused(self, rule, where):
        dashboard, panel = where.split(": ", 1)
        return any(self.dashboards[dashboard]["title"] == entry["dashboard"] and panel == entry["panel"]
                   for entry in self.excused.get(rule, {}).get("entries", []))

    def test_the_three_are_there(self):
        self.assertEqual(set(self.dashboards), {"syncwarden-overview", "syncwarden-connection", "syncwarden-internals"})

    def test_each_can_be_imported_and_provisioned(self):
        for name, dashboard in self.dashboards.items():
            with self.subTest(name):
                self.assertIsNone(dashboard["id"])
                self.assertEqual(dashboard["uid"], name)
                self.assertLessEqual(len(dashboard["uid"]), 40)
                self.assertNotIn("__inputs", dashboard)
                self.assertFalse(dashboard["editable"])
                self.assertIn("syncwarden", dashboard["tags"])

    def test_template_datasource(self):
        for name, dashboard in self.dashboards.items():
            sources = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
            self.assertEqual([(one["name"], one["label"], one["query"]) for one in sources],
                             [("datasource", "Data source", "prometheus")], name)

    def test_template_job_and_instance(self):
        for name, dashboard in self.dashboards.items():
            variables = {one["name"]: one for one in dashboard["templating"]["list"]}
            for wanted in ("job", "instance"):
                with self.subTest(name, variable=wanted):
                    one = variables[wanted]
                    self.assertEqual((one["type"], one["label"], one["multi"], one["allValue"]),
                                     ("query", wanted.title(), True, ".+"))

    def test_template_variables_ask_prometheus_and_follow_the_time_range(self):
        for name, dashboard in self.dashboards.items():
            for one in dashboard["templating"]["list"]:
                if one["type"] == "query":
                    with self.subTest(name, variable=one["name"]):
                        self.assertIn(uid_of(one["datasource"]), SOURCE)
                        self.assertEqual(one["refresh"], 2)
                        self.assertRegex(one["query"]["query"], r"^label_values\(syncwarden_\w+(\{.*\})?, \w+\)$")

    def test_panels_have_a_datasource_a_title_and_a_description(self):
        titles = set()
        for name, panel in self.panels():
            with self.subTest(name, panel=panel.get("title")):
                self.assertIn(uid_of(panel["datasource"]), SOURCE)
                self.assertTrue(panel["title"])
                self.assertRegex(panel["description"], r"\.$")
                titles.add((name, panel["title"], panel["gridPos"]["y"]))
        self.assertEqual(len(titles), len(list(self.panels())))

    def test_panels_have_units_and_targets(self):
        for name, panel in self.panels():
            with self.subTest(name, panel=panel["title"]):
                self.assertTrue(panel["targets"])
                self.assertIn(panel["type"], WITH_UNITS)
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)

    def test_panels_do_not_overlap(self):
        for name, dashboard in self.dashboards.items():
            taken = {}
            for panel in dashboard["panels"]:
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24, f"{name}: {panel['title']}")
                for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
                    self.assertNotIn(cell, taken, f"{name}: {panel['title']} lies on {taken.get(cell)}")
                    taken[cell] = panel["title"]

    def test_panel_ids_are_unique(self):
        for name, dashboard in self.dashboards.items():
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)

    def test_every_selector_asks_for_job_and_instance(self):
        for where, expr in self.targets():
            with self.subTest(where):
                selectors = SELECTOR.findall(expr)
                self.assertTrue(selectors)
                for metric, labels in selectors:
                    self.assertIn('job=~"$job"', labels, metric)
                    self.assertIn('instance=~"$instance"', labels, metric)

    def test_rates_use_the_rate_interval(self):
        for where, expr in self.targets():
            for function, window in re.findall(r"\b(rate|irate|increase)\([^[]*\[([^]]*)\]", expr):
                if window != "$__rate_interval" and not self.is_excused("target-rate-interval-rule", where):
                    self.fail(f"{where}: {function} over {window}")

    def test_counters_only_stand_inside_of_rates(self):
        for where, expr in self.targets():
            inside = re.sub(r"\b(?:rate|irate|increase)\([^[]*\[[^]]*\]\)", "", expr)
            self.assertNotRegex(inside, r"\w_total\b", where)

    def test_every_metric_is_one_of_ours(self):
        self.assertGreater(len(self.families), 60)
        for where, expr in self.targets():
            for metric, _ in SELECTOR.findall(expr):
                family = re.sub(r"_bucket$", "", metric)
                self.assertTrue(family in self.families or metric in FROM_PROMETHEUS, f"{where}: {metric}")

    def test_every_excuse_is_needed_and_says_why(self):
        used = {(where.split(": ", 1)[0], where.split(": ", 1)[1]) for where, expr in self.targets() if "$__range" in expr}
        for rule, what in self.excused.items():
            self.assertTrue(what["reason"], rule)
            for entry in what["entries"]:
                uid = next(name for name, one in self.dashboards.items() if one["title"] == entry["dashboard"])
                self.assertIn((uid, entry["panel"]), used, rule)


if __name__ == "__main__":
    unittest.main()
