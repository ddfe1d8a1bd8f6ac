/**
 * A place in a registry.
 *
 * @property registry host and port as written
 * @property repository the path, `library/redis`
 */
export type OciRepository = { registry: string; repository: string };

/** The reference grammar of the OCI distribution specification. */
const repositoryPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const registryPattern = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/**
 * Reads `oci://host/path`, or `host/path` as Argo CD writes it; further parts are appended to the path.
 *
 * @throws {Error} in the words of the library that Helm uses
 */
export function parseOciRepository(url: string, ...more: readonly string[]): OciRepository {
  const whole = [url.replace(/^oci:\/\//, "").replace(/\/+$/, ""), ...more].join("/");
  const slash = whole.indexOf("/");
  const registry = slash < 0 ? whole : whole.slice(0, slash);
  const repository = slash < 0 ? "" : whole.slice(slash + 1);
  if (!registryPattern.test(registry))
    throw new Error(`invalid reference: invalid registry ${JSON.stringify(registry)}`);
  if (repository === "") throw new Error("invalid reference: missing registry or repository");
  if (!repositoryPattern.test(repository))
    throw new Error(`invalid reference: invalid repository ${JSON.stringify(repository)}`);
  return { registry, repository };
}

/** Tags have no `+`; Helm writes `_` for it. @throws {Error} for what can be no tag */
export function tagOfVersion(version: string): string {
  const tag = version.replaceAll("+", "_");
  if (!tagPattern.test(tag)) throw new Error(`invalid reference: invalid tag ${JSON.stringify(tag)}`);
  return tag;
}

export function versionOfTag(tag: string): string {
  return tag.replaceAll("_", "+");
}

export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

/** Where the API of a registry is. Docker's is not at the name that its images carry. */
export function apiHost(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}

/** Whether a registry is on this machine, where registries have no certificates. */
export function isLocalRegistry(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host) || host.endsWith(".localhost");
}
