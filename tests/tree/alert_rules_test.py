"""The manners of the alert rules, and that each is tested both ways. usage: alert_rules_test.py config/prometheus"""
import pathlib
import re
import sys
import unittest

import yaml

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

    def test_the_tests_know_no_other_alerts(self):
        self.assertLessEqual({check["alertname"] for check in self.asserted}, {alert["alert"] for alert in self.alerts})

    def test_the_readme_says_what_to_do_about_each(self):
        rows = set(re.findall(r"^\| `(\w+)` \|", self.manual, re.MULTILINE))
        self.assertEqual(rows, {alert["alert"] for alert in self.alerts})


if __name__ == "__main__":
    unittest.main()
