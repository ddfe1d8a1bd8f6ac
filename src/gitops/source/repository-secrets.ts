import { type KubeObject, textAt } from "../../apimachinery/index.ts";
import { type ChartRepository, isOciRepository, type KnownRepositories } from "../../charts/index.ts";
import type { Client, Resource } from "../../client/index.ts";
import { plain } from "./git-credentials.ts";

const secrets: Resource = { group: "", version: "v1", resource: "secrets", kind: "Secret", namespaced: true };
const configMaps: Resource = { group: "", version: "v1", resource: "configmaps", kind: "ConfigMap", namespaced: true };
const typeLabel = "argocd.argoproj.io/secret-type";

/**
 * @property namespace where Argo CD's settings are
 * @property project whose applications use them; without one only what all projects may use counts
 * @property of charts: type `helm` and `oci`, or with `enableOCI`
 */
export type SecretsOptions = { namespace: string; project?: string; of: "git" | "charts" };

/** Reads the Secrets in which users describe repositories, as Argo CD has them, and the authorities of `argocd-tls-certs-cm`. */
export async function readRepositorySecrets(
  client: Client,
  { namespace, project = "", of }: SecretsOptions,
): Promise<KnownRepositories> {
  const labelSelector = `${typeLabel} in (repository,repo-creds)`;
  const [{ items }, certificates] = await Promise.all([
    client.list(secrets, { namespace, labelSelector }),
    of === "charts" ? client.get(configMaps, { namespace, name: "argocd-tls-certs-cm" }) : undefined,
  ]);
  const known = { repositories: [] as ChartRepository[], templates: [] as ChartRepository[] };
  for (const secret of items) {
    const field = fieldsOf(secret);
    if (!["", project].includes(field("project") ?? "")) continue;
    const repository = repositoryFrom(field, of);
    if (repository === undefined) continue;
    const isTemplate = secret.metadata.labels?.[typeLabel] === "repo-creds";
    (isTemplate ? known.templates : known.repositories).push(repository);
  }
  return withAuthorities(known, certificates);
}

type FieldReader = (name: string) => string | undefined;

function fieldsOf(secret: KubeObject): FieldReader {
  return (name) => {
    const encoded = textAt(secret, "data", name);
    return encoded === "" ? undefined : Buffer.from(encoded, "base64").toString();
  };
}

function repositoryFrom(field: FieldReader, of: "git" | "charts"): ChartRepository | undefined {
  const url = field("url")?.trim();
  const type = field("type") ?? "git";
  const enableOCI = type === "oci" || isTrue(field("enableOCI"));
  const isForCharts = type === "helm" || enableOCI;
  if (url === undefined || isForCharts !== (of === "charts")) return undefined;
  const texts = {
    name: field("name"),
    username: field("username"),
    password: field("password"),
    bearerToken: field("bearerToken"),
    tlsClientCertData: field("tlsClientCertData"),
    tlsClientCertKey: field("tlsClientCertKey"),
    proxy: field("proxy"),
    noProxy: field("noProxy"),
  };
  return {
    url: of === "git" ? plain(url) : url,
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    enableOCI,
    insecure: isTrue(field("insecure")),
    insecureOCIForceHttp: isTrue(field("insecureOCIForceHttp")),
    forceHttpBasicAuth: isTrue(field("forceHttpBasicAuth")),
  };
}

function isTrue(text: string | undefined): boolean {
  return text === "true";
}

/** The keys of `argocd-tls-certs-cm` are hosts; what is known of a host's repositories gets its authority. */
function withAuthorities(known: KnownRepositories, certificates: KubeObject | undefined): KnownRepositories {
  const data = certificates?.["data"];
  if (typeof data !== "object" || data === null) return known;
  const authorities = new Map(Object.entries(data).map(([host, pem]) => [host, String(pem)]));
  const withOwn = (repository: ChartRepository): ChartRepository => {
    const caData = authorities.get(hostOf(repository));
    return caData === undefined ? repository : { ...repository, caData };
  };
  const hosts = [...authorities].flatMap(([host, caData]) => [
    { url: `https://${host}`, caData },
    { url: host, caData, enableOCI: true },
  ]);
  return { repositories: known.repositories.map(withOwn), templates: [...known.templates.map(withOwn), ...hosts] };
}

function hostOf({ url, enableOCI }: ChartRepository): string {
  const absolute = isOciRepository(url, enableOCI) ? `https://${url.replace(/^oci:\/\//, "")}` : url;
  return URL.canParse(absolute) ? new URL(absolute).hostname : "";
}
