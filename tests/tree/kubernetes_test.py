"""What the manifests must say, beyond what Kubernetes' schemas know. usage: kubernetes_test.py [--write] [PROJECT]
--write makes docker/kubernetes/prometheusrule.yaml from the alert rules."""
import pathlib
import re
import sys
import unittest

import yaml

WRITE = "--write" in sys.argv and not sys.argv.remove("--write")
PROJECT = pathlib.Path(sys.argv.pop()) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "docker/kubernetes"
RULES = PROJECT / "config/prometheus/rules/syncwarden.yaml"
HEAD = """\
# config/prometheus/rules/syncwarden.yaml for the Prometheus operator; a test holds them equal. After a change there:
#   python3 tests/tree/kubernetes_test.py --write
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: syncwarden
  labels: {app.kubernetes.io/name: syncwarden}
spec:
"""


class Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML takes the last in silence."""


def mapping(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.YAMLError(f"twice: {twice} {node.start_mark}")
    return loader.construct_mapping(node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def prometheus_rule():
    text = RULES.read_text(encoding="utf-8")
    body = text[text.index("groups:"):]
    return HEAD + "".join(f"  {line}\n" if line else "\n" for line in body.splitlines())


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kustomization = yaml.load((FOLDER / "kustomization.yaml").read_text(), Strict)
        cls.all = {}
        for path in FOLDER.glob("*.yaml"):
            for document in yaml.load_all(path.read_text(encoding="utf-8"), Strict):
                cls.all[document["kind"]] = document
        cls.pod = cls.all["Deployment"]["spec"]["template"]["spec"]
        cls.container, = cls.pod["containers"]

    def test_all_that_is_promised_is_there_and_applied(self):
        self.assertLessEqual({"Deployment", "ConfigMap", "Secret", "ServiceMonitor", "PrometheusRule",
                              "PodDisruptionBudget", "Service", "PersistentVolumeClaim"}, set(self.all))
        files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
        self.assertEqual(set(self.kustomization["resources"]), files)

    def test_names_and_labels_find_each_other(self):
        label = {"app.kubernetes.io/name": "syncwarden"}
        for kind, one in self.all.items():
            if kind != "Kustomization":
                self.assertEqual(one["metadata"], {"name": "syncwarden", "labels": label}, kind)
        spec = self.all["Deployment"]["spec"]
        self.assertEqual(spec["template"]["metadata"]["labels"], label)
        self.assertEqual(self.all["Service"]["spec"]["selector"], label)
        for kind in ("Deployment", "PodDisruptionBudget", "ServiceMonitor"):
            self.assertEqual(self.all[kind]["spec"]["selector"]["matchLabels"], label)
        port, = self.container["ports"]
        served, = self.all["Service"]["spec"]["ports"]
        self.assertEqual(served["targetPort"], port["name"])
        self.assertEqual(self.all["ServiceMonitor"]["spec"]["endpoints"][0]["port"], served["name"])
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertEqual(self.container[probe]["httpGet"]["port"], port["name"])
        mounted = {mount["name"] for mount in self.container["volumeMounts"]}
        self.assertEqual(mounted, {volume["name"] for volume in self.pod["volumes"]})

    def test_secrets_that_are_read_are_there(self):
        keys = set(self.all["Secret"]["stringData"])
        for variable in self.container["env"]:
            self.assertIn(variable["valueFrom"]["secretKeyRef"]["key"], keys)
            self.assertIn("${" + variable["name"] + "}", self.all["ConfigMap"]["data"]["syncwarden.yaml"])
        secret = next(volume["secret"] for volume in self.pod["volumes"] if "secret" in volume)
        for item in secret["items"]:
            self.assertIn(item["key"], keys)
            self.assertIn(f"/run/secrets/airbyte/{item['path']}", self.all["ConfigMap"]["data"]["syncwarden.yaml"])

    def test_the_pod_is_restricted(self):
        self.assertTrue(self.pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(self.pod["securityContext"]["runAsUser"], 65532)
        self.assertEqual(self.pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(self.pod["automountServiceAccountToken"])
        own = self.container["securityContext"]
        self.assertEqual(own, {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                               "capabilities": {"drop": ["ALL"]}})

    def test_liveness_never_asks_about_airbyte(self):
        for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            self.assertEqual(self.container[probe]["httpGet"]["path"], path)

    def test_one_state_has_one_writer_and_time_to_end(self):
        spec = self.all["Deployment"]["spec"]
        self.assertEqual((spec["replicas"], spec["strategy"]), (1, {"type": "Recreate"}))
        self.assertGreater(self.pod["terminationGracePeriodSeconds"], 25)

    def test_the_image_is_of_this_version(self):
        version = re.search(r"project\(syncwarden[^)]*VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(self.container["image"], f"syncwarden:{version}")

    def test_the_rules_are_those_of_prometheus(self):
        written = (FOLDER / "prometheusrule.yaml").read_text(encoding="utf-8")
        self.assertTrue(written == prometheus_rule(), "python3 tests/tree/kubernetes_test.py --write")
        self.assertEqual(self.all["PrometheusRule"]["spec"], yaml.safe_load(RULES.read_text(encoding="utf-8")))


class Compose(unittest.TestCase):
    def test_grafana_is_provisioned_with_what_is_there(self):
        compose = yaml.load((PROJECT / "docker/compose.yaml").read_text(), Strict)
        grafana = compose["services"]["grafana"]
        mounts = {mount.split(":")[1]: (PROJECT / "docker" / mount.split(":")[0]) for mount in grafana["volumes"]
                  if mount.startswith(".")}
        for target, source in mounts.items():
            self.assertTrue(source.exists(), source)
        provisioning = mounts["/etc/grafana/provisioning"]
        sources = yaml.load((provisioning / "datasources/prometheus.yaml").read_text(), Strict)["datasources"]
        host = re.fullmatch(r"http://(\w+):9090", sources[0]["url"]).group(1)
        self.assertIn(host, compose["services"])
        provider, = yaml.load((provisioning / "dashboards/syncwarden.yaml").read_text(), Strict)["providers"]
        self.assertEqual(len(list(mounts[provider["options"]["path"]].glob("*.json"))), 3)

    def test_everything_is_named_as_the_configurations_say(self):
        compose = yaml.load((PROJECT / "docker/compose.yaml").read_text(), Strict)
        prometheus = yaml.load((PROJECT / "docker/prometheus.yml").read_text(), Strict)
        named = [prometheus["scrape_configs"][0]["static_configs"][0]["targets"][0],
                 prometheus["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0]]
        for address in named:
            self.assertIn(address.split(":")[0], compose["services"])


if __name__ == "__main__":
    if WRITE:
        (FOLDER / "prometheusrule.yaml").write_text(prometheus_rule(), encoding="utf-8")
    else:
        unittest.main()
