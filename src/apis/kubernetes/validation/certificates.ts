import { X509Certificate } from "node:crypto";
import {
  duplicateValue,
  type Fields,
  fieldsAt,
  forbiddenValue,
  invalidValue,
  itemsAt,
  requiredValue,
  textAt,
  textsAt,
  unsupportedValue,
} from "../../../apimachinery/index.ts";
import { type Causes, choice } from "./values.ts";

const legacySigner = "kubernetes.io/legacy-unknown";
const usages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

export function validateSigningRequest(request: Fields): Causes {
  const spec = fieldsAt(request, "spec");
  const asked = textsAt(spec, "usages");
  const pem = Buffer.from(textAt(spec, "request"), "base64").toString("latin1");
  const causes: Causes = [];
  if (!/-----BEGIN CERTIFICATE REQUEST-----[^-]+-----END CERTIFICATE REQUEST-----/.test(pem)) {
    causes.push(invalidValue("spec.request", spec["request"] ?? "", "PEM block type must be CERTIFICATE REQUEST"));
  }
  if (asked.length === 0) causes.push(requiredValue("spec.usages"));
  for (const [index, usage] of asked.entries()) {
    if (!usages.includes(usage)) causes.push(unsupportedValue(`spec.usages[${index}]`, usage, usages));
  }
  for (const [index, usage] of asked.entries()) {
    if (asked.indexOf(usage) < index) causes.push(duplicateValue(`spec.usages[${index}]`, usage));
  }
  causes.push(...signerCauses(textAt(spec, "signerName")));
  const seconds = spec["expirationSeconds"];
  if (typeof seconds === "number" && seconds < 600) {
    const why = "may not specify a duration less than 600 seconds (10 minutes)";
    causes.push(invalidValue("spec.expirationSeconds", seconds, why));
  }
  return causes;
}

function signerCauses(signer: string): Causes {
  const field = "spec.signerName";
  if (signer === "") return [requiredValue(field)];
  if (signer === legacySigner) {
    return [invalidValue(field, signer, "the legacy signerName is not allowed via this API version")];
  }
  if (/^[^/]+\.[^/]+\/[^/]+(\/[^/]+)*$/.test(signer)) return [];
  const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
  return [invalidValue(field, signer, why)];
}

/** Conditions that are either there or not; nobody takes them away again. */
const lasting = ["Approved", "Denied", "Failed"];

/** Judges what the endpoints `approval` and `status` have made of a request. */
export function validateSigningAnswer(request: Fields, old: Fields, endpoint: string): Causes {
  const field = "status.conditions";
  const causes = [...conditionCauses(request, old), ...certificateCauses(request, old)];
  const count = (of: Fields, type: string) =>
    itemsAt(of, "status", "conditions").filter((condition) => condition["type"] === type).length;
  for (const type of lasting) {
    if (count(request, type) >= count(old, type)) continue;
    causes.push(forbiddenValue(field, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  }
  for (const type of endpoint === "approval" ? [] : ["Approved", "Denied"]) {
    if (count(request, type) <= count(old, type)) continue;
    causes.push(forbiddenValue(field, `updates may not add a condition of type ${JSON.stringify(type)}`));
  }
  return causes;
}

function conditionCauses(request: Fields, old: Fields): Causes {
  const conditions = itemsAt(request, "status", "conditions");
  const before = itemsAt(old, "status", "conditions").map((condition) => textAt(condition, "type"));
  const wasTwice = new Set(before).size < before.length;
  const seen = new Set<string>();
  return conditions.flatMap((condition, index) => {
    const at = `status.conditions[${index}]`;
    const type = textAt(condition, "type");
    const causes: Causes = type === "" && !before.includes("") ? [requiredValue(`${at}.type`)] : [];
    const allowed = lasting.includes(type) ? ["True"] : ["False", "True", "Unknown"];
    if (textAt(condition, "status") === "") causes.push(requiredValue(`${at}.status`));
    else causes.push(...choice(`${at}.status`, condition["status"], allowed));
    const other = type === "Approved" ? "Denied" : type === "Denied" ? "Approved" : undefined;
    const wasBoth = before.includes("Approved") && before.includes("Denied");
    if (other !== undefined && seen.has(other) && !wasBoth) {
      const why = "Approved and Denied conditions are mutually exclusive";
      causes.push(invalidValue("status.conditions", type, why));
    }
    if (seen.has(type) && !wasTwice) causes.push(duplicateValue(`${at}.type`, type));
    seen.add(type);
    return causes;
  });
}

function certificateCauses(request: Fields, old: Fields): Causes {
  const field = "status.certificate";
  const certificate = textAt(request, "status", "certificate");
  const before = textAt(old, "status", "certificate");
  if (certificate === before) return [];
  const problem = certificate === "" ? undefined : pemProblem(Buffer.from(certificate, "base64").toString("latin1"));
  const causes = problem === undefined ? [] : [invalidValue(field, "<certificate data>", problem)];
  if (before !== "") causes.push(forbiddenValue(field, "updates may not modify existing certificate content"));
  return causes;
}

/** @returns what is wrong with a chain of certificates */
function pemProblem(text: string): string | undefined {
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----([^-]*)-----END \1-----/g)];
  if (blocks.length === 0) return "must contain at least one CERTIFICATE PEM block";
  for (const [pem, type = "", content = ""] of blocks) {
    if (type !== "CERTIFICATE") return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (content.includes(":")) return "no PEM block headers are permitted";
    try {
      new X509Certificate(pem);
    } catch {
      return "x509: malformed certificate";
    }
  }
  return undefined;
}
