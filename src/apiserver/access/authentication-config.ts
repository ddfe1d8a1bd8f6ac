import assert from "node:assert/strict";
import {
  type Fields,
  faultText,
  fieldsAt,
  isFields,
  itemsAt,
  parseYaml,
  textAt,
  textsAt,
} from "../../apimachinery/index.ts";
import type { AnonymousRule } from "./authenticate.ts";
import { authenticationConfigCauses } from "./authentication-config-causes.ts";
import { type ClaimExpression, compileExpression } from "./claim-expressions.ts";

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
  username: PrefixedClaim | ClaimExpression;
  groups: PrefixedClaim | ClaimExpression | undefined;
  uid: { claim: string } | ClaimExpression | undefined;
  extra: readonly { key: string; values: ClaimExpression }[];
  /** What must hold of the claims, and of the user made of them; with what is said when it does not. */
  claimRules: readonly Rule[];
  userRules: readonly Rule[];
};

export type PrefixedClaim = { claim: string; prefix: string };
export type Rule = ClaimExpression & { message: string };

export type AuthenticationConfig = { jwt: readonly JwtIssuer[]; anonymous: AnonymousRule | undefined };

const versions = ["v1", "v1beta1", "v1alpha1"].map((version) => `apiserver.config.k8s.io/${version}`);

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
  const causes = authenticationConfigCauses(config, reserved);
  if (causes.length > 0) {
    throw new Error(`Cannot use the authentication configuration: ${causes.map(faultText).join(", ")}`);
  }
  return { jwt: itemsAt(config, "jwt").map(readIssuer), anonymous: readAnonymous(config) };
}

function readIssuer(authenticator: Fields): JwtIssuer {
  const mappings = fieldsAt(authenticator, "claimMappings");
  const rules = itemsAt(authenticator, "claimValidationRules");
  const required = rules.filter((rule) => textAt(rule, "claim") !== "");
  const asRule =
    (about: "claims" | "user") =>
    (rule: Fields): Rule[] =>
      textAt(rule, "expression") === "" ? [] : [{ ...expressionIn(rule, about), message: textAt(rule, "message") }];
  const mapped = (field: string) => {
    const found = fieldsAt(mappings, field);
    if (textAt(found, "expression") !== "") return expressionIn(found, "claims");
    return textAt(found, "claim") === ""
      ? undefined
      : { claim: textAt(found, "claim"), prefix: textAt(found, "prefix") };
  };
  return {
    url: textAt(authenticator, "issuer", "url"),
    discoveryUrl: textAt(authenticator, "issuer", "discoveryURL") || undefined,
    certificateAuthority: textAt(authenticator, "issuer", "certificateAuthority") || undefined,
    audiences: textsAt(authenticator, "issuer", "audiences"),
    requiredClaims: new Map(required.map((rule) => [textAt(rule, "claim"), textAt(rule, "requiredValue")])),
    username: mapped("username") ?? { claim: "", prefix: "" },
    groups: mapped("groups"),
    uid: mapped("uid"),
    extra: itemsAt(mappings, "extra").map((extra) => ({
      key: textAt(extra, "key"),
      values: expressionIn(extra, "claims", "valueExpression"),
    })),
    claimRules: rules.flatMap(asRule("claims")),
    userRules: itemsAt(authenticator, "userValidationRules").flatMap(asRule("user")),
  };
}

/** An expression of a configuration that has been found right. */
function expressionIn(owner: Fields, about: "claims" | "user", field = "expression"): ClaimExpression {
  const compiled = compileExpression(textAt(owner, field), about, false);
  assert(typeof compiled !== "string", String(compiled));
  return compiled;
}

function readAnonymous(config: Fields): AnonymousRule | undefined {
  const anonymous = config["anonymous"];
  if (!isFields(anonymous)) return undefined;
  const paths = itemsAt(anonymous, "conditions").map((condition) => textAt(condition, "path"));
  return { enabled: anonymous["enabled"] === true, ...(paths.length > 0 ? { paths } : {}) };
}
