import type { CustomPackage, PackageProblem, RemoteRepository } from "../apis/index.ts";
import type { PackagedApplication } from "./application-file.ts";
import { annotations, applicationFinalizer, labels } from "./resources.ts";

/** A package as it was read: where it came from, and what was in it. */
export type ReadPackage = {
  /** As given on the command line. */
  source: string;
  remote?: RemoteRepository;
  applications: PackagedApplication[];
};

export type PlanOptions = {
  /** Packages in the order they were given; of two that hold the same Application, the later one wins. */
  packages: readonly ReadPackage[];
  namespace: string;
  gitUrl: string;
  startTime: string;
};

export type Plan = { wanted: CustomPackage[]; problems: PackageProblem[] };

/** Says which CustomPackages there must be. Pure: the same packages give the same objects. */
export function planPackages({ packages, namespace, gitUrl, startTime }: PlanOptions): Plan {
  const byApplication = new Map<string, CustomPackage>();
  packages.forEach((read, priority) => {
    for (const application of read.applications) {
      const id = `${application.kind}/${application.namespace}/${application.name}`;
      byApplication.set(id, customPackage(application, { read, priority, namespace, gitUrl, startTime }));
    }
  });
  const byName = new Map<string, CustomPackage>();
  const problems: PackageProblem[] = [];
  for (const wanted of byApplication.values()) {
    const name = wanted.metadata.name ?? "";
    const other = byName.get(name);
    if (other === undefined) {
      byName.set(name, wanted);
      continue;
    }
    problems.push({
      source: wanted.metadata.annotations?.[annotations.sourcePath] ?? "",
      file: wanted.spec.argoCD.applicationFile,
      message: `${describe(wanted)} and ${describe(other)} of ${other.spec.argoCD.applicationFile} both make the name ${name}: rename one of the files`,
      severity: "error",
    });
  }
  return { wanted: [...byName.values()], problems };
}

function describe({ spec: { argoCD } }: CustomPackage): string {
  return `${argoCD.type} ${argoCD.namespace}/${argoCD.name}`;
}

function customPackage(
  application: PackagedApplication,
  at: { read: ReadPackage; priority: number; namespace: string; gitUrl: string; startTime: string },
): CustomPackage {
  return {
    apiVersion: "idpbuilder.cnoe.io/v1alpha1",
    kind: "CustomPackage",
    metadata: {
      name: customPackageName(application.file, application.name),
      namespace: at.namespace,
      labels: { [labels.packageName]: application.name, [labels.packageType]: "custom" },
      annotations: {
        [annotations.startTime]: at.startTime,
        [annotations.priority]: String(at.priority),
        [annotations.sourcePath]: at.read.source,
      },
      finalizers: [applicationFinalizer],
    },
    spec: {
      argoCD: {
        applicationFile: application.file,
        name: application.name,
        namespace: application.namespace,
        type: application.kind,
      },
      gitServerURL: at.gitUrl,
      internalGitServeURL: at.gitUrl,
      gitServerAuthSecretRef: { name: "gitea-credential", namespace: "gitea" },
      ...(at.read.remote === undefined ? {} : { remoteRepository: at.read.remote }),
      replicate: true,
    },
  };
}

/** `<file name up to the first dot, in lower case>-<application>`, as idpbuilder names them. */
export function customPackageName(file: string, application: string): string {
  const base = file.slice(file.lastIndexOf("/") + 1);
  const stem = base.slice(0, base.indexOf(".") < 0 ? undefined : base.indexOf("."));
  const safe = stem
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return safe === "" ? application : `${safe}-${application}`;
}
