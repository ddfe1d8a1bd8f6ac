import { X509Certificate } from "node:crypto";
import {
  duplicateValue,
  type Fields,
  fieldsAt,
  findUnknownFields,
  forbiddenValue,
  invalidValue,
  itemsAt,
  requiredValue,
  type Schema,
  type StatusCause,
  textAt,
  textsAt,
  tooMany,
  validateSubdomain,
  valueAt,
} from "../../apimachinery/index.ts";
import { compileExpression } from "./claim-expressions.ts";

/** As in Kubernetes. */
const issuersMax = 64;

/** The fields that are understood. */
const text: Schema = { type: "string" };
const object = (properties: Record<string, Schema>): Schema => ({ type: "object", properties });
const list = (items: Schema): Schema => ({ type: "array", items });
const mapping = object({ claim: text, prefix: text, expression: text });

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
      claimValidationRules: list(object({ claim: text, requiredValue: text, expression: text, message: text })),
      claimMappings: object({
        username: mapping,
        groups: mapping,
        uid: object({ claim: text, expression: text }),
        extra: list(object({ key: text, valueExpression: text })),
      }),
      userValidationRules: list(object({ expression: text, message: text })),
    }),
  ),
  anonymous: object({ enabled: { type: "boolean" }, conditions: list(object({ path: text })) }),
});

/** What is wrong with an AuthenticationConfiguration, in the words of kube-apiserver. */
export function authenticationConfigCauses(config: Fields, reserved: readonly string[]): StatusCause[] {
  const authenticators = itemsAt(config, "jwt");
  if (authenticators.length > issuersMax) return [tooMany("jwt", authenticators.length, issuersMax)];
  const causes: StatusCause[] = findUnknownFields(config, configSchema).map((path) =>
    forbiddenValue(path, "there is no such field"),
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
    causes.push(...emailCauses(path, authenticator));
    causes.push(...userRuleCauses(`${path}.userValidationRules`, itemsAt(authenticator, "userValidationRules")));
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
  const expressions = new Set<string>();
  return rules.flatMap((rule, index) => {
    const at = `${path}[${index}]`;
    const claim = textAt(rule, "claim");
    const expression = textAt(rule, "expression");
    if (claim !== "" && expression !== "") return [invalidValue(at, claim, "claim and expression can't both be set")];
    if (claim === "" && expression === "") return [requiredValue(at, "claim or expression is required")];
    if (claim !== "") {
      const message = textAt(rule, "message");
      const causes =
        message === "" ? [] : [invalidValue(`${at}.message`, message, "may not be specified when claim is set")];
      if (claims.has(claim)) causes.push(duplicateValue(`${at}.claim`, claim));
      claims.add(claim);
      return causes;
    }
    const value = textAt(rule, "requiredValue");
    const causes =
      value === "" ? [] : [invalidValue(`${at}.requiredValue`, value, "may not be specified when expression is set")];
    if (expressions.has(expression)) return [...causes, duplicateValue(`${at}.expression`, expression)];
    expressions.add(expression);
    return [...causes, ...expressionCauses(`${at}.expression`, expression, "claims", true)];
  });
}

function userRuleCauses(path: string, rules: readonly Fields[]): StatusCause[] {
  const expressions = new Set<string>();
  return rules.flatMap((rule, index) => {
    const at = `${path}[${index}].expression`;
    const expression = textAt(rule, "expression");
    if (expression === "") return [requiredValue(at)];
    if (expressions.has(expression)) return [duplicateValue(at, expression)];
    expressions.add(expression);
    return expressionCauses(at, expression, "user", true);
  });
}

function expressionCauses(path: string, expression: string, about: "claims" | "user", isRule: boolean): StatusCause[] {
  const compiled = compileExpression(expression, about, isRule);
  return typeof compiled === "string" ? [invalidValue(path, expression, compiled)] : [];
}

function mappingCauses(path: string, mappings: Fields): StatusCause[] {
  return [
    ...prefixedCauses(`${path}.username`, fieldsAt(mappings, "username"), true),
    ...prefixedCauses(`${path}.groups`, fieldsAt(mappings, "groups"), false),
    ...uidCauses(`${path}.uid`, fieldsAt(mappings, "uid")),
    ...extraCauses(`${path}.extra`, itemsAt(mappings, "extra")),
  ];
}

function prefixedCauses(path: string, mapping: Fields, isRequired: boolean): StatusCause[] {
  const claim = textAt(mapping, "claim");
  const expression = textAt(mapping, "expression");
  const prefix = valueAt(mapping, "prefix");
  if (claim !== "" && expression !== "") return [invalidValue(path, "", "claim and expression can't both be set")];
  if (expression !== "") {
    const why = "may not be specified when expression is set";
    const causes = typeof prefix === "string" ? [invalidValue(`${path}.prefix`, prefix, why)] : [];
    return [...causes, ...expressionCauses(`${path}.expression`, expression, "claims", false)];
  }
  if (claim === "") return isRequired ? [requiredValue(path, "claim or expression is required")] : [];
  if (typeof prefix === "string") return [];
  const why = "prefix is required when claim is set. It can be set to an empty string to disable prefixing";
  return [requiredValue(`${path}.prefix`, why)];
}

function uidCauses(path: string, mapping: Fields): StatusCause[] {
  const expression = textAt(mapping, "expression");
  if (textAt(mapping, "claim") !== "" && expression !== "") {
    return [invalidValue(path, "", "claim and expression can't both be set")];
  }
  return expression === "" ? [] : expressionCauses(`${path}.expression`, expression, "claims", false);
}

function extraCauses(path: string, all: readonly Fields[]): StatusCause[] {
  const keys = new Set<string>();
  return all.flatMap((extra, index) => {
    const at = `${path}[${index}]`;
    const key = textAt(extra, "key");
    const expression = textAt(extra, "valueExpression");
    const causes = keyCauses(`${at}.key`, key);
    if (keys.has(key)) return [...causes, duplicateValue(`${at}.key`, key)];
    keys.add(key);
    if (expression === "") return [...causes, requiredValue(`${at}.valueExpression`)];
    return [...causes, ...expressionCauses(`${at}.valueExpression`, expression, "claims", false)];
  });
}

/** Keys of `extra` belong to a domain, and not to Kubernetes'. */
function keyCauses(path: string, key: string): StatusCause[] {
  const [domain = "", ...rest] = key.split("/");
  const causes: StatusCause[] = [];
  if (key === "") causes.push(requiredValue(path));
  else if (rest.join("/") === "" || validateSubdomain(domain.toLowerCase()).length > 0) {
    causes.push(invalidValue(path, key, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  }
  if (key !== key.toLowerCase()) causes.push(invalidValue(path, key, "must be lowercase"));
  if (/(^|\.)(kubernetes|k8s)\.io$/.test(domain)) {
    const why = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use";
    causes.push(invalidValue(path, key, why));
  }
  return causes;
}

/** A user named by an address that nobody has verified could be anybody. */
function emailCauses(path: string, authenticator: Fields): StatusCause[] {
  const mappings = fieldsAt(authenticator, "claimMappings");
  const username = textAt(mappings, "username", "expression");
  const others = [
    ...itemsAt(mappings, "extra").map((extra) => textAt(extra, "valueExpression")),
    ...itemsAt(authenticator, "claimValidationRules").map((rule) => textAt(rule, "expression")),
  ];
  const uses = (expression: string, claim: string) =>
    new RegExp(`\\bclaims\\s*(\\.\\??\\s*${claim}\\b|\\[\\??\\s*["']${claim}["'])`).test(expression);
  if (!uses(username, "email") || [username, ...others].some((expression) => uses(expression, "email_verified")))
    return [];
  const why =
    "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression";
  return [invalidValue(`${path}.claimMappings.username.expression`, username, why)];
}
