import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type JsonObject, parseYaml } from "../../apimachinery/index.ts";
import { accepts } from "./accepts.ts";
import { inferValuesSchema, readValuesDocs } from "./infer-values.ts";
import { createRandom, randomValues } from "./testing/random-source.ts";

function infer(text: string): { schema: JsonObject; notes: string[] } {
  const values = parseYaml(text);
  assert.ok(isJsonObject(values));
  const { schema, notes } = inferValuesSchema(values, readValuesDocs(text));
  return { schema, notes: notes.map(({ at, message }) => `${at}: ${message}`) };
}

/** The schemas of the fields of a values file. */
function fieldsOf(text: string): unknown {
  return infer(text).schema["properties"];
}

const cases: Record<string, { text: string; want: JsonObject }> = {
  "types and defaults by values, in their order": {
    text: "z: 1\na: 1.0\nb: x\nc: true\nd: [1, 2]\ne: {f: g}\n",
    want: {
      z: { type: "integer", default: 1 },
      a: { type: "number", default: 1 },
      b: { type: "string", default: "x" },
      c: { type: "boolean", default: true },
      d: { type: "array", items: { type: "integer" }, default: [1, 2] },
      e: { type: "object", properties: { f: { type: "string", default: "g" } } },
    },
  },
  "what is empty as free, or as its comments say": {
    text: "a:\n# -- (int) How many\nb:\nc: {}\nd: []\n# -- (string) What\ne: ~\n",
    want: {
      a: {},
      b: { type: ["integer", "null"], description: "How many" },
      c: { type: "object", additionalProperties: true },
      d: { type: "array", items: {} },
      e: { type: ["string", "null"], description: "What" },
    },
  },
  "items of an empty list by an example": {
    text: "# e.g.\n# hosts:\n#   - a.example.com\nhosts: []\nenv: []\n# - name: A\n#   value: b\n",
    want: {
      hosts: { type: "array", items: { type: "string" }, "ui:help": "Example:\nhosts:\n  - a.example.com" },
      env: {
        type: "array",
        items: { type: "object", additionalProperties: true },
        "ui:help": "Example:\n- name: A\n  value: b",
      },
    },
  },
  "items of a list by all of them, without defaults": {
    text: "a:\n  # Its name\n  - name: x\n    port: 1\n  - name: w\n    more: {z: 1}\nb: [1, x]\n",
    want: {
      a: {
        type: "array",
        items: {
          type: "object",
          properties: {
            name: { type: "string", description: "Its name" },
            port: { type: "integer", minimum: 1, maximum: 65535 },
            more: { type: "object", properties: { z: { type: "integer" } } },
          },
        },
        default: [
          { name: "x", port: 1 },
          { name: "w", more: { z: 1 } },
        ],
      },
      b: { type: "array", items: {}, default: [1, "x"] },
    },
  },
  "names that all charts know": {
    text: "replicaCount: 2\nimage: {repository: x, tag: '', pullPolicy: ''}\nservice: {type: ClusterIP, port: 80}\nnodeSelector: {a: b}\n",
    want: {
      replicaCount: { type: "integer", minimum: 0, default: 2 },
      image: {
        type: "object",
        properties: {
          repository: { type: "string", default: "x" },
          tag: { type: "string", default: "" },
          pullPolicy: { type: "string", enum: ["Always", "IfNotPresent", "Never", ""], default: "" },
        },
      },
      service: {
        type: "object",
        properties: {
          type: {
            type: "string",
            enum: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"],
            default: "ClusterIP",
          },
          port: { type: "integer", minimum: 1, maximum: 65535, default: 80 },
        },
      },
      nodeSelector: { type: "object", additionalProperties: { type: "string" }, default: { a: "b" } },
    },
  },
  "names whose value says something else": {
    text: "service: {type: Headless}\nreplicaCount: auto\nlabels: {a: {b: c}}\nport: '80'\n",
    want: {
      service: { type: "object", properties: { type: { type: "string", default: "Headless" } } },
      replicaCount: { type: "string", default: "auto" },
      labels: {
        type: "object",
        properties: { a: { type: "object", properties: { b: { type: "string", default: "c" } } } },
      },
      port: { type: "string", default: "80" },
    },
  },
  secrets: {
    text: "auth: {password: '', existingSecret: x, passwordKey: v, userPassword: z, token: t}\nsecretKey: k\ntokenUrl: u\n",
    want: {
      auth: {
        type: "object",
        properties: {
          password: { type: "string", format: "password", default: "" },
          existingSecret: { type: "string", default: "x" },
          passwordKey: { type: "string", default: "v" },
          userPassword: { type: "string", format: "password", default: "z" },
          token: { type: "string", format: "password", default: "t" },
        },
      },
      secretKey: { type: "string", format: "password", default: "k" },
      tokenUrl: { type: "string", default: "u" },
    },
  },
  "choices, as long as the value is one of them": {
    text: "# One of: `a`, `b`\nx: a\n# One of: `a`, `b`\nw: c\n# One of: `a`, `b`\nz: ''\n# Allowed values: 1, 2, 3\nv: 2\n",
    want: {
      x: { type: "string", enum: ["a", "b"], default: "a", description: "One of: `a`, `b`" },
      w: { type: "string", default: "c", description: "One of: `a`, `b`" },
      z: { type: "string", enum: ["a", "b", ""], default: "", description: "One of: `a`, `b`" },
      v: { type: "integer", enum: [1, 2, 3], default: 2, description: "Allowed values: 1, 2, 3" },
    },
  },
  annotations: {
    text: "# @schema\n# type: [string, integer]\n# pattern: ^[a-z]+$\n# title: Name\n# @schema\nname: ''\nport: 80 # @schema minimum:1024;maximum:2000\n",
    want: {
      name: { type: ["string", "integer"], pattern: "^$|^[a-z]+$", title: "Name", default: "" },
      port: { type: "integer", maximum: 2000, default: 80 },
    },
  },
  "keys for users alone, and fields that only comments know": {
    text: "# @ignored\nhidden: 1\n## @param a.b [string] What b is\n## @extra a.c [array] What c is\n## @param a.d.e What e is\na:\n  b: x\n  d.e: w\n",
    want: {
      a: {
        type: "object",
        properties: {
          b: { type: "string", default: "x", description: "What b is" },
          "d.e": { type: "string", default: "w", description: "What e is" },
          c: { type: "array", description: "What c is" },
        },
      },
    },
  },
};
for (const [name, { text, want }] of Object.entries(cases)) {
  test(`values show ${name}`, () => {
    assert.deepEqual(fieldsOf(text), want);
    assert.deepEqual(Object.keys(Object(fieldsOf(text))), Object.keys(want));
  });
}

test("what comments say against the value is named", () => {
  assert.deepEqual(infer("port: 80 # @schema minimum:1024\n").notes, [
    "port: What the comments say by minimum does not fit the chart's own value, and is left out",
  ]);
});

test("resources have requests and limits whatever the chart has", () => {
  const { schema } = infer("resources:\n  limits:\n    cpu: 1\n");
  const cpu = { type: ["string", "number"], description: "Processors, such as 500m or 2" };
  const { limits, requests } = Object(Object(schema["properties"]).resources).properties;
  assert.deepEqual(limits.properties.cpu, { ...cpu, default: 1 });
  assert.deepEqual(requests.properties.cpu, cpu);
});

test("values of any depth are described as far as forms go", () => {
  const deep = `${Array.from({ length: 300 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")} 1\n`;
  assert.ok(JSON.stringify(infer(deep).schema).length < 5000);
});

test("any values file is read, and its values fit what is made of it", () => {
  for (let seed = 0; seed < 400; seed++) {
    const text = randomValues(createRandom(seed));
    const values = parseYaml(text);
    assert.ok(isJsonObject(values), `seed ${seed}`);
    const { schema } = inferValuesSchema(values, readValuesDocs(text));
    assert.ok(accepts(schema, schema, values), `seed ${seed}:\n${text}\n${JSON.stringify(schema, undefined, 1)}`);
    assert.deepEqual(inferValuesSchema(values, readValuesDocs(text)).schema, schema);
  }
});

test("any text is scanned for comments", () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = createRandom(seed);
    const characters = [...randomValues(random)];
    for (let count = random(30); count > 0; count--) {
      const at = random(characters.length);
      if (random(2) === 0) characters.splice(at, random(20));
      else characters.splice(at, 0, ..."[{\"'#|>-:&*!%@`\n ".charAt(random(17)));
    }
    const docs = readValuesDocs(characters.join(""));
    assert.ok(isJsonObject(inferValuesSchema({ image: { tag: null } }, docs).schema), `seed ${seed}`);
  }
});
