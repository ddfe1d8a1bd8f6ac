import type { CustomPackage, GitRepository } from "../../apis/index.ts";
import { customPackages, gitRepositories } from "../../packages/index.ts";
import { type PlatformConfig, platformUrls } from "../../platform/index.ts";
import { connectKubeconfig, connectPlatform, requireConfig } from "../connect.ts";
import { formatItems, parseOutputFormat } from "../output.ts";
import type { ApplicationState } from "../readiness.ts";
import { applications } from "../resources.ts";
import type { GetFlags } from "./get-secrets.ts";

const columns = ["NAME", "IDP NAMESPACE", "GIT REPOSITORY", "ARGOCD URL", "STATUS"];

/** idpbuilder's fields, and the state of the Application, which it leaves out. */
type PackageItem = {
  Name: string;
  Namespace: string;
  Type: string;
  GitRepository: string;
  ArgocdRepository: string;
  Status: string;
  Sync: string;
  Health: string;
};

export async function getPackages({ name, packages, output, kubeconfig }: GetFlags): Promise<void> {
  const format = parseOutputFormat(output);
  const config = requireConfig(name);
  using connection = kubeconfig === undefined ? connectPlatform(name) : connectKubeconfig(kubeconfig, name);
  const { client } = connection;
  const [all, repositories, apps] = await Promise.all([
    client.list<CustomPackage>(customPackages),
    client.list<GitRepository>(gitRepositories),
    client.list<ApplicationState>(applications),
  ]);
  // The name of the object is what idpbuilder wants here; users know the application's.
  const wanted = all.items.filter(
    ({ metadata, spec }) =>
      packages.length === 0 || packages.includes(metadata.name ?? "") || packages.includes(spec.argoCD.name),
  );
  const items = wanted.map((item) => packageItem(item, repositories.items, apps.items, config));
  const rows = items.map((item) => [item.Name, item.Namespace, item.GitRepository, item.ArgocdRepository, item.Status]);
  process.stdout.write(formatItems(format, { columns, rows, items, empty: "no packages found" }));
}

function packageItem(
  item: CustomPackage,
  repositories: readonly GitRepository[],
  apps: readonly ApplicationState[],
  config: PlatformConfig,
): PackageItem {
  const { argoCD, remoteRepository } = item.spec;
  const repository = repositories.find(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === item.metadata.uid),
  );
  const app = apps.find(
    ({ metadata }) =>
      argoCD.type === "Application" && metadata.name === argoCD.name && metadata.namespace === argoCD.namespace,
  );
  const remote =
    remoteRepository === undefined
      ? ""
      : `${remoteRepository.url}/tree/${remoteRepository.ref ?? "HEAD"}/${remoteRepository.path}`;
  return {
    Name: item.metadata.name ?? "",
    Namespace: item.metadata.namespace ?? "",
    Type: argoCD.type,
    GitRepository: repository?.status?.externalGitRepositoryUrl ?? remote,
    ArgocdRepository: `${platformUrls(config).front}/applications/${argoCD.namespace}/${argoCD.name}`,
    Status: String(item.status?.synced === true),
    Sync: app?.status?.sync?.status ?? "",
    Health: app?.status?.health?.status ?? "",
  };
}
