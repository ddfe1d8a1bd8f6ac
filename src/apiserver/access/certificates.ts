import { deepEqual, listAt, textAt, valueAt } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import { type Admission, type Attempt, refused } from "../admission/admit.ts";
import { type Authorizer, mastersGroup } from "./authorize.ts";
import { organizationsOf } from "./certificate-request.ts";

const storageName = "certificatesigningrequests.certificates.k8s.io";
const clientSigner = "kubernetes.io/kube-apiserver-client";

/**
 * Who may say what about certificates: to approve or to sign needs the verb on the signer, or on all signers of its domain
 * (`example.com/*`), and nobody gets a certificate that makes them a master.
 */
export function certificateChecks(authorizer: Authorizer): Admission {
  return {
    validate(_server, attempt) {
      if (attempt.resource.storageName !== storageName) return;
      if (attempt.operation === "CREATE" && attempt.subresource === "") checkSubject(attempt);
      if (attempt.operation !== "UPDATE") return;
      if (attempt.subresource === "approval") checkSigner(authorizer, attempt, "approve");
      else if (attempt.subresource === "status" && isSigned(attempt)) checkSigner(authorizer, attempt, "sign");
    },
  };
}

function checkSubject(attempt: Attempt): void {
  const { object } = attempt;
  if (textAt(object, "spec", "signerName") !== clientSigner) return;
  const pem = Buffer.from(textAt(object, "spec", "request"), "base64");
  if (organizationsIn(attempt, pem).includes(mastersGroup))
    throw refused(attempt, `use of ${clientSigner} signer with ${mastersGroup} group is not allowed`);
}

function organizationsIn(attempt: Attempt, pem: Buffer): string[] {
  try {
    return organizationsOf(pem);
  } catch (error) {
    if (error instanceof RangeError) throw refused(attempt, `failed to parse CSR: ${error.message}`);
    throw error;
  }
}

/** Whether a new status has another certificate or other conditions. */
function isSigned({ object, live }: Attempt): boolean {
  return (
    valueAt(object, "status", "certificate") !== valueAt(live, "status", "certificate") ||
    !deepEqual(listAt(object, "status", "conditions"), listAt(live, "status", "conditions"))
  );
}

/** The signer is that of the request as it is, whatever the write says. */
function checkSigner(authorizer: Authorizer, attempt: Attempt, verb: "approve" | "sign"): void {
  const signer = textAt(attempt.live, "spec", "signerName");
  const domain = `${signer.split("/", 1)[0]}/*`;
  if ([signer, domain].some((name) => mayUse(authorizer, attempt.user, verb, name))) return;
  throw refused(attempt, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`);
}

function mayUse(authorizer: Authorizer, user: User, verb: string, name: string): boolean {
  const signers = { group: "certificates.k8s.io", version: "*", resource: "signers", subresource: "", namespace: "" };
  return authorizer.decide({ user, verb, ...signers, name }).allowed;
}
