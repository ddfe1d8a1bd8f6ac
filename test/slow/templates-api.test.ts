import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isJsonObject, type JsonObject, type JsonValue, parseYaml } from "../../src/apimachinery/index.ts";
import { startControlPlane } from "../../src/control-plane/index.ts";
import { type Definition, formOf, readKubernetesDefinitions, sampleOf } from "../../src/templates/index.ts";
import { acceptanceText, type Fill, serverOf, tryOnServer } from "../../src/templates/testing/api-acceptance.ts";

const plane = await startControlPlane({ controllers: false });
after(() => plane[Symbol.asyncDispose]());

/** What each part of the schema language asks of a sample, as schemas of `spec`. */
const specs: Record<string, string> = {
  Scaler: `
    type: object
    required: [min, max, target]
    x-kubernetes-validations:
    - {rule: "self.min <= self.max", message: min must not be more than max}
    - {rule: "!has(self.cpu) || !has(self.memory)", message: only one of cpu and memory}
    - {rule: "self.target.startsWith('app-')"}
    properties:
      min: {type: integer, minimum: 2, maximum: 10}
      max: {type: integer, minimum: 1}
      cpu: {type: integer, minimum: 1, maximum: 100}
      memory: {type: integer, exclusiveMinimum: true, minimum: 0, multipleOf: 5}
      target:
        type: string
        minLength: 6
        x-kubernetes-validations: [{rule: "self == oldSelf", message: cannot be changed}]
      windows:
        type: array
        maxItems: 5
        items:
          type: object
          required: [from, to]
          x-kubernetes-validations: [{rule: "self.from < self.to"}]
          properties: {from: {type: integer, minimum: 0, maximum: 24}, to: {type: integer, minimum: 0, maximum: 24}}`,
  Limit: `
    type: object
    required: [port, storage]
    properties:
      port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
      share: {x-kubernetes-int-or-string: true, pattern: '^(100|[1-9]?[0-9])%$', anyOf: [{type: integer}, {type: string}]}
      storage:
        x-kubernetes-int-or-string: true
        anyOf: [{type: integer}, {type: string}]
        pattern: '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$'
      resources:
        type: object
        additionalProperties:
          x-kubernetes-int-or-string: true
          anyOf: [{type: integer}, {type: string}]`,
  Source: `
    type: object
    oneOf:
    - required: [git]
    - required: [archive]
    - required: [bucket]
    properties:
      git: {type: object, required: [url], properties: {url: {type: string, pattern: '^https?://'}, depth: {type: integer, default: 1}}}
      archive: {type: object, required: [url], properties: {url: {type: string, format: uri}}}
      bucket:
        type: object
        anyOf: [{required: [name]}, {required: [arn]}]
        properties: {name: {type: string}, arn: {type: string, pattern: '^arn:aws:s3:::.+'}}
      mode: {type: string, not: {enum: [""]}, enum: [pull, push, ""]}`,
  Pool: `
    type: object
    required: [ports, zones]
    properties:
      ports:
        type: array
        minItems: 2
        x-kubernetes-list-type: map
        x-kubernetes-list-map-keys: [number, protocol]
        items:
          type: object
          required: [number]
          properties:
            number: {type: integer, minimum: 1, maximum: 65535}
            protocol: {type: string, default: TCP, enum: [TCP, UDP]}
            name: {type: string, maxLength: 15}
      zones: {type: array, x-kubernetes-list-type: set, minItems: 3, items: {type: string, enum: [a, b, c, d]}}
      weights: {type: array, x-kubernetes-list-type: set, minItems: 2, items: {type: integer}}`,
  Policy: `
    type: object
    required: [rules]
    properties:
      level: {type: string, default: info, enum: [debug, info]}
      retention:
        type: object
        default: {}
        properties:
          days: {type: integer, default: 30, minimum: 1}
          classes: {type: array, default: [hot], items: {type: string}}
      rules:
        type: array
        minItems: 1
        items:
          type: object
          required: [match]
          properties:
            match:
              type: object
              required: [labels]
              properties:
                labels: {type: object, minProperties: 1, additionalProperties: {type: string, minLength: 3}}
            then: {type: array, items: {type: array, minItems: 1, items: {type: string}}}`,
  Nothing: `
    type: object
    required: [answer]
    properties:
      answer: {type: string, nullable: true, enum: [yes please, no thanks]}
      owner: {type: object, nullable: true, required: [name], properties: {name: {type: string}}}
      codes: {type: array, nullable: true, items: {type: integer, nullable: true}}`,
  Wrapper: `
    type: object
    required: [template]
    properties:
      template:
        type: object
        x-kubernetes-embedded-resource: true
        x-kubernetes-preserve-unknown-fields: true
      values: {type: object, x-kubernetes-preserve-unknown-fields: true}
      anything: {x-kubernetes-preserve-unknown-fields: true}
      known:
        type: object
        x-kubernetes-preserve-unknown-fields: true
        required: [id]
        properties: {id: {type: integer}}`,
  Event: `
    type: object
    required: [at, every, from, network, id, link, mail, payload, day, host]
    properties:
      at: {type: string, format: date-time}
      every: {type: string, format: duration}
      day: {type: string, format: date}
      from: {type: string, format: ipv4}
      over: {type: string, format: ipv6}
      network: {type: string, format: cidr}
      id: {type: string, format: uuid}
      link: {type: string, format: uri}
      mail: {type: string, format: email}
      payload: {type: string, format: byte}
      host: {type: string, format: hostname}
      mac: {type: string, format: mac}
      count: {type: integer, format: int32, minimum: 7}
      big: {type: integer, format: int64}
      ratio: {type: number, format: double, minimum: 0.5, maximum: 0.75}`,
  Name: `
    type: object
    required: [bucket, schedule, version, label]
    properties:
      bucket: {type: string, pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$', minLength: 3, maxLength: 63}
      schedule: {type: string, pattern: '^(\\S+\\s+){4}\\S+$'}
      version: {type: string, pattern: '^v?(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(\\.(0|[1-9]\\d*))?(-[0-9A-Za-z-]+)?$'}
      label: {type: string, pattern: '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$', maxLength: 9, minLength: 8}
      cidr: {type: string, pattern: '^([0-9]{1,3}\\.){3}[0-9]{1,3}/([0-9]|[1-2][0-9]|3[0-2])$'}
      time: {type: string, pattern: '^([0-9]+(ns|us|ms|s|m|h))+$', default: 5m}`,
  Depth: `
    type: object
    required: [a]
    properties:
      a:
        type: object
        required: [b]
        properties:
          b:
            type: object
            required: [c]
            properties:
              c:
                type: object
                required: [d]
                properties:
                  d:
                    type: object
                    required: [e]
                    properties:
                      e:
                        type: array
                        minItems: 1
                        items:
                          type: object
                          required: [f]
                          properties:
                            f:
                              type: object
                              required: [g]
                              properties:
                                g: {type: object, required: [h], properties: {h: {type: string, pattern: '^x{3}$'}}}`,
};

/** Kinds that keep what people write elsewhere than in `spec`. */
const others: Record<string, string> = {
  Settings: `
    type: object
    required: [data]
    properties:
      apiVersion: {type: string}
      kind: {type: string}
      metadata: {type: object}
      data: {type: object, minProperties: 1, additionalProperties: {type: string}}
      immutable: {type: boolean}
      status: {type: object, required: [ready], properties: {ready: {type: boolean}}}`,
  Both: `
    type: object
    required: [spec, roleRef]
    properties:
      metadata: {type: object, properties: {name: {type: string, maxLength: 6}}}
      spec: {type: object, required: [size], properties: {size: {type: integer, enum: [3, 5]}}}
      roleRef: {type: object, required: [name], properties: {name: {type: string}}}`,
};

const crossplane = ["v1", "v2"].map(
  (version) => `
apiVersion: apiextensions.crossplane.io/${version}
kind: CompositeResourceDefinition
metadata: {name: xstores${version}.samples.example.com}
spec:
  group: samples.example.com
  names: {kind: XStore${version}, plural: xstores${version}}
  ${version === "v1" ? "claimNames: {kind: Store, plural: stores}\n  connectionSecretKeys: [host]" : "scope: Namespaced"}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [parameters]
            properties:
              parameters:
                type: object
                required: [region]
                properties: {region: {type: string, enum: [eu, us]}, sizeGB: {type: integer, minimum: 20}}
`,
);

const graph = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: web}
spec:
  schema:
    apiVersion: v1alpha1
    kind: WebService
    types:
      Port: {name: string | required=true, number: integer | required=true minimum=1}
    spec:
      image: string | required=true pattern="^[a-z/.-]+:[a-z0-9.]+$"
      replicas: integer | default=2 maximum=9
      ports: "[]Port | listType=map listMapKey=name minItems=1"
      env: map[string]string
`;

const old = `
apiVersion: apiextensions.k8s.io/v1beta1
kind: CustomResourceDefinition
metadata: {name: oldjobs.samples.example.com}
spec:
  group: samples.example.com
  version: v1
  names: {kind: OldJob, plural: oldjobs}
  validation:
    openAPIV3Schema:
      type: object
      properties: {spec: {type: object, required: [image], properties: {image: {type: string}}}}
`;

function crd(kind: string, schema: JsonValue): string {
  const plural = `${kind.toLowerCase()}s`;
  return JSON.stringify({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.samples.example.com` },
    spec: {
      group: "samples.example.com",
      scope: kind === "Policy" ? "Cluster" : "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
}

const texts = [
  ...Object.entries(specs).map(([kind, spec]) =>
    crd(kind, { type: "object", required: ["spec"], properties: { spec: parseYaml(spec) } }),
  ),
  ...Object.entries(others).map(([kind, schema]) => crd(kind, parseYaml(schema))),
  ...crossplane,
  graph,
  old,
];

const { install, judge } = serverOf(plane.handler, { name: "kubernetes-admin", groups: ["system:masters"] });

function answersOf(definition: Definition, fill: Fill): JsonObject {
  const answers = sampleOf(formOf(definition).schema, { fill });
  assert.ok(isJsonObject(answers));
  return answers;
}

test("what the forms of kinds ask for is what an API server accepts", async () => {
  const definitions = texts.flatMap((text, index) => {
    const { definitions, problems } = readKubernetesDefinitions(text, { file: `sample-${index}.yaml` });
    assert.deepEqual(problems, []);
    return definitions;
  });
  assert.equal(definitions.length, texts.length);
  const trials = await tryOnServer(definitions, { install, judge, answersOf });
  assert.equal(trials.length, 2 * definitions.length);
  assert.ok(
    trials.every(({ state }) => state === "accepted"),
    acceptanceText(trials),
  );
});

test("the server refuses what a form would not let through", async () => {
  const [text = ""] = texts;
  const trials = await tryOnServer(readKubernetesDefinitions(text, { file: "scaler.yaml" }).definitions, {
    install,
    judge,
    answersOf: () => ({ name: "sample", config: { min: 3, max: 2, target: "app-1", unknown: true } }),
  });
  assert.deepEqual(
    trials.map(({ state }) => state),
    ["refused", "refused"],
  );
  assert.match(trials[0]?.why ?? "", /unknown field "spec.unknown"/);
});
