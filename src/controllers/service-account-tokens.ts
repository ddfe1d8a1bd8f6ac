import { type Fields, isStatusError, type KubeObject } from "../apimachinery/index.ts";
import { type Resource, startInformer } from "../client/index.ts";
import { type Result, startController } from "../controller-runtime/index.ts";
import type { ControllerContext } from "./context.ts";

type Secret = KubeObject & { type?: string; data?: Record<string, string> };
type ServiceAccount = KubeObject & { secrets?: { name?: string }[] };

const core = { group: "", version: "v1", namespaced: true };
const secrets: Resource = { ...core, resource: "secrets", kind: "Secret" };
const serviceAccounts: Resource = { ...core, resource: "serviceaccounts", kind: "ServiceAccount" };

const nameAnnotation = "kubernetes.io/service-account.name";
const uidAnnotation = "kubernetes.io/service-account.uid";
const claim = "kubernetes.io/serviceaccount";

/**
 * Fills Secrets of the type `kubernetes.io/service-account-token` that users make for a ServiceAccount, and removes them
 * with it: kube-controller-manager's `serviceaccount-token`.
 *
 * @param options.sign signs the claims of a token with the API server's key
 */
export function startServiceAccountTokenController(
  { client, log }: ControllerContext,
  options: { caCertificate: string; sign: (claims: Fields) => string },
): AsyncDisposable {
  const controller = startController({
    name: "service-account-tokens",
    log,
    reconcile: async (key): Promise<Result> => {
      const [what, namespace = "", name = "", secret = ""] = key.split("/");
      if (what === "reference") return await dropReference(namespace, name, secret);
      const live = informer.get(namespace, name);
      if (live === undefined) return { state: "done" };
      const account = await client.get<ServiceAccount>(serviceAccounts, {
        namespace,
        name: live.metadata.annotations?.[nameAnnotation] ?? "",
      });
      const wanted = live.metadata.annotations?.[uidAnnotation];
      if (account === undefined || (wanted !== undefined && wanted !== "" && wanted !== account.metadata.uid)) {
        const { uid = "" } = live.metadata;
        await client.delete(secrets, { namespace, name }, { preconditions: { uid } }).catch(ignoreConflict);
        return { state: "done" };
      }
      const filled = fill(live, account);
      if (filled !== undefined) await client.update(secrets, filled).catch(ignoreConflict);
      return { state: "done" };
    },
  });

  const fill = (secret: Secret, account: ServiceAccount): Secret | undefined => {
    const { namespace = "", name = "" } = secret.metadata;
    const { name: owner = "", uid = "" } = account.metadata;
    const data = { ...secret.data };
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const ca = base64(options.caCertificate);
    if (data["ca.crt"] === ca && data["namespace"] && data["token"]) return undefined;
    data["ca.crt"] = ca;
    data["namespace"] ||= base64(namespace);
    data["token"] ||= base64(
      options.sign({
        iss: "kubernetes/serviceaccount",
        sub: `system:serviceaccount:${namespace}:${owner}`,
        [`${claim}/namespace`]: namespace,
        [`${claim}/secret.name`]: name,
        [`${claim}/service-account.name`]: owner,
        [`${claim}/service-account.uid`]: uid,
      }),
    );
    const annotations = { ...secret.metadata.annotations, [nameAnnotation]: owner, [uidAnnotation]: uid };
    return { ...secret, metadata: { ...secret.metadata, annotations }, data };
  };

  /** An account may list a Secret that is gone. */
  const dropReference = async (namespace: string, name: string, secret: string): Promise<Result> => {
    const account = await client.get<ServiceAccount>(serviceAccounts, { namespace, name });
    const kept = account?.secrets?.filter((reference) => reference.name !== secret) ?? [];
    if (account === undefined || kept.length === (account.secrets?.length ?? 0)) return { state: "done" };
    await client.update(serviceAccounts, { ...account, secrets: kept });
    return { state: "done" };
  };

  const informer = startInformer<Secret>(client, secrets, {
    log,
    fieldSelector: "type=kubernetes.io/service-account-token",
    onChange: ({ metadata }) => controller.enqueue(`secret/${metadata.namespace}/${metadata.name}`),
    onDelete: ({ metadata }) => {
      const account = metadata.annotations?.[nameAnnotation];
      if (account !== undefined) controller.enqueue(`reference/${metadata.namespace}/${account}/${metadata.name}`);
    },
  });
  const accounts = startInformer(client, serviceAccounts, {
    log,
    metadataOnly: true,
    onDelete: ({ metadata: { namespace, name } }) => {
      for (const { metadata } of informer.all())
        if (metadata.namespace === namespace && metadata.annotations?.[nameAnnotation] === name)
          controller.enqueue(`secret/${namespace}/${metadata.name}`);
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([informer[Symbol.asyncDispose](), accounts[Symbol.asyncDispose]()]);
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Somebody else was there first; what they did comes as an event of its own. */
function ignoreConflict(error: unknown): undefined {
  if (!isStatusError(error, "Conflict", "NotFound")) throw error;
}
