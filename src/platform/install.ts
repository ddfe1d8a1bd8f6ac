import type { KubeObject } from "../apimachinery/index.ts";
import type { Localbuild } from "../apis/index.ts";
import type { Client, Resource } from "../client/index.ts";
import type { Accounts } from "../git/index.ts";
import { localbuilds, platformNamespace } from "../packages/index.ts";
import type { PlatformConfig } from "./config.ts";

const core = { group: "", version: "v1" };
const namespaces: Resource = { ...core, resource: "namespaces", kind: "Namespace", namespaced: false };
const secrets: Resource = { ...core, resource: "secrets", kind: "Secret", namespaced: true };
const crds: Resource = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

const fieldManager = "skiff";
/** Who owns the repositories that packages become; idpbuilder's name for Gitea's administrator. */
const gitAdmin = "giteaAdmin";
const credential = { namespace: "gitea", name: "gitea-credential" };
/** idpbuilder's `--dev-password`. */
const devPassword = "developer";

/** Applies the kinds that the platform brings; a start with the same version of Skiff changes nothing. */
export async function installCrds(
  client: Client,
  definitions: readonly { metadata: { name?: string } }[],
): Promise<void> {
  await Promise.all(
    definitions.map(async (definition) => {
      await client.patch(crds, { name: definition.metadata.name ?? "" }, "apply", definition, {
        fieldManager,
        force: true,
      });
    }),
  );
}

export async function ensureNamespaces(client: Client, platform: string): Promise<void> {
  for (const name of ["argocd", "gitea", "skiff-system", platformNamespace(platform)]) {
    if ((await client.get(namespaces, { name })) !== undefined) continue;
    await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, { fieldManager });
  }
}

/**
 * Makes the Git server's administrator and the Secret `gitea/gitea-credential` agree. The Secret wins, so that whoever
 * changes it changes the password; without one, or when it does not fit, new credentials are made.
 */
export async function ensureGitCredential(client: Client, accounts: Accounts, config: PlatformConfig): Promise<void> {
  const secret = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, credential);
  const kept = (key: string) => {
    const value = secret?.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, "base64").toString();
  };
  const password = config.devPassword ? devPassword : kept("password");
  const token = kept("token");
  const made = await accounts.ensureAdmin({
    name: gitAdmin,
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  });
  if (kept("password") === made.password && token === made.token) return;
  const applied = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { ...credential, labels: { "cnoe.io/package-name": "gitea" } },
    type: "Opaque",
    stringData: { username: gitAdmin, password: made.password, token: made.token },
  };
  await client.patch(secrets, credential, "apply", applied, { fieldManager, force: true });
}

/** The Localbuild says how the platform answers; its packages are the command line's. */
export async function ensureLocalbuild(client: Client, config: PlatformConfig, caCertificate: string): Promise<void> {
  const localbuild: Localbuild = {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "Localbuild",
    metadata: { name: config.name },
    spec: {
      buildCustomization: {
        protocol: config.protocol,
        host: config.host,
        ingressHost: config.ingressHost,
        port: String(config.port),
        usePathRouting: config.usePathRouting,
        selfSignedCert: caCertificate,
        staticPassword: config.devPassword,
      },
    },
  };
  await client.patch(localbuilds, { name: config.name }, "apply", localbuild, { fieldManager, force: true });
}
