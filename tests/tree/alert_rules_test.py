"""The manners of the alert rules, and that each is tested both ways. usage: alert_rules_test.py config/prometheus
src/observe/catalogue.hpp"""
import pathlib
import re
import sys
import unittest

import yaml

CATALOGUE = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 2 else pathlib.Path("src/observe/catalogue.hpp")
FOLDER = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 1 else pathlib.Path("config/prometheus")


class AlertRules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rules = yaml.safe_load((FOLDER / "rules/syncwarden.yaml").read_text(encoding="utf-8"))
        tests = yaml.safe_load((FOLDER / "tests/syncwarden_test.yaml").read_text(encoding="utf-8"))
        cls.groups = rules["groups"]
        cls.alerts = [rule for group in cls.groups for rule in group["rules"] if "alert" in rule]
        cls.asserted = [check for test in tests["tests"] for check in test["alert_rule_test"]]
        cls.manual = (FOLDER / "README.md").read_text(encoding="utf-8")

    def test_groups_are_small_and_named_shortly(self):
        for group in self.groups:
            self.assertLessEqual(len(group["name"]), 40)
            self.assertLessEqual(len(group["rules"]), 20, group["name"])

    def test_names(self):
        names = [alert["alert"] for alert in self.alerts]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^Syncwarden([A-Z]+[a-z0-9]+)+$")
            self.assertLessEqual(len(name), 40)

    def test_severities_and_texts(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                self.assertIn(alert["labels"]["severity"], ("critical", "warning", "info"))
                self.assertRegex(alert["annotations"]["summary"], r"^[A-Z][^{}]*\.$")
                self.assertIn("{{", alert["annotations"]["description"])

    def test_each_fires_in_one_test_and_stays_silent_in_another(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                expectations = [bool(check["exp_alerts"]) for check in self.asserted if check["alertname"] == alert["alert"]]
                self.assertIn(True, expectations, "no test in which it fires")
                self.assertIn(False, expectations, "no test in which it stays silent")

    def test_each_asks_for_metrics_that_exist(self):
        families = set(re.findall(r'"((?:syncwarden|process)_\w+)"', CATALOGUE.read_text(encoding="utf-8")))
        self.assertGreater(len(families), 60)
        for rule in (rule for group in self.groups for rule in group["rules"]):
            for metric in re.findall(r"(?<![\w:])(?:syncwarden|process)_\w+", rule["expr"]):
                self.assertIn(re.sub(r"_bucket$", "", metric), families, rule.get("alert"))

    def test_the_tests_know_no_other_alerts(self):
        self.assertLessEqual({check["alertname"] for check in self.asserted}, {alert["alert"] for alert in self.alerts})

    def test_the_readme_lists_each_with_its_runbook(self):
        rows = re.findall(r"^\| \[`(\w+)`\]\(runbooks/(\w+)\.md\) \|", self.manual, re.MULTILINE)
        self.assertEqual(sorted(rows), sorted((alert["alert"],) * 2 for alert in self.alerts))

    def test_each_names_its_runbook(self):
        for alert in self.alerts:
            self.assertTrue(alert["annotations"].get("runbook_url", "").endswith(f"/runbooks/{alert['alert']}.md"), alert["alert"])

    def test_each_runbook_is_there_and_says_what_to_do(self):
        pages = {page.stem: page.read_text(encoding="utf-8") for page in (FOLDER / "runbooks").glob("*")}
        self.assertEqual(set(pages), {alert["alert"] for alert in self.alerts})
        for name, text in pages.items():
            with self.subTest(name):
                self.assertEqual(re.findall(r"^#+ .*$", text, re.MULTILINE),
                                 [f"# {name}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"])
                self.assertNotRegex(text, r"(?m)^## .*\n\s*(\n## |\Z)", "an empty section")
                diagnosis = text.split("## Diagnosis")[1].split("## Mitigation")[0]
                self.assertRegex(diagnosis, r"(?m)^    (syncwarden|curl|systemctl) ", "nothing to type")


class Alertmanager(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.config = yaml.safe_load((FOLDER / "alertmanager.yml").read_text(encoding="utf-8"))
        cls.names = {rule["alert"]
                     for group in yaml.safe_load((FOLDER / "rules/syncwarden.yaml").read_text(encoding="utf-8"))["groups"]
                     for rule in group["rules"] if "alert" in rule}

    def test_inhibition_names_alerts_that_exist_and_stays_within_a_job(self):
        for rule in self.config["inhibit_rules"]:
            self.assertIn("job", rule["equal"])
            for matcher in rule["source_matchers"] + rule["target_matchers"]:
                pattern = re.fullmatch(r'alertname\s*=~?\s*"?([^"]+)"?', matcher)
                self.assertIsNotNone(pattern, matcher)
                # Each alternative: Syncwarden(A|B).* is SyncwardenA.* and SyncwardenB.*
                begin, middle, end = re.fullmatch(r"(\w*)(?:\(([^)]*)\))?(.*)", pattern[1]).groups()
                for word in (middle or "").split("|"):
                    self.assertTrue([name for name in self.names if re.fullmatch(begin + word + end, name)],
                                    f"no alert is {begin}{word}{end}")

    def test_no_alert_inhibits_itself(self):
        for rule in self.config["inhibit_rules"]:
            source, target = (set(name for name in self.names for matcher in rule[side]
                                  if re.fullmatch(re.fullmatch(r'alertname\s*=~?\s*"?([^"]+)"?', matcher)[1], name))
                              for side in ("source_matchers", "target_matchers"))
            self.assertFalse(source & target)


if __name__ == "__main__":
    unittest.main()
