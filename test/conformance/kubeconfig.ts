import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Fields, fieldsAt, itemsAt, parseYaml, textAt } from "../../src/apimachinery/index.ts";

/** How to reach a server; PEM texts, not file names. */
export type Access = {
  server: string;
  token?: string;
  ca?: string;
  cert?: string;
  key?: string;
  insecure?: boolean;
};

/**
 * The current context of a kubeconfig.
 *
 * @throws {Error} when it has none, or when its user needs a program to be run
 */
export function readKubeconfig(file: string): Access {
  const parsed = parseYaml(readFileSync(file, "utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Error(`Cannot read ${file}`);
  const config: Fields = parsed;
  const named = (list: string, name: string, part: string) =>
    fieldsAt(itemsAt(config, list).find((entry) => entry["name"] === name) ?? {}, part);
  const context = named("contexts", textAt(config, "current-context"), "context");
  const cluster = named("clusters", textAt(context, "cluster"), "cluster");
  const user = named("users", textAt(context, "user"), "user");
  const server = textAt(cluster, "server");
  if (server === "") throw new Error(`Cannot find the current context's server in ${file}`);
  if (user["exec"] !== undefined) throw new Error(`Cannot use ${file}: its user is a program that gives a token`);
  const pem = (fields: Fields, field: string): string | undefined => {
    const data = textAt(fields, `${field}-data`);
    if (data !== "") return Buffer.from(data, "base64").toString();
    const path = textAt(fields, field);
    return path === "" ? undefined : readFileSync(resolve(dirname(file), path), "utf8");
  };
  const access: Access = { server, insecure: cluster["insecure-skip-tls-verify"] === true };
  const parts = {
    ca: pem(cluster, "certificate-authority"),
    cert: pem(user, "client-certificate"),
    key: pem(user, "client-key"),
    token: textAt(user, "token") || undefined,
  };
  for (const [name, value] of Object.entries(parts)) if (value !== undefined) Object.assign(access, { [name]: value });
  return access;
}
