// The manifests against the published schemas of Kubernetes and of the Prometheus operator. usage: node kubernetes.mjs FILE…
// The schemas ignore keys that they do not know; a server does not (fieldValidation: Strict). A schema reads each key that
// it knows, so a key that nobody read is a mistake.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const modules = path.join(process.env.NODE_TOOLS, "node_modules");
const yaml = createRequire(path.join(modules, "x.js"))("js-yaml");

async function model(apiVersion, kind) {
  const group = apiVersion.startsWith("monitoring.coreos.com/") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models";
  const file = path.join(modules, group, apiVersion, `${kind}.js`);
  return (await import(pathToFileURL(file)))[kind];
}

function watched(value, at, seen) {
  if (value === null || typeof value !== "object") return value;
  return new Proxy(value, {
    get(target, key) {
      const own = typeof key === "string" && Object.prototype.hasOwnProperty.call(target, key);
      if (own) seen.add(`${at}/${key}`);
      return own ? watched(target[key], `${at}/${key}`, seen) : target[key];
    },
  });
}

function unread(value, at, seen, found) {
  if (value === null || typeof value !== "object") return;
  for (const key of Object.keys(value)) {
    if (seen.has(`${at}/${key}`)) unread(value[key], `${at}/${key}`, seen, found);
    else if (!Array.isArray(value)) found.push(`${at}/${key}`);
  }
}

async function complaints(document) {
  const validate = (await model(document.apiVersion, document.kind)).prototype.validate;
  const seen = new Set(["/apiVersion", "/kind"]);
  try {
    validate.call(watched(document, "", seen));
  } catch (wrong) {
    return [wrong.message];
  }
  const found = [];
  unread(document, "", seen, found);
  return found.map((key) => `${key}: no such key`);
}

// A check that finds nothing wrong anywhere is none.
async function finds_what_is_planted(document) {
  const misspelt = JSON.parse(JSON.stringify(document).replace('"containers":', '"container":'));
  const unknown = JSON.parse(JSON.stringify(document).replace('"readOnlyRootFilesystem":', '"readOnlyRootFileSystem":'));
  return (await complaints(misspelt)).length > 0 && (await complaints(unknown)).length > 0;
}

let wrong = 0;
let planted = false;
for (const file of process.argv.slice(2)) {
  for (const document of yaml.loadAll(fs.readFileSync(file, "utf8"))) {
    const found = await complaints(document);
    console.log(`${found.length ? "WRONG" : "ok   "} ${document.apiVersion} ${document.kind}`);
    for (const line of found) console.log(`      ${line}`);
    wrong += found.length;
    if (document.kind === "Deployment") planted = await finds_what_is_planted(document);
  }
}
if (!planted) console.log("planted mistakes were not found");
process.exit(wrong || !planted ? 1 : 0);
