import { validateLabel, validateSubdomain } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { credentialId } from "./identity.ts";
import type { ObjectReference } from "./service-account-claims.ts";

const prefix = "system:serviceaccount:";
const allAccounts = "system:serviceaccounts";

export function formatUsername(namespace: string, name: string): string {
  return `${prefix}${namespace}:${name}`;
}

/** The inverse of {@link formatUsername}; `undefined` for names of others. */
export function splitUsername(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(prefix)) return undefined;
  const [namespace = "", name = "", ...more] = username.slice(prefix.length).split(":");
  const valid = more.length === 0 && validateLabel(namespace).length === 0 && validateSubdomain(name).length === 0;
  return valid ? { namespace, name } : undefined;
}

/** The groups that a ServiceAccount is in by what it is. */
export function serviceAccountGroups(namespace: string): string[] {
  return [allAccounts, `${allAccounts}:${namespace}`];
}

/** What a ServiceAccount's token proves its bearer to be. */
export function serviceAccountUser(
  namespace: string,
  account: ObjectReference,
  bound: { id?: string | undefined; pod?: ObjectReference | undefined; node?: ObjectReference | undefined },
): User {
  const { id, pod, node } = bound;
  const extra: Record<string, string[]> = {};
  if (id !== undefined) extra[credentialId] = [`JTI=${id}`];
  if (node !== undefined && node.name !== "") {
    extra["authentication.kubernetes.io/node-name"] = [node.name];
    if (node.uid !== "") extra["authentication.kubernetes.io/node-uid"] = [node.uid];
  }
  if (pod !== undefined && pod.name !== "" && pod.uid !== "") {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  return {
    name: formatUsername(namespace, account.name),
    uid: account.uid,
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length > 0 ? { extra } : {}),
  };
}
