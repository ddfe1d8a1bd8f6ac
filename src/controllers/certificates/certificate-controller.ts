import type { KubeObject } from "../../apimachinery/index.ts";
import type { Resource } from "../../client/index.ts";
import { type Result, startController } from "../../controller-runtime/index.ts";
import { errorText } from "../../lib/index.ts";
import type { ControllerContext } from "../context.ts";
import { type CertificateSigner, hasCondition, pemOf, type SigningRequest, signingRequests } from "./kinds.ts";
import { uselessAtMs, validityOf } from "./life.ts";
import { checkKubeletClient, kubeletClientSigner, signers } from "./signers.ts";

const accessReviews: Resource = {
  group: "authorization.k8s.io",
  version: "v1",
  resource: "subjectaccessreviews",
  kind: "SubjectAccessReview",
  namespaced: false,
};

/**
 * Approves the requests of nodes for their client certificates, signs what is approved, and removes what is of no use any
 * more: kube-controller-manager's `csrapproving`, `csrsigning` and `csrcleaner`.
 */
export function startCertificateController(context: ControllerContext, signer: CertificateSigner): AsyncDisposable {
  const { client, informers, log, now } = context;
  const requests = informers.of<SigningRequest>(signingRequests);
  const controller = startController({
    name: "certificates",
    log,
    reconcile: async (name): Promise<Result> => {
      const request = requests.get(undefined, name);
      if (request === undefined) return { state: "done" };
      const uselessMs = uselessAtMs(request);
      const leftMs = uselessMs === undefined ? undefined : uselessMs - now().getTime();
      if (leftMs !== undefined && leftMs < 0) {
        const { uid = "" } = request.metadata;
        await client.delete(signingRequests, { name }, { preconditions: { uid } });
        return { state: "done" };
      }
      const written = await answer(context, signer, request);
      if (written !== undefined) await requests.reached(written.metadata.resourceVersion);
      return leftMs === undefined ? { state: "done" } : { state: "again", afterMs: Math.min(leftMs + 1, timerMsMax) };
    },
  });
  const listener = requests.listen({ onChange: ({ metadata }) => controller.enqueue(metadata.name ?? "") });
  return {
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]();
      await controller[Symbol.asyncDispose]();
    },
  };
}

/** Timers of JavaScript hold 31 bits of milliseconds; a day is as good. */
const timerMsMax = 24 * 60 * 60 * 1000;

/** Does what comes next for a request. @returns it as it was written, if it was */
async function answer(
  context: ControllerContext,
  signer: CertificateSigner,
  request: SigningRequest,
): Promise<KubeObject | undefined> {
  if (request.status?.certificate !== undefined || hasCondition(request, "Failed")) return undefined;
  if (hasCondition(request, "Denied")) return undefined;
  if (hasCondition(request, "Approved")) return await sign(context, signer, request);
  return await approve(context, signer, request);
}

async function sign(
  { client, now }: ControllerContext,
  signer: CertificateSigner,
  request: SigningRequest,
): Promise<KubeObject | undefined> {
  const { signerName, usages = [] } = request.spec;
  const check = Object.hasOwn(signers, signerName) ? signers[signerName] : undefined;
  if (check === undefined) return undefined;
  const pem = pemOf(request);
  const why = check(await signer.read(pem), usages);
  const { conditions = [] } = request.status ?? {};
  if (why !== undefined) {
    const lastUpdateTime = `${now().toISOString().slice(0, 19)}Z`;
    const failed = { type: "Failed", status: "True", reason: "SignerValidationFailure", message: why, lastUpdateTime };
    const status = { ...request.status, conditions: [...conditions, failed] };
    return await client.update(signingRequests, { ...request, status }, { subresource: "status" });
  }
  const certificate = await signer.sign(pem, { usages, ...validityOf(request, now()) });
  const status = { ...request.status, certificate: Buffer.from(certificate).toString("base64") };
  return await client.update(signingRequests, { ...request, status }, { subresource: "status" });
}

/** What a node may be allowed: a certificate in its own name, or in any node's. */
const permissions = [
  {
    subresource: "selfnodeclient",
    message: "Auto approving self kubelet client certificate after SubjectAccessReview.",
  },
  { subresource: "nodeclient", message: "Auto approving kubelet client certificate after SubjectAccessReview." },
];

async function approve(
  context: ControllerContext,
  signer: CertificateSigner,
  request: SigningRequest,
): Promise<KubeObject | undefined> {
  const { signerName, usages = [], username = "" } = request.spec;
  if (signerName !== kubeletClientSigner) return undefined;
  const subject = await signer.read(pemOf(request)).catch((error: unknown) => {
    context.log.info("A certificate request cannot be read", { name: request.metadata.name, why: errorText(error) });
  });
  if (subject === undefined || checkKubeletClient(subject, usages) !== undefined) return undefined;
  for (const { subresource, message } of permissions) {
    if (subresource === "selfnodeclient" && username !== subject.commonName) continue;
    if (!(await isAllowed(context, request, subresource))) continue;
    const approved = { type: "Approved", status: "True", reason: "AutoApproved", message };
    const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), approved] };
    return await context.client.update(signingRequests, { ...request, status }, { subresource: "approval" });
  }
  return undefined;
}

async function isAllowed(
  { client }: ControllerContext,
  { spec }: SigningRequest,
  subresource: string,
): Promise<boolean> {
  const { username, uid, groups, extra } = spec;
  const { group, resource } = signingRequests;
  const review: KubeObject & { status?: { allowed?: boolean } } = {
    apiVersion: "authorization.k8s.io/v1",
    kind: accessReviews.kind,
    metadata: {},
    spec: {
      user: username,
      uid,
      groups,
      extra,
      resourceAttributes: { verb: "create", group, version: "*", resource, subresource },
    },
  };
  const answered = await client.create(accessReviews, review);
  return answered.status?.allowed === true;
}
