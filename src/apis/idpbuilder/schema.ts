/** The part of a structural schema that our own kinds need. */
export type CrdSchema = {
  type: "object" | "string" | "boolean" | "integer" | "array";
  description?: string;
  properties?: Record<string, CrdSchema>;
  required?: string[];
  items?: CrdSchema;
  enum?: string[];
  default?: string | boolean;
  pattern?: string;
  additionalProperties?: CrdSchema;
};

export const text = (description: string, more: Partial<CrdSchema> = {}): CrdSchema => ({
  type: "string",
  description,
  ...more,
});
export const flag = (description: string, more: Partial<CrdSchema> = {}): CrdSchema => ({
  type: "boolean",
  description,
  ...more,
});
export const list = (description: string, items: CrdSchema): CrdSchema => ({ type: "array", description, items });
export const struct = (
  description: string,
  properties: Record<string, CrdSchema>,
  required: string[] = [],
): CrdSchema => ({
  type: "object",
  description,
  properties,
  ...(required.length > 0 ? { required } : {}),
});

/** A printer column of `kubectl get`. */
export type Column = { name: string; type: "string" | "boolean" | "date"; jsonPath: string };

/** A CustomResourceDefinition of group `idpbuilder.cnoe.io`, version `v1alpha1`, with a status subresource. */
export function idpbuilderCrd(options: {
  kind: string;
  plural: string;
  singular: string;
  scope: "Cluster" | "Namespaced";
  spec: CrdSchema;
  status: CrdSchema;
  columns: Column[];
}) {
  const group = "idpbuilder.cnoe.io";
  const { kind, plural, singular, scope, spec, status, columns } = options;
  const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular },
      scope,
      versions: [
        {
          name: "v1alpha1",
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [...columns, age],
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  };
}
