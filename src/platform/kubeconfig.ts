import { formatKubeconfig } from "../client/index.ts";
import type { CertificateAuthority } from "../gateway/index.ts";
import type { PlatformConfig } from "./config.ts";

/** A kubeconfig whose user is the administrator, by client certificate. Everything in it is inline. */
export async function administratorKubeconfig(
  config: PlatformConfig,
  authority: CertificateAuthority,
): Promise<string> {
  const { cert, key } = await authority.issueClient({
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
  });
  const name = `skiff-${config.name}`;
  return formatKubeconfig({
    server: `https://127.0.0.1:${config.apiPort}`,
    caCertificate: authority.caCertificatePem,
    name,
    user: name,
    credentials: { clientCertificate: cert, clientKey: key },
  });
}
