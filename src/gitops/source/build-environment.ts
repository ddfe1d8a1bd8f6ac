/** Variables that `$NAME` in the options of a source stand for; `used` names those that were asked for. */
export type BuildEnvironment = {
  /** Puts values in place of `$NAME` and `${NAME}`; unknown names become nothing, `$$` becomes `$`. */
  substitute(text: string): string;
};

export type EnvironmentInput = {
  /** Name of the application. */
  app: string;
  /** Namespace of its destination. */
  namespace: string;
  project: string;
  /** Commit id, or version of the chart. */
  revision: string;
  repoURL: string;
  path: string;
  targetRevision: string;
  /** What the source's tool is told about the cluster. */
  kubeVersion: string;
  apiVersions: readonly string[];
};

/**
 * The build environment of a source, with the names that Argo CD's documentation lists.
 *
 * @param onUse told of each name that is asked for, with its value: what is rendered depends on it
 */
export function createBuildEnvironment(
  input: EnvironmentInput,
  onUse: (name: string, value: string) => void = () => {},
): BuildEnvironment {
  const values: Record<string, () => string> = {
    ARGOCD_APP_NAME: () => input.app,
    ARGOCD_APP_NAMESPACE: () => input.namespace,
    ARGOCD_APP_PROJECT_NAME: () => input.project,
    ARGOCD_APP_REVISION: () => input.revision,
    ARGOCD_APP_REVISION_SHORT: () => input.revision.slice(0, 7),
    ARGOCD_APP_REVISION_SHORT_8: () => input.revision.slice(0, 8),
    ARGOCD_APP_SOURCE_REPO_URL: () => input.repoURL,
    ARGOCD_APP_SOURCE_PATH: () => input.path,
    ARGOCD_APP_SOURCE_TARGET_REVISION: () => input.targetRevision,
    KUBE_VERSION: () => input.kubeVersion,
    KUBE_API_VERSIONS: () => input.apiVersions.join(","),
  };
  return {
    substitute: (text) =>
      expand(text, (name) => {
        if (name === "$") return "$";
        const value = values[name]?.() ?? "";
        onUse(name, value);
        return value;
      }),
  };
}

/**
 * Go's `os.Expand`: `$name`, `${anything}`, and one character that a shell gives a meaning, `$$` among them. A `$` that nothing
 * of the kind follows stays; `${}` and an open `${` are swallowed.
 */
export function expand(text: string, valueFor: (name: string) => string): string {
  let result = "";
  let at = 0;
  for (let dollar = text.indexOf("$"); dollar >= 0 && dollar + 1 < text.length; dollar = text.indexOf("$", at)) {
    result += text.slice(at, dollar);
    const { name, length } = shellName(text.slice(dollar + 1));
    if (name !== "") result += valueFor(name);
    else if (length === 0) result += "$";
    at = dollar + 1 + length;
  }
  return result + text.slice(at);
}

const special = /^[*#$@!?\-0-9]/;

function shellName(text: string): { name: string; length: number } {
  if (text.startsWith("{")) {
    if (special.test(text.slice(1)) && text[2] === "}") return { name: text.slice(1, 2), length: 3 };
    const end = text.indexOf("}");
    if (end < 0) return { name: "", length: 1 };
    return { name: text.slice(1, end), length: end + 1 };
  }
  if (special.test(text)) return { name: text.slice(0, 1), length: 1 };
  const name = /^\w*/.exec(text)?.[0] ?? "";
  return { name, length: name.length };
}
