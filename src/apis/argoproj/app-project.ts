import { invalid, type KubeObject, type ObjectMeta, type Schema, validateSchema } from "../../apimachinery/index.ts";
import type { Destination } from "./application.ts";
import { fields, flag, int, list, mapOf, text } from "./schema.ts";

export type ProjectResource = { group: string; kind: string; name?: string };

export type SyncWindow = {
  kind?: string;
  schedule?: string;
  duration?: string;
  applications?: string[];
  namespaces?: string[];
  clusters?: string[];
  manualSync?: boolean;
  timeZone?: string;
  andOperator?: boolean;
  syncOverrun?: boolean;
  description?: string;
};

export type AppProjectSpec = {
  description?: string;
  sourceRepos?: string[];
  destinations?: Destination[];
  clusterResourceWhitelist?: ProjectResource[];
  clusterResourceBlacklist?: ProjectResource[];
  namespaceResourceWhitelist?: ProjectResource[];
  namespaceResourceBlacklist?: ProjectResource[];
  sourceNamespaces?: string[];
  syncWindows?: SyncWindow[];
  [field: string]: unknown;
};

export type AppProject = KubeObject & { metadata: ObjectMeta & { name: string }; spec: AppProjectSpec };

const groupKind = fields({ group: text(), kind: text() }, ["group", "kind"]);
const groupKindName = fields({ group: text(), kind: text(), name: text("Glob of names; absent means all.") }, [
  "group",
  "kind",
]);
const jwtTokens = list(fields({ iat: int(), exp: int(), id: text() }, ["iat"]));

export const appProjectSchema: Schema = fields(
  {
    apiVersion: text(),
    kind: text(),
    metadata: { type: "object" },
    spec: fields({
      description: { type: "string", maxLength: 255 },
      sourceRepos: list(text(), "Globs of the repositories that applications may use; `!` before a glob forbids."),
      destinations: list(
        fields({ server: text(), name: text(), namespace: text() }),
        "Globs of the clusters and namespaces that applications may deploy to; `!` before a glob forbids.",
      ),
      clusterResourceWhitelist: list(groupKindName, "Cluster-scoped kinds that may be deployed; none when absent."),
      clusterResourceBlacklist: list(groupKindName, "Cluster-scoped kinds that may not be deployed."),
      namespaceResourceWhitelist: list(groupKind, "Namespaced kinds that may be deployed; all when absent."),
      namespaceResourceBlacklist: list(groupKind, "Namespaced kinds that may not be deployed."),
      sourceNamespaces: list(text(), "Namespaces whose applications may belong to this project."),
      permitOnlyProjectScopedClusters: flag(),
      orphanedResources: fields({
        warn: flag(),
        ignore: list(fields({ group: text(), kind: text(), name: text() })),
      }),
      syncWindows: list(
        fields({
          kind: text("allow or deny"),
          schedule: text("When the window opens, as a cron expression."),
          duration: text("How long it stays open."),
          applications: list(text()),
          namespaces: list(text()),
          clusters: list(text()),
          manualSync: flag(),
          timeZone: text(),
          andOperator: flag(),
          syncOverrun: flag(),
          description: text(),
        }),
      ),
      destinationServiceAccounts: list(
        fields({ server: text(), namespace: text(), defaultServiceAccount: text() }, [
          "defaultServiceAccount",
          "server",
        ]),
      ),
      roles: list(
        fields({ name: text(), description: text(), groups: list(text()), policies: list(text()), jwtTokens }, [
          "name",
        ]),
      ),
      signatureKeys: list(fields({ keyID: text() }, ["keyID"])),
      sourceIntegrity: fields(
        {
          git: fields(
            {
              policies: list(
                fields(
                  {
                    gpg: fields({ keys: list(text()), mode: text() }, ["keys", "mode"]),
                    repos: list(fields({ url: text() }, ["url"])),
                  },
                  ["gpg", "repos"],
                ),
              ),
            },
            ["policies"],
          ),
        },
        ["git"],
      ),
    }),
    status: fields({ jwtTokensByRole: mapOf(fields({ items: jwtTokens })) }),
  },
  ["metadata", "spec"],
  "What a group of applications may use and where they may deploy.",
);

/**
 * Checks that an object is an AppProject as the API server would accept it.
 *
 * @throws {StatusError} `Invalid`, with one cause per wrong field
 */
export function parseAppProject(object: KubeObject): AppProject {
  const causes = validateSchema(object, appProjectSchema);
  if (causes.length > 0) {
    throw invalid({ group: "argoproj.io", kind: "AppProject" }, object.metadata.name ?? "", causes);
  }
  return object as AppProject;
}
