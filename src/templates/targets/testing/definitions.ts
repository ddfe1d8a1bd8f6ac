import { isJsonObject, type JsonObject } from "../../../apimachinery/index.ts";
import type { Definition } from "../../definition.ts";
import type { TemplateForm } from "../complete-options.ts";

const common = { origin: { file: "source" }, prominent: [], notes: [] };

/** A custom resource with a spec. */
export const resource = {
  ...common,
  name: "db.example.com.database",
  title: "Database",
  description: "A database for one service.",
  source: "crd",
  subject: {
    kind: "resource",
    apiVersion: "db.example.com/v1",
    resourceKind: "Database",
    plural: "databases",
    namespaced: true,
  },
  dialect: "kubernetes",
  schema: {
    type: "object",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
      spec: {
        type: "object",
        required: ["size", "storage"],
        properties: {
          size: { type: "integer", minimum: 1, default: 1, description: "How many" },
          engine: { type: "string", enum: ["postgres", "mysql"] },
          backups: { type: "object", properties: { schedule: { type: "string" } } },
          replicas: { type: "array", items: { type: "object", properties: { zone: { type: "string" } } } },
          labels: { type: "object", additionalProperties: { type: "string" } },
          storage: { type: "object", properties: { class: { type: "string" } } },
          script: { type: "string" },
          free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      },
    },
  },
} satisfies Definition;

/** A Terraform module with a secret and an output. */
export const module = {
  ...common,
  name: "network",
  title: "network",
  source: "terraform",
  subject: {
    kind: "module",
    address: "git::https://example.com/network.git",
    outputs: [{ name: "vpc_id", description: "Id | of it", sensitive: false }],
    sensitive: ["password"],
  },
  dialect: "json-schema",
  schema: {
    type: "object",
    required: ["cidr", "password"],
    properties: {
      name: { type: "string" },
      cidr: { type: "string", description: "Range of the network" },
      tags: { type: "object", additionalProperties: { type: "string" }, default: { team: "x" } },
      subnets: {
        type: "array",
        items: { type: "object", properties: { zone: { type: "string" }, bits: { type: "number" } } },
      },
      flags: { type: "object", additionalProperties: { type: "boolean" } },
      password: { type: "string", description: "Of the database" },
    },
  },
} satisfies Definition;

/** A Helm chart with a repository. */
export const chart = {
  ...common,
  name: "podinfo",
  title: "podinfo",
  source: "helm",
  subject: { kind: "chart", chart: "podinfo", version: "6.5.0", repository: "https://charts.example.com" },
  dialect: "json-schema",
  schema: {
    type: "object",
    properties: {
      replicas: { type: "integer" },
      image: { type: "object", properties: { tag: { type: "string" } } },
      args: { type: "array", items: { type: "string" } },
      env: { type: "object" },
    },
  },
} satisfies Definition;

/** A schema of which nothing more is known. */
export const document = {
  ...common,
  name: "settings",
  title: "settings",
  source: "json-schema",
  subject: { kind: "document" },
  dialect: "json-schema",
  schema: {
    type: "object",
    properties: { level: { type: "string" }, list: { type: "array", items: { type: "string" } } },
  },
} satisfies Definition;

/** A form of one page that asks for everything, as plain as can be. */
export function form({ title, subject, schema }: Definition): TemplateForm {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required: JsonObject = Array.isArray(schema["required"]) ? { required: schema["required"] } : {};
  const object: JsonObject = { name: { type: "string" }, namespace: { type: "string", default: "default" } };
  const page: JsonObject =
    subject.kind === "resource"
      ? { required: ["name"], properties: { ...object, config: properties["spec"] ?? {} } }
      : { ...required, properties };
  return { pages: [{ title, schema: page }], notes: [], secrets: [] };
}
