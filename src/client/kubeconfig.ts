import { stringifyYaml } from "../apimachinery/index.ts";

/** What a kubeconfig with one context says. PEM texts, not file names. */
export type KubeconfigEntries = {
  server: string;
  caCertificate: string;
  /** Name of the cluster and of the context. */
  name: string;
  /** Name of the user. */
  user: string;
  credentials: { token: string } | { clientCertificate: string; clientKey: string };
};

/** A kubeconfig with one context, which is current. Everything in it is inline. */
export function formatKubeconfig({ server, caCertificate, name, user, credentials }: KubeconfigEntries): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return stringifyYaml({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(caCertificate) } }],
    users: [
      {
        name: user,
        user:
          "token" in credentials
            ? { token: credentials.token }
            : {
                "client-certificate-data": base64(credentials.clientCertificate),
                "client-key-data": base64(credentials.clientKey),
              },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    "current-context": name,
  });
}
