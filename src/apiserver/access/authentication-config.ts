import { X509Certificate } from "node:crypto";
import {
  duplicateValue,
  type Fields,
  faultText,
  fieldsAt,
  findUnknownFields,
  forbiddenValue,
  invalidValue,
  isFields,
  itemsAt,
  parseYaml,
  requiredValue,
  type Schema,
  type StatusCause,
  textAt,
  textsAt,
  tooMany,
  valueAt,
} from "../../apimachinery/index.ts";
import type { AnonymousRule } from "./authenticate.ts";

/** An issuer of tokens that is trusted, and what its claims mean; `jwt` of an AuthenticationConfiguration. */
export type JwtIssuer = {
  url: string;
  /** Where to find out about its keys, when that is not below the URL. */
  discoveryUrl: string | undefined;
  /** PEM of who signs its certificate, when that is nobody whom the system trusts. */
  certificateAuthority: string | undefined;
  /** A token must be for one of them. */
  audiences: readonly string[];
  requiredClaims: ReadonlyMap<string, string>;
  username: { claim: string; prefix: string };
  groups: { claim: string; prefix: string } | undefined;
  uidClaim: string | undefined;
};

export type AuthenticationConfig = { jwt: readonly JwtIssuer[]; anonymous: AnonymousRule | undefined };

const versions = ["v1", "v1beta1", "v1alpha1"].map((version) => `apiserver.config.k8s.io/${version}`);
/** As in Kubernetes. */
const issuersMax = 64;

/**
 * Reads an `AuthenticationConfiguration` of `apiserver.config.k8s.io/v1`, in YAML or JSON.
 *
 * @param reserved issuers that are the server's own
 * @throws {Error} that says all that is wrong with it
 */
export function parseAuthenticationConfig(text: string, reserved: readonly string[] = []): AuthenticationConfig {
  const config = parseYaml(text);
  const kind = textAt(config, "kind");
  const apiVersion = textAt(config, "apiVersion");
  if (!isFields(config) || kind !== "AuthenticationConfiguration" || !versions.includes(apiVersion)) {
    const wanted = `an ${versions[0]} AuthenticationConfiguration`;
    throw new Error(`Cannot use the authentication configuration: it is a ${apiVersion} ${kind}, not ${wanted}`);
  }
  const causes = validate(config, reserved);
  if (causes.length > 0) {
    throw new Error(`Cannot use the authentication configuration: ${causes.map(faultText).join(", ")}`);
  }
  return { jwt: itemsAt(config, "jwt").map(readIssuer), anonymous: readAnonymous(config) };
}

const text: Schema = { type: "string" };
const object = (properties: Record<string, Schema>): Schema => ({ type: "object", properties });
const list = (items: Schema): Schema => ({ type: "array", items });

/** The fields that are understood. */
const configSchema = object({
  apiVersion: text,
  kind: text,
  jwt: list(
    object({
      issuer: object({
        url: text,
        discoveryURL: text,
        certificateAuthority: text,
        audiences: list(text),
        audienceMatchPolicy: text,
      }),
      claimValidationRules: list(object({ claim: text, requiredValue: text })),
      claimMappings: object({
        username: object({ claim: text, prefix: text }),
        groups: object({ claim: text, prefix: text }),
        uid: object({ claim: text }),
      }),
    }),
  ),
  anonymous: object({ enabled: { type: "boolean" }, conditions: list(object({ path: text })) }),
});

/** Where Kubernetes takes expressions. */
const withExpressions = /(\.expression|\.message|\.userValidationRules|\.claimMappings\.extra)\b/;

function readIssuer(authenticator: Fields): JwtIssuer {
  const groups = fieldsAt(authenticator, "claimMappings", "groups");
  const username = fieldsAt(authenticator, "claimMappings", "username");
  const rules = itemsAt(authenticator, "claimValidationRules");
  return {
    url: textAt(authenticator, "issuer", "url"),
    discoveryUrl: textAt(authenticator, "issuer", "discoveryURL") || undefined,
    certificateAuthority: textAt(authenticator, "issuer", "certificateAuthority") || undefined,
    audiences: textsAt(authenticator, "issuer", "audiences"),
    requiredClaims: new Map(rules.map((rule) => [textAt(rule, "claim"), textAt(rule, "requiredValue")])),
    username: { claim: textAt(username, "claim"), prefix: textAt(username, "prefix") },
    groups:
      textAt(groups, "claim") === "" ? undefined : { claim: textAt(groups, "claim"), prefix: textAt(groups, "prefix") },
    uidClaim: textAt(authenticator, "claimMappings", "uid", "claim") || undefined,
  };
}

function readAnonymous(config: Fields): AnonymousRule | undefined {
  const anonymous = config["anonymous"];
  if (!isFields(anonymous)) return undefined;
  const paths = itemsAt(anonymous, "conditions").map((condition) => textAt(condition, "path"));
  return { enabled: anonymous["enabled"] === true, ...(paths.length > 0 ? { paths } : {}) };
}

function validate(config: Fields, reserved: readonly string[]): StatusCause[] {
  const authenticators = itemsAt(config, "jwt");
  if (authenticators.length > issuersMax) return [tooMany("jwt", authenticators.length, issuersMax)];
  const causes: StatusCause[] = findUnknownFields(config, configSchema).map((path) =>
    forbiddenValue(
      path,
      withExpressions.test(path) ? "CEL expressions are not evaluated here" : "there is no such field",
    ),
  );
  const urls = new Set<string>();
  for (const [index, authenticator] of authenticators.entries()) {
    const path = `jwt[${index}]`;
    const url = textAt(authenticator, "issuer", "url");
    causes.push(...issuerCauses(`${path}.issuer`, fieldsAt(authenticator, "issuer"), reserved));
    if (urls.has(url)) causes.push(duplicateValue(`${path}.issuer.url`, url));
    urls.add(url);
    causes.push(...ruleCauses(`${path}.claimValidationRules`, itemsAt(authenticator, "claimValidationRules")));
    causes.push(...mappingCauses(`${path}.claimMappings`, fieldsAt(authenticator, "claimMappings")));
  }
  const { enabled, conditions } = fieldsAt(config, "anonymous");
  if (enabled !== true && Array.isArray(conditions) && conditions.length > 0) {
    causes.push(
      invalidValue("anonymous.conditions", conditions, "enabled should be set to true when conditions are defined"),
    );
  }
  return causes;
}

function issuerCauses(path: string, issuer: Fields, reserved: readonly string[]): StatusCause[] {
  const url = textAt(issuer, "url");
  const discoveryUrl = textAt(issuer, "discoveryURL");
  const audiences = textsAt(issuer, "audiences");
  const policy = textAt(issuer, "audienceMatchPolicy");
  const causes = url === "" ? [requiredValue(`${path}.url`)] : urlCauses(`${path}.url`, url, reserved);
  if (discoveryUrl !== "") {
    if (url.replace(/\/+$/, "") === discoveryUrl.replace(/\/+$/, "")) {
      causes.push(invalidValue(`${path}.discoveryURL`, discoveryUrl, "discoveryURL must be different from URL"));
    }
    causes.push(...urlCauses(`${path}.discoveryURL`, discoveryUrl, []));
  }
  if (audiences.length === 0) {
    causes.push(requiredValue(`${path}.audiences`, `at least one ${path}.audiences is required`));
  }
  for (const [index, audience] of audiences.entries()) {
    if (audience === "") causes.push(requiredValue(`${path}.audiences[${index}]`));
    if (audiences.indexOf(audience) < index) causes.push(duplicateValue(`${path}.audiences[${index}]`, audience));
  }
  if (audiences.length > 1 && policy !== "MatchAny") {
    const why = "audienceMatchPolicy must be MatchAny for multiple audiences";
    causes.push(invalidValue(`${path}.audienceMatchPolicy`, policy, why));
  } else if (audiences.length === 1 && policy !== "" && policy !== "MatchAny") {
    const why = "audienceMatchPolicy must be empty or MatchAny for single audience";
    causes.push(invalidValue(`${path}.audienceMatchPolicy`, policy, why));
  }
  const authority = textAt(issuer, "certificateAuthority");
  if (authority !== "" && !isCertificate(authority)) {
    const why = "data does not contain any valid RSA or ECDSA certificates";
    causes.push(invalidValue(`${path}.certificateAuthority`, "<omitted>", why));
  }
  return causes;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

function urlCauses(path: string, text: string, reserved: readonly string[]): StatusCause[] {
  const causes: StatusCause[] = [];
  if (reserved.includes(text)) {
    causes.push(invalidValue(path, text, `URL must not overlap with disallowed issuers: [${reserved.join(" ")}]`));
  }
  if (!URL.canParse(text)) return [...causes, invalidValue(path, text, "URL scheme must be https")];
  const { protocol, username, password, search, hash } = new URL(text);
  if (protocol !== "https:") causes.push(invalidValue(path, text, "URL scheme must be https"));
  if (username !== "" || password !== "") {
    causes.push(invalidValue(path, text, "URL must not contain a username or password"));
  }
  if (search !== "") causes.push(invalidValue(path, text, "URL must not contain a query"));
  if (hash !== "") causes.push(invalidValue(path, text, "URL must not contain a fragment"));
  return causes;
}

function ruleCauses(path: string, rules: readonly Fields[]): StatusCause[] {
  const claims = new Set<string>();
  return rules.flatMap((rule, index) => {
    const claim = textAt(rule, "claim");
    const at = `${path}[${index}]`;
    if (claim === "") return [requiredValue(at, "claim or expression is required")];
    const duplicate = claims.has(claim) ? [duplicateValue(`${at}.claim`, claim)] : [];
    claims.add(claim);
    return duplicate;
  });
}

function mappingCauses(path: string, mappings: Fields): StatusCause[] {
  const prefixed = (field: "username" | "groups"): StatusCause[] => {
    const mapping = fieldsAt(mappings, field);
    if (textAt(mapping, "claim") === "") {
      return field === "username" ? [requiredValue(`${path}.${field}`, "claim or expression is required")] : [];
    }
    if (typeof valueAt(mapping, "prefix") === "string") return [];
    const why = "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
    return [requiredValue(`${path}.${field}.prefix`, why)];
  };
  return [...prefixed("username"), ...prefixed("groups")];
}
