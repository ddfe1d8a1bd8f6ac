import { fieldsAt, numberAt, textAt, valueAt } from "../../../apimachinery/index.ts";

/** Where a webhook is: at an address, or behind a Service of the cluster. */
export type ClientConfig = {
  url: string | undefined;
  service: { namespace: string; name: string; path: string; port: number } | undefined;
  /** PEM of who signs its certificate; empty for those whom this machine trusts. */
  caBundle: string;
};

/** Reads a `clientConfig` of a webhook configuration or of a CRD's conversion. */
export function readClientConfig(config: unknown): ClientConfig {
  const url = valueAt(config, "url");
  const service = fieldsAt(config, "service");
  return {
    url: typeof url === "string" ? url : undefined,
    service:
      valueAt(config, "service") === undefined
        ? undefined
        : {
            namespace: textAt(service, "namespace"),
            name: textAt(service, "name"),
            path: textAt(service, "path"),
            port: numberAt(service, ["port"], 443),
          },
    caBundle: Buffer.from(textAt(config, "caBundle"), "base64").toString().trim(),
  };
}
