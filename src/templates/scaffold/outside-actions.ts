import { isJsonObject, type JsonObject, parseYamlDocuments, textAt } from "../../apimachinery/index.ts";
import { textOf } from "../../lib/index.ts";
import { orderedYaml } from "../targets/ordered-yaml.ts";
import type { ActionContext } from "./action.ts";
import { parseRepoUrl } from "./filters.ts";
import { resolvePath, type Workspace } from "./workspace.ts";

/** Made-up outputs of what is not run, of the shape that its outputs have. */
type Stand = (context: ActionContext) => JsonObject;

/** A commit id that no repository has. */
const noCommit = "0".repeat(40);

const publish: Stand = ({ input }) => {
  const {
    host,
    owner = "owner",
    repo = "repository",
  } = parseRepoUrl(textAt(input, "repoUrl") || "git.example?repo=repository");
  const remoteUrl = `https://${host}/${owner}/${repo}.git`;
  const branch = textAt(input, "defaultBranch") || "main";
  const repoContentsUrl = `https://${host}/${owner}/${repo}/src/branch/${branch}/`;
  return { remoteUrl, repoContentsUrl, commitHash: noCommit };
};

const openPullRequest: Stand = (context) => {
  const { remoteUrl } = publish(context);
  const targetBranchName = textAt(context.input, "targetBranchName") || "main";
  return { remoteUrl: `${String(remoteUrl).replace(/\.git$/, "")}/pull/1`, pullRequestNumber: 1, targetBranchName };
};

const register: Stand = ({ input, workspace }) => {
  const file = textAt(input, "catalogInfoPath") || "catalog-info.yaml";
  const entity = firstEntity(workspace, resolvePath(file));
  const kind = textAt(entity, "kind").toLowerCase() || "component";
  const namespace = textAt(entity, "metadata", "namespace") || "default";
  const name = textAt(entity, "metadata", "name") || "unknown";
  const base = textAt(input, "catalogInfoUrl") || textAt(input, "repoContentsUrl") + file.replace(/^\/+/, "");
  return { entityRef: `${kind}:${namespace}/${name}`, catalogInfoUrl: base };
};

const nothing: Stand = () => ({});

const stands: ReadonlyMap<string, Stand> = new Map([
  ["publish:github:pull-request", openPullRequest],
  ["publish:gitlab:merge-request", openPullRequest],
  ["publish:bitbucketServer:pull-request", openPullRequest],
  ["publish:bitbucketCloud:pull-request", openPullRequest],
  ["github:repo:create", publish],
  ["github:repo:push", publish],
  ["catalog:register", register],
  ["catalog:fetch", () => ({ entity: {} })],
  ["cnoe:create-argocd-app", nothing],
  ["argocd:create-resources", nothing],
  ["cnoe:kubernetes:apply", nothing],
  ["kube:apply", nothing],
  ["cnoe:verify:dependency", nothing],
  ["roadiehq:utils:sleep", nothing],
  ["debug:wait", nothing],
]);

/** What stands in for an action that reaches out of the workspace; `undefined` for one that nothing is known of. */
export function standFor(action: string): Stand | undefined {
  return stands.get(action) ?? (/^publish:/.test(action) ? publish : undefined);
}

/** What an action would apply to a cluster, as YAML; `undefined` when it applies nothing. */
export function manifestsOf(action: string, { input, workspace }: ActionContext): string | undefined {
  if (action !== "cnoe:kubernetes:apply" && action !== "kube:apply") return undefined;
  const { manifestString, manifest, manifestObject, manifestPath } = input;
  for (const text of [manifestString, manifest]) if (typeof text === "string" && text !== "") return text;
  if (isJsonObject(manifestObject)) return orderedYaml(manifestObject);
  if (typeof manifestPath !== "string") {
    throw new Error("one of manifest, manifestString, manifestObject and manifestPath has to be given");
  }
  const content = readFile(workspace, resolvePath(manifestPath));
  if (content === undefined) throw new Error(`there is no file ${manifestPath} to apply`);
  return content;
}

function firstEntity(workspace: Workspace, path: string): unknown {
  const text = readFile(workspace, path);
  if (text === undefined) throw new Error(`there is no file ${path} to register`);
  return parseYamlDocuments(text)[0]?.value;
}

function readFile(workspace: Workspace, path: string): string | undefined {
  const content = workspace.read(path);
  return content instanceof Uint8Array ? textOf(content) : content;
}
