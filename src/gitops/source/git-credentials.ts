import { type ChartRepository, findRepository, type KnownRepositories } from "../../charts/index.ts";
import type { GitSources } from "./file-tree.ts";

/**
 * Reads repositories of others with the names and passwords that users have put into Secrets. Where there are none, git asks
 * the helpers of whoever runs this.
 *
 * @param read asked before each resolve; the other calls are for what was resolved before
 */
export function withGitCredentials(git: GitSources, read: () => Promise<KnownRepositories>): GitSources {
  const addresses = new Map<string, string>();
  const addressOf = (url: string) => addresses.get(url) ?? url;
  return {
    isLocal: git.isLocal,
    async resolve(url, revision, options) {
      if (git.isLocal(url) === undefined && isHttp(url)) {
        const repository = findRepository(plain(url), await read());
        const address = repository === undefined ? url : withUser(url, repository);
        if (address === url) addresses.delete(url);
        else addresses.set(url, address);
      }
      return await git.resolve(addressOf(url), revision, options);
    },
    entry: async (url, commit, path) => await git.entry(addressOf(url), commit, path),
    tree: async (url, commit, path, options) => await git.tree(addressOf(url), commit, path, options),
    blob: async (url, id) => await git.blob(addressOf(url), id),
  };
}

/** With or without `.git` it is the same repository. */
export function plain(url: string): string {
  return url.replace(/\/+$/, "").replace(/\.git$/i, "");
}

function isHttp(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

/** Who is named in the URL itself counts more than a Secret. */
function withUser(url: string, { username = "", password = "" }: ChartRepository): string {
  if (!URL.canParse(url) || (username === "" && password === "")) return url;
  const address = new URL(url);
  if (address.username !== "" || address.password !== "") return url;
  address.username = username;
  address.password = password;
  return address.href;
}
