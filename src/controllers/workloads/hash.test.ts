import assert from "node:assert/strict";
import { test } from "node:test";
import { revisionHash, sameTemplate, templateHash } from "./hash.ts";
import type { PodTemplate } from "./kinds.ts";
import { dataText, revisionData } from "./revisions.ts";

const template = (labels: Record<string, string>, spec: object = {}): PodTemplate => ({
  metadata: { labels },
  spec: { containers: [{ name: "main", image: "nginx" }], ...spec },
});

test("the hash of a template is the same for the same template, and another after a collision", () => {
  const hash = templateHash(template({ a: "1", b: "2" }), undefined);
  assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  assert.equal(templateHash(template({ b: "2", a: "1" }, { volumes: [], nodeSelector: {} }), undefined), hash);
  assert.notEqual(templateHash(template({ a: "1" }), undefined), hash);
  assert.notEqual(templateHash(template({ a: "1", b: "2" }), 1), hash);
});

test("templates are compared without their hash, and without what is empty", () => {
  const marked = template({ a: "1", "pod-template-hash": "x" }, { tolerations: [] });
  assert.ok(sameTemplate(template({ a: "1" }), marked));
  assert.ok(!sameTemplate(template({ a: "1" }, { volumes: [{ name: "v", emptyDir: {} }] }), template({ a: "1" })));
});

test("a revision's data and hash are Kubernetes'", () => {
  const spec = {
    containers: [
      {
        name: "main",
        image: "nginx:2",
        command: ["a<b>&c"],
        imagePullPolicy: "IfNotPresent",
        resources: { limits: { cpu: "1" } },
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    tolerations: [],
    volumes: [{ name: "e", emptyDir: {} }],
  };
  const data = revisionData({ metadata: { labels: { app: "db" }, annotations: { q: "z" } }, spec });
  // What kube-controller-manager 1.34.4 named the revision of a StatefulSet with this template.
  assert.equal(revisionHash(dataText(data), 0), "688ffb6f9");
  assert.notEqual(revisionHash(dataText(data), 1), "688ffb6f9");
});

test("a container without resources has empty ones in a revision, as Go writes them", () => {
  const data = revisionData(template({ app: "db" }));
  const text = dataText(data);
  assert.equal(JSON.stringify(data), text, "its fields are in that order");
  assert.equal(
    text,
    '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"image":"nginx","name":"main","resources":{}}]}}}}',
  );
});
