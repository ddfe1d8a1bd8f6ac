import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { type Fields, stringifyYaml } from "../../apimachinery/index.ts";
import { silentLog } from "../../lib/index.ts";
import { parseAuthenticationConfig } from "./authentication-config.ts";
import { type Identity, TokenError } from "./identity.ts";
import { algorithmOf, keyIdOf, signJwt } from "./jwt.ts";
import { oidcTokens } from "./oidc.ts";

const url = "https://issuer.test/realm";
const audiences = ["https://api.test"];
const start = Date.parse("2026-01-02T03:04:05Z");

function configuration(
  more: {
    issuer?: Fields;
    claimMappings?: Fields;
    claimValidationRules?: Fields[];
    userValidationRules?: Fields[];
  } = {},
): Fields {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: [
      {
        issuer: { url, audiences: ["cli"], ...more.issuer },
        claimMappings: {
          username: { claim: "sub", prefix: "oidc:" },
          groups: { claim: "roles", prefix: "" },
          ...more.claimMappings,
        },
        ...(more.claimValidationRules === undefined ? {} : { claimValidationRules: more.claimValidationRules }),
        ...(more.userValidationRules === undefined ? {} : { userValidationRules: more.userValidationRules }),
      },
    ],
  };
}

const parse = (config: Fields) => parseAuthenticationConfig(stringifyYaml(config), [...audiences]);

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKey,
    publicKey,
    keyId: keyIdOf(publicKey),
    jwk: { ...publicKey.export({ format: "jwk" }), kid: keyIdOf(publicKey) },
  };
}
const first = newKey();
const second = newKey();

const claims = { iss: url, sub: "jane", aud: "cli", exp: start / 1000 + 3600, roles: ["a", "b"], jti: "1" };

function sign(
  more: Fields = {},
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject } = first,
): string {
  const all = Object.fromEntries(Object.entries({ ...claims, ...more }).filter(([, value]) => value !== undefined));
  return signJwt(all, privateKey, {
    keyId: keyIdOf(publicKey),
    algorithm: algorithmOf(publicKey) ?? "",
    key: publicKey,
  });
}

/** An issuer that publishes the keys in `published`, and the authenticator for it. */
function openIssuer(config: Fields = configuration()) {
  const state = { nowMs: start, published: [first.jwk] as Fields[], fetched: [] as string[], down: false };
  const [issuer] = parse(config).jwt;
  assert.ok(issuer);
  const authenticate = oidcTokens(issuer, {
    audiences,
    now: () => new Date(state.nowMs),
    log: silentLog,
    async fetchJson(asked) {
      state.fetched.push(asked);
      if (state.down) throw new Error("connection refused");
      return asked.endsWith("/keys") ? { keys: state.published } : { issuer: url, jwks_uri: `${url}/keys` };
    },
  });
  const ask = async (token: string, asked: readonly string[] = audiences) => await authenticate(token, asked);
  return { state, ask, authenticate };
}

async function whyNot(asking: Promise<Identity | undefined>): Promise<string> {
  const error = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TokenError, String(error));
  return error.message;
}

test("a token's claims become a user, by the configuration", async () => {
  const { ask } = openIssuer();
  assert.deepEqual(await ask(sign()), {
    user: {
      name: "oidc:jane",
      groups: ["a", "b", "system:authenticated"],
      extra: { "authentication.kubernetes.io/credential-id": ["JTI=1"] },
    },
    audiences,
  });
  assert.equal(await ask(sign({ iss: "https://other.test" })), undefined);
  assert.equal(await ask("no.token"), undefined);
  assert.equal(await ask(sign(), ["vault"]), undefined);
});

const mapped: Record<string, { config?: Parameters<typeof configuration>[0]; sent: Fields; want: Fields }> = {
  "one group in a text": { sent: { roles: "dev" }, want: { groups: ["dev", "system:authenticated"] } },
  "no groups": { sent: { roles: undefined }, want: { groups: ["system:authenticated"] } },
  "a uid": { config: { claimMappings: { uid: { claim: "oid" } } }, sent: { oid: "u1" }, want: { uid: "u1" } },
  "an e-mail address that is verified": {
    config: { claimMappings: { username: { claim: "email", prefix: "" } } },
    sent: { email: "jane@test", email_verified: true },
    want: { name: "jane@test" },
  },
  "one of several audiences": {
    config: { issuer: { audiences: ["web", "cli"], audienceMatchPolicy: "MatchAny" } },
    sent: { aud: ["x", "web"] },
    want: { name: "oidc:jane" },
  },
  "a name made by an expression": {
    config: { claimMappings: { username: { expression: "claims.sub + '@' + claims.tenant" } } },
    sent: { tenant: "test" },
    want: { name: "jane@test" },
  },
  "groups and more made by expressions": {
    config: {
      claimMappings: {
        groups: { expression: "claims.roles.split(',')" },
        uid: { expression: "claims.oid" },
        extra: [{ key: "example.org/tenant", valueExpression: "claims.tenant" }],
      },
    },
    sent: { roles: "a,b,", oid: "u1", tenant: "test", jti: undefined },
    want: {
      groups: ["a", "b", "system:authenticated"],
      uid: "u1",
      extra: { "example.org/tenant": ["test"] },
    },
  },
  "claims and a user that rules allow": {
    config: {
      claimValidationRules: [{ expression: "claims.exp - claims.iat <= 86400" }],
      userValidationRules: [{ expression: "!user.username.startsWith('system:')" }],
    },
    sent: { iat: start / 1000 },
    want: { name: "oidc:jane" },
  },
  "a claim that must have a value and has it": {
    config: { claimValidationRules: [{ claim: "hd", requiredValue: "test" }] },
    sent: { hd: "test" },
    want: { name: "oidc:jane" },
  },
};
for (const [name, { config, sent, want }] of Object.entries(mapped)) {
  test(`a token with ${name} is understood`, async () => {
    const identity = await openIssuer(configuration(config)).ask(sign(sent));
    assert.deepEqual({ ...identity?.user, ...want }, identity?.user);
  });
}

const refused: Record<string, { config?: Parameters<typeof configuration>[0]; sent: Fields; want: string }> = {
  "for others": { sent: { aud: ["x"] }, want: 'oidc: verify token: oidc: expected audience "cli" got ["x"]' },
  "that has ended": {
    sent: { exp: start / 1000 - 1 },
    want: "oidc: verify token: oidc: token is expired (Token Expiry: 2026-01-02 03:04:04 +0000 UTC)",
  },
  "without a name": { sent: { sub: undefined }, want: 'oidc: parse username claims "sub": claim not present' },
  "with an e-mail address that is not verified": {
    config: { claimMappings: { username: { claim: "email", prefix: "" } } },
    sent: { email: "jane@test", email_verified: false },
    want: "oidc: email not verified",
  },
  "without a claim that must be there": {
    config: { claimValidationRules: [{ claim: "hd", requiredValue: "test" }] },
    sent: {},
    want: "oidc: required claim hd not present in ID token",
  },
  "that lives longer than a rule allows": {
    config: { claimValidationRules: [{ expression: "claims.exp - claims.iat <= 60", message: "too long" }] },
    sent: { iat: start / 1000 },
    want: "oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 60' failed: too long",
  },
  "for a user that a rule forbids": {
    config: {
      claimMappings: { username: { claim: "sub", prefix: "" } },
      userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: "reserved" }],
    },
    sent: { sub: "system:admin" },
    want: "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('system:')' failed: reserved",
  },
  "without a claim that an expression needs": {
    config: { claimMappings: { username: { expression: "claims.upn" } } },
    sent: {},
    want: "oidc: error evaluating username claim expression: expression 'claims.upn' resulted in error: no such key: upn",
  },
  "with a name that is no text": {
    config: { claimMappings: { username: { expression: "claims.exp" } } },
    sent: {},
    want: "oidc: error evaluating username claim expression: username claim expression must return a string",
  },
  "with another value than a claim must have": {
    config: { claimValidationRules: [{ claim: "hd", requiredValue: "test" }] },
    sent: { hd: "other" },
    want: "oidc: required claim hd value does not match. Got = other, want = test",
  },
};
for (const [name, { config, sent, want }] of Object.entries(refused)) {
  test(`a token ${name} is refused`, async () => {
    assert.equal(await whyNot(openIssuer(configuration(config)).ask(sign(sent))), want);
  });
}

test("keys are fetched once, and again for a key that is not known, but not for every stranger", async () => {
  const { state, ask, authenticate } = openIssuer();
  await Promise.all([ask(sign()), ask(sign({ sub: "joe" }))]);
  assert.deepEqual(state.fetched, [`${url}/.well-known/openid-configuration`, `${url}/keys`]);
  assert.equal(authenticate(sign({ sub: "jill" }), audiences) instanceof Promise, false);
  state.published = [first.jwk, second.jwk];
  const rotated = sign({}, second);
  const unsigned = "oidc: verify token: failed to verify signature: failed to verify id token signature";
  assert.equal(await whyNot(ask(rotated)), unsigned);
  state.nowMs += 10_000;
  assert.equal((await ask(rotated))?.user.name, "oidc:jane");
  assert.equal(state.fetched.length, 3);
  await whyNot(ask(sign({}, newKey())));
  assert.equal(state.fetched.length, 3);
});

test("a forged token is refused without asking the issuer", async () => {
  const { state, ask } = openIssuer();
  const good = sign();
  await ask(good);
  const [header = "", , signature = ""] = good.split(".");
  const payload = Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url");
  state.nowMs += 60_000;
  await whyNot(ask([header, payload, signature].join(".")));
  assert.equal(state.fetched.length, 2);
  const none = Buffer.from('{"alg":"none"}').toString("base64url");
  assert.match(await whyNot(ask([none, payload, "AA"].join("."))), /unsupported algorithm, .* got "none"/);
});

test("an issuer that is down is said to be, and asked again later", async () => {
  const { state, ask } = openIssuer();
  state.down = true;
  assert.match(await whyNot(ask(sign())), /fetching keys connection refused/);
  assert.match(await whyNot(ask(sign())), /fetching keys connection refused/);
  assert.equal(state.fetched.length, 1);
  state.down = false;
  state.nowMs += 10_000;
  assert.equal((await ask(sign()))?.user.name, "oidc:jane");
});

test("a token that was good is good until it ends", async () => {
  const { state, ask } = openIssuer();
  const token = sign({ exp: start / 1000 + 5 });
  await ask(token);
  state.nowMs += 6_000;
  assert.match(await whyNot(ask(token)), /token is expired/);
});

const wrong: Record<string, { config: Fields; want: RegExp }> = {
  "of another kind": { config: { apiVersion: "v1", kind: "Pod" }, want: /it is a v1 Pod/ },
  "with an issuer without TLS": {
    config: configuration({ issuer: { url: "http://issuer.test" } }),
    want: /jwt\[0\]\.issuer\.url: Invalid value: "http:\/\/issuer.test": URL scheme must be https/,
  },
  "with the server's own issuer": {
    config: configuration({ issuer: { url: audiences[0] } }),
    want: /URL must not overlap with disallowed issuers: \[https:\/\/api\.test\]/,
  },
  "without audiences": {
    config: configuration({ issuer: { audiences: [] } }),
    want: /jwt\[0\]\.issuer\.audiences: Required value/,
  },
  "with audiences and no policy": {
    config: configuration({ issuer: { audiences: ["a", "b"] } }),
    want: /audienceMatchPolicy must be MatchAny for multiple audiences/,
  },
  "with a claim without a prefix": {
    config: configuration({ claimMappings: { username: { claim: "sub" } } }),
    want: /claimMappings\.username\.prefix: Required value: prefix is required when claim is set/,
  },
  "with an authority that is none": {
    config: configuration({ issuer: { certificateAuthority: "x" } }),
    want: /certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates/,
  },
  "with an expression that does not parse": {
    config: configuration({ claimMappings: { username: { expression: "claims." } } }),
    want: /username\.expression: Invalid value: "claims\.": compilation failed: ERROR: <input>:1:8/,
  },
  "with a rule that says neither yes nor no": {
    config: configuration({ claimValidationRules: [{ expression: "'yes'" }] }),
    want: /claimValidationRules\[0\]\.expression: Invalid value: "'yes'": must evaluate to bool/,
  },
  "with a claim and an expression": {
    config: configuration({ claimMappings: { username: { claim: "sub", prefix: "", expression: "claims.sub" } } }),
    want: /username: Invalid value: "": claim and expression can't both be set/,
  },
  "with an address that nobody has verified": {
    config: configuration({ claimMappings: { username: { expression: "claims.email" } } }),
    want: /claims\.email_verified must be used in/,
  },
  "with more of Kubernetes' own": {
    config: configuration({ claimMappings: { extra: [{ key: "kubernetes.io/x", valueExpression: "'a'" }] } }),
    want: /extra\[0\]\.key: Invalid value: "kubernetes\.io\/x": k8s\.io, kubernetes\.io and their subdomains are reserved/,
  },
  "with a field that does not exist": {
    config: configuration({ issuer: { uri: "x" } }),
    want: /jwt\[0\]\.issuer\.uri: Forbidden: there is no such field/,
  },
};
for (const [name, { config, want }] of Object.entries(wrong)) {
  test(`a configuration ${name} is refused`, () => assert.throws(() => parse(config), want));
}

test("a configuration says who may be anonymous", () => {
  const anonymous = { enabled: true, conditions: [{ path: "/livez" }] };
  assert.deepEqual(parse({ ...configuration(), anonymous }).anonymous, { enabled: true, paths: ["/livez"] });
  assert.equal(parse(configuration()).anonymous, undefined);
});
