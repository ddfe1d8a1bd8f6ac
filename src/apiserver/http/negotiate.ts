import { notAcceptable } from "../../apimachinery/index.ts";

/** How an answer is shown: the object itself, its row in a table, or its metadata alone. */
export type Presentation = "object" | "table" | "metadata";

/** What the client gets. */
export type Accepted = {
  format: "json" | "yaml";
  as: Presentation;
  /** Version of `meta.k8s.io` in which tables and metadata are written. */
  metaVersion: "v1" | "v1beta1";
  /** Indented, for people. */
  pretty: boolean;
  /** The client would rather read protobuf, in which the metadata in a list does not say what it is. */
  untypedItems?: true;
};

/** What is said to be written. For protobuf the answer is JSON: clients decode what the answer's type says. */
const writable = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const plainJson: Accepted = { format: "json", as: "object", metaVersion: "v1", pretty: false };

/** Media types we answer with JSON or YAML; old typed clients name protobuf alone and decode what the answer's type says. */
const formats: Readonly<Record<string, "json" | "yaml">> = {
  "application/json": "json",
  "*/*": "json",
  "application/*": "json",
  "application/vnd.kubernetes.protobuf": "json",
  "application/yaml": "yaml",
};

/**
 * Chooses the representation that a client asks for with its `Accept` header: the first one named that we have, as
 * Kubernetes does; `q` values are only looked at for zero.
 *
 * @param has which presentations the resource can be shown in
 * @throws {StatusError} `NotAcceptable` when none of those named can be written
 */
export function negotiate(accept: string | undefined, has: (as: Presentation) => boolean): Accepted {
  if (accept === undefined || accept === "" || accept === "application/json" || accept === "*/*") return plainJson;
  for (const clause of accept.split(",")) {
    const { type, parameters } = parseMediaType(clause);
    const format = formats[type];
    if (format === undefined || parameters["q"] === "0") continue;
    const as = presentation(parameters);
    if (as === undefined || !has(as)) continue;
    const metaVersion = parameters["v"] === "v1beta1" ? "v1beta1" : "v1";
    const untyped = type === "application/vnd.kubernetes.protobuf" && as === "metadata";
    return { format, as, metaVersion, pretty: parameters["pretty"] === "1", ...(untyped && { untypedItems: true }) };
  }
  throw notAcceptable(writable);
}

/** How documents about the API are shown: as they are, or all together in the aggregated form. */
export type DocumentForm = { format: "json" | "yaml"; aggregated: boolean };

/**
 * The same for discovery, whose aggregated form is another presentation.
 *
 * @param hasAggregated whether the document has that form
 * @throws {StatusError} `NotAcceptable` when none of those named can be written
 */
export function negotiateDocument(accept: string | undefined, hasAggregated: boolean): DocumentForm {
  if (accept === undefined || accept === "") return { format: "json", aggregated: false };
  for (const clause of accept.split(",")) {
    const { type, parameters } = parseMediaType(clause);
    const format = formats[type];
    if (format === undefined || parameters["q"] === "0") continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { format, aggregated: false };
    const isAggregated = as === "APIGroupDiscoveryList" && g === "apidiscovery.k8s.io" && v === "v2";
    if (hasAggregated && isAggregated) return { format, aggregated: true };
  }
  throw notAcceptable(writable);
}

function presentation({ as, g, v }: Readonly<Record<string, string>>): Presentation | undefined {
  if (as === undefined) return "object";
  if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) return undefined;
  if (as === "Table") return "table";
  return as === "PartialObjectMetadata" || as === "PartialObjectMetadataList" ? "metadata" : undefined;
}

/** Splits `type/subtype;name=value`; names and the type come out in lower case. */
export function parseMediaType(text: string): { type: string; parameters: Record<string, string> } {
  const [type = "", ...rest] = text.split(";");
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const [name = "", value = ""] = parameter.split("=", 2);
    parameters[name.trim().toLowerCase()] = value.trim().replace(/^"(.*)"$/, "$1");
  }
  return { type: type.trim().toLowerCase(), parameters };
}
