import { cloneJson, type KubeObject } from "../../apimachinery/index.ts";
import { errorText } from "../../lib/index.ts";
import type { Server } from "../server.ts";
import { updateObject } from "../write/update.ts";
import type { KnownTokens } from "./authenticate.ts";
import { type AnonymousRule, type Authenticator, createAuthenticator, staticTokens } from "./authenticate.ts";
import type { TokenAuthenticator } from "./identity.ts";
import type { ServiceAccountIssuer } from "./service-account-issuer.ts";
import { serviceAccountTokens, type TokenObjects } from "./service-account-tokens.ts";

/** The parts of a server that tell who somebody is. */
type Judge = Pick<Server, "store" | "keys" | "parsed" | "now">;

export type ServerAuthenticatorOptions = {
  issuer: ServiceAccountIssuer;
  tokens: KnownTokens;
  /** Other kinds of tokens, asked after the server's own. */
  others: readonly TokenAuthenticator[];
  anonymous?: AnonymousRule;
  /** Told of each use of a token that is kept in a Secret. */
  onLegacyUse: (secret: Readonly<KubeObject>) => void;
};

/** Knows whoever may come to a server: by certificate, known token, ServiceAccount token or what else is configured. */
export function createServerAuthenticator(server: Judge, options: ServerAuthenticatorOptions): Authenticator {
  const { issuer, anonymous } = options;
  const audiences = [issuer.url];
  return createAuthenticator({
    audiences,
    tokens: [
      staticTokens(options.tokens, audiences),
      serviceAccountTokens({
        issuer,
        objects: objectsOf(server),
        now: server.now,
        onLegacyUse: options.onLegacyUse,
      }),
      ...options.others,
    ],
    ...(anonymous === undefined ? {} : { anonymous }),
    now: server.now,
  });
}

function objectsOf({ store, keys, parsed }: Judge): TokenObjects {
  return {
    revision: (resource, namespace, name) => store.latest(keys.key(resource, namespace, name))?.modRevision ?? 0,
    get(resource, namespace, name) {
      const entry = store.latest(keys.key(resource, namespace, name));
      return entry === undefined ? undefined : parsed(entry.value);
    },
  };
}

const lastUsed = "kubernetes.io/legacy-token-last-used";

/** Notes on a Secret the day on which its token was used, in the background: a use must not wait for it. */
export function noteLegacyUse(server: Server, { metadata }: Readonly<KubeObject>): void {
  const { name = "", namespace = "", labels } = metadata;
  const resource = server.registry.catalog.find("", "v1", "secrets");
  const today = server.now().toISOString().slice(0, 10);
  if (resource === undefined || labels?.[lastUsed] === today) return;
  const user = { name: "system:apiserver", groups: ["system:masters"] };
  const writing = { user, dryRun: false, manager: "kube-apiserver", warnings: [] };
  const place = { resource, namespace, name, subresource: "" };
  updateObject(server, place, writing, (live) => {
    const object = cloneJson(live);
    object.metadata.labels = { ...object.metadata.labels, [lastUsed]: today };
    return { object };
  }).catch((error: unknown) => server.log.debug("Cannot note the use of a token", { name, why: errorText(error) }));
}
