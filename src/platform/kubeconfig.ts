import { stringifyYaml } from "../apimachinery/index.ts";
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
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringifyYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: `https://127.0.0.1:${config.apiPort}`,
          "certificate-authority-data": base64(authority.caCertificatePem),
        },
      },
    ],
    users: [{ name, user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  });
}
