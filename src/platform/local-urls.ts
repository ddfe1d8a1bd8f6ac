import type { PlatformConfig } from "./config.ts";

/** Names that packages written for Gitea in a cluster use for its HTTP service. */
const inClusterHosts = new Set([
  "my-gitea-http.gitea.svc.cluster.local:3000",
  "my-gitea-http.gitea.svc:3000",
  "my-gitea-http.gitea:3000",
]);

/**
 * Says which repository of this platform a URL means, in every form that users and packages write: sub-domain or path,
 * `git` or `gitea`, with or without `.git`, and Gitea's name inside a cluster.
 *
 * @returns `undefined` for repositories elsewhere
 */
export function localRepository(config: PlatformConfig): (url: string) => { owner: string; name: string } | undefined {
  const hosts = new Set([config.host, config.ingressHost]);
  const ports = new Set([String(config.port), ...(config.port === 443 ? [""] : [])]);
  return (text) => {
    if (!URL.canParse(text)) return undefined;
    const { protocol, host, hostname, port, pathname } = new URL(text);
    if (protocol !== "https:" && protocol !== "http:") return undefined;
    if (inClusterHosts.has(host)) return ownerAndName(pathname);
    if (!ports.has(port)) return undefined;
    if (hosts.has(hostname)) {
      const [, rest] = /^\/(?:git|gitea)(\/.*)$/.exec(pathname) ?? [];
      return rest === undefined ? undefined : ownerAndName(rest);
    }
    const [label = "", ...parent] = hostname.split(".");
    return (label === "git" || label === "gitea") && hosts.has(parent.join(".")) ? ownerAndName(pathname) : undefined;
  };
}

function ownerAndName(path: string): { owner: string; name: string } | undefined {
  const [owner, name, ...rest] = path.split("/").filter((segment) => segment !== "");
  if (owner === undefined || name === undefined || rest.length > 0) return undefined;
  return { owner, name: name.replace(/\.git$/i, "") };
}
