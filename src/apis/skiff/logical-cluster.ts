import type { KubeObject } from "../../apimachinery/index.ts";

/** A control plane of its own inside the platform's process: its discovery, CRDs, objects, access rules and credentials. */
export type LogicalCluster = KubeObject & {
  spec?: {
    /** Where the controller keeps a kubeconfig, in the key `value` as Cluster API does, for tools that read Secrets. */
    kubeconfigSecret?: { namespace: string; name?: string };
  };
  status?: { phase?: "Ready" | "Deleting"; url?: string };
};

const text = (description: string, more: object = {}) => ({ type: "string", description, ...more });

/** The name becomes a part of URLs and of storage keys; `root` is the platform's own cluster. */
const name = text("Also the last part of its URL, /clusters/<name>.", {
  maxLength: 63,
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  not: { enum: ["root"] },
});

export const logicalClusterCrd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "logicalclusters.skiff.dev" },
  spec: {
    group: "skiff.dev",
    names: {
      kind: "LogicalCluster",
      listKind: "LogicalClusterList",
      plural: "logicalclusters",
      singular: "logicalcluster",
      shortNames: ["lc"],
    },
    scope: "Cluster",
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: "Phase", type: "string", jsonPath: ".status.phase" },
          { name: "URL", type: "string", jsonPath: ".status.url" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        schema: {
          openAPIV3Schema: {
            type: "object",
            description:
              "A control plane of its own inside this one's process, with its own discovery, CRDs and access rules.",
            properties: {
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object", properties: { name } },
              spec: {
                type: "object",
                description: "What is wanted of the cluster; nothing is needed.",
                properties: {
                  kubeconfigSecret: {
                    type: "object",
                    description:
                      "Secret that a kubeconfig of the cluster's administrator is written to, in the key value.",
                    properties: {
                      namespace: text("Namespace of the Secret, which must exist."),
                      name: text("Name of the Secret; <cluster>-kubeconfig when empty."),
                    },
                    required: ["namespace"],
                  },
                },
              },
              status: {
                type: "object",
                description: "What is there.",
                properties: {
                  phase: text("Ready, or Deleting while its contents are removed."),
                  url: text("Server address for kubeconfigs."),
                },
              },
            },
          },
        },
      },
    ],
  },
};
