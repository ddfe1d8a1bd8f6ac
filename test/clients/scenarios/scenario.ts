import type { Kubectl } from "../tools.ts";

/** What somebody does with kubectl in a namespace of his own, and what must come of it with every version of kubectl. */
export type Scenario = (kubectl: Kubectl) => Promise<void>;

/** By what they show, a sentence about the server. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/** A Deployment that nothing runs. */
export function web({ replicas = 2, image = "nginx:1.25", labels = "{app: web}" } = {}): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: ${labels}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 80}]}]}
`;
}

/** A ConfigMap. */
export function settings(name: string, more = "data: {color: red}"): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
${more}
`;
}

/** A definition with status, scale and columns. @param plural names it and its group, so that tests need not share one */
export function gearCrd(plural: string): string {
  const kind = `${plural.charAt(0).toUpperCase()}${plural.slice(1)}Gear`;
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.gears.example.com}
spec:
  group: gears.example.com
  scope: Namespaced
  names: {plural: ${plural}, singular: ${plural}gear, kind: ${kind}, shortNames: [${plural}g]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
    additionalPrinterColumns: [{name: Teeth, type: integer, jsonPath: .spec.teeth}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [teeth]
            properties:
              replicas: {type: integer}
              teeth: {type: integer, minimum: 3, description: How many there are.}
          status: {type: object, properties: {replicas: {type: integer}, phase: {type: string}}}
`;
}

/** One of them. */
export function gear(plural: string, name: string, spec = "{teeth: 5, replicas: 1}"): string {
  const kind = `${plural.charAt(0).toUpperCase()}${plural.slice(1)}Gear`;
  return `
apiVersion: gears.example.com/v1
kind: ${kind}
metadata: {name: ${name}}
spec: ${spec}
`;
}
