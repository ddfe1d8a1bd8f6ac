import type { CertificateSubject } from "./kinds.ts";

export const clientSigner = "kubernetes.io/kube-apiserver-client";
export const kubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";
export const kubeletServingSigner = "kubernetes.io/kubelet-serving";

/** What is wrong with a request to a signer, in the words of kube-controller-manager; `undefined` when nothing is. */
type Check = (subject: CertificateSubject, usages: readonly string[]) => string | undefined;

/**
 * The signers of a cluster that give certificates, each with what it demands.
 * https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers
 */
export const signers: Readonly<Record<string, Check>> = {
  [clientSigner]: (_subject, usages) => checkClientUsages(usages),
  [kubeletClientSigner]: checkKubeletClient,
  [kubeletServingSigner]: checkKubeletServing,
};

function checkClientUsages(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => !["digital signature", "key encipherment", "client auth"].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes("client auth") ? undefined : "missing required usage for client certificate: client auth";
}

export function checkKubeletClient(subject: CertificateSubject, usages: readonly string[]): string | undefined {
  const { dnsNames, emailAddresses, ipAddresses, uris } = subject;
  if (!isOfNodes(subject)) return "subject organization is not system:nodes";
  if (dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
  if (emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
  if (ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
  if (uris.length > 0) return "URI subjectAltNames are not allowed";
  return checkNodeName(subject) ?? checkUsages(usages, "client auth");
}

function checkKubeletServing(subject: CertificateSubject, usages: readonly string[]): string | undefined {
  const { dnsNames, emailAddresses, ipAddresses, uris } = subject;
  if (!isOfNodes(subject)) return "subject organization is not system:nodes";
  if (dnsNames.length === 0 && ipAddresses.length === 0) return "DNS or IP subjectAltName is required";
  if (emailAddresses.length > 0) return "Email subjectAltNames are not allowed";
  if (uris.length > 0) return "URI subjectAltNames are not allowed";
  return checkUsages(usages, "server auth") ?? checkNodeName(subject);
}

function isOfNodes({ organizations }: CertificateSubject): boolean {
  return organizations.length === 1 && organizations[0] === "system:nodes";
}

function checkNodeName({ commonName }: CertificateSubject): string | undefined {
  return commonName.startsWith("system:node:") ? undefined : "subject common name does not begin with system:node:";
}

/** Keys that are not RSA encipher no other keys, so that their requests may leave it out. */
function checkUsages(usages: readonly string[], purpose: string): string | undefined {
  const all = [purpose, "digital signature", "key encipherment"];
  const asked = new Set(usages);
  const needed = all.every((usage) => asked.has(usage) || usage === "key encipherment");
  const onlyThose = [...asked].every((usage) => all.includes(usage));
  return needed && onlyThose ? undefined : `usages did not match [${all.sort().join(" ")}]`;
}
