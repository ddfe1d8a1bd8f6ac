import type { KubeObject } from "../../apimachinery/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { connectKubeconfig, connectPlatform } from "../connect.ts";
import { formatItems, parseOutputFormat } from "../output.ts";

type Secret = KubeObject & { data?: Record<string, string> };

/** One secret, in the shape that idpbuilder prints as JSON. Core secrets have no `data`; those of packages have only that. */
export type SecretItem = {
  IsCore: boolean;
  name: string;
  namespace: string;
  username?: string;
  password?: string;
  token?: string;
  data?: Record<string, string>;
};

export type GetFlags = { name: string; packages: string[]; output: string; kubeconfig?: string };

const secrets: Resource = { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true };
const coreSecrets: Record<string, { namespace: string; name: string }> = {
  gitea: { namespace: "gitea", name: "gitea-credential" },
};
const columns = ["NAME", "NAMESPACE", "USERNAME", "PASSWORD", "TOKEN", "DATA"];

export async function getSecrets({ name, packages, output, kubeconfig }: GetFlags): Promise<void> {
  const format = parseOutputFormat(output);
  using connection = kubeconfig === undefined ? connectPlatform(name) : connectKubeconfig(kubeconfig, name);
  const items = await collectSecrets(connection.client, packages);
  const rows = items.map((item) => [
    item.name,
    item.namespace,
    item.username ?? "",
    item.password ?? "",
    item.token ?? "",
    Object.entries(item.data ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(", "),
  ]);
  process.stdout.write(formatItems(format, { columns, rows, items, empty: "no secrets found" }));
}

/** Core secrets first, then those that packages label for the command line; with `packages` only theirs. */
export async function collectSecrets(client: Client, packages: readonly string[]): Promise<SecretItem[]> {
  const wanted =
    packages.length === 0 ? Object.keys(coreSecrets) : packages.filter((name) => coreSecrets[name] !== undefined);
  const core = await Promise.all(wanted.map(async (name) => await coreSecret(client, name)));
  const selectors =
    packages.length === 0
      ? ["cnoe.io/cli-secret=true"]
      : packages
          .filter((name) => coreSecrets[name] === undefined)
          .map((name) => `cnoe.io/cli-secret=true,cnoe.io/package-name=${name}`);
  const lists = await Promise.all(
    selectors.map(async (labelSelector) => (await client.list<Secret>(secrets, { labelSelector })).items),
  );
  return [...core.flat(), ...lists.flat().map(packageSecret)];
}

async function coreSecret(client: Client, name: string): Promise<SecretItem[]> {
  const at = coreSecrets[name];
  const secret = at === undefined ? undefined : await client.get<Secret>(secrets, at);
  if (at === undefined || secret === undefined) return [];
  const { username, password, token } = decode(secret);
  return [
    {
      IsCore: true,
      ...at,
      ...(username ? { username } : {}),
      ...(password ? { password } : {}),
      ...(token ? { token } : {}),
    },
  ];
}

function packageSecret(secret: Secret): SecretItem {
  return {
    IsCore: false,
    name: secret.metadata.name ?? "",
    namespace: secret.metadata.namespace ?? "",
    data: decode(secret),
  };
}

function decode({ data = {} }: Secret): Record<string, string> {
  const keys = Object.keys(data).sort();
  return Object.fromEntries(keys.map((key) => [key, Buffer.from(data[key] ?? "", "base64").toString()]));
}
