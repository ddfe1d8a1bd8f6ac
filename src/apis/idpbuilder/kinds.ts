import type { KubeObject, ObjectMeta } from "../../apimachinery/index.ts";

/** Where the content of a package lives outside this machine, in kustomize's terms. */
export type RemoteRepository = { url: string; ref?: string; path: string; cloneSubmodules?: boolean };
export type SecretReference = { name: string; namespace: string };
export type CorePackageCustomization = { name: string; filePath: string };

/** How the platform answers: what `skiff create` was told. idpbuilder calls it `buildCustomization`. */
export type BuildCustomization = {
  protocol: string;
  host: string;
  ingressHost: string;
  port: string;
  usePathRouting: boolean;
  selfSignedCert: string;
  staticPassword: boolean;
};

/** Something in a package that could not be used, and the file and line where it stands. */
export type PackageProblem = { source: string; file?: string; message: string; severity: "error" | "warning" };

export type Localbuild = KubeObject & {
  metadata: ObjectMeta;
  spec: {
    packageConfigs?: {
      customPackageDirs?: string[];
      customPackageFiles?: string[];
      customPackageUrls?: string[];
      packageCustomization?: Record<string, CorePackageCustomization>;
    };
    buildCustomization?: BuildCustomization;
  };
  status?: {
    observedGeneration?: number;
    ArgoCD?: { available?: boolean };
    nginx?: { available?: boolean };
    gitea?: {
      available?: boolean;
      externalURL?: string;
      internalURL?: string;
      adminUserSecretNameecret?: string;
      adminUserSecretNamespace?: string;
    };
    problems?: PackageProblem[];
  };
};

export type GitRepository = KubeObject & {
  metadata: ObjectMeta;
  spec: {
    secretRef?: SecretReference;
    source: {
      type: "local" | "embedded" | "remote";
      path?: string;
      embeddedAppName?: string;
      remoteRepository?: RemoteRepository;
    };
    provider: { name: "gitea" | "github"; gitURL: string; internalGitURL: string; organizationName: string };
  };
  status?: {
    commit?: { hash?: string };
    externalGitRepositoryUrl?: string;
    internalGitRepositoryUrl?: string;
    path?: string;
    synced?: boolean;
    message?: string;
  };
};

export type CustomPackage = KubeObject & {
  metadata: ObjectMeta;
  spec: {
    argoCD: { applicationFile: string; name: string; namespace: string; type: "Application" | "ApplicationSet" };
    gitServerURL: string;
    internalGitServeURL: string;
    gitServerAuthSecretRef: SecretReference;
    remoteRepository?: RemoteRepository;
    replicate: boolean;
  };
  status?: {
    synced?: boolean;
    message?: string;
    /** The API server refused the object; only a change of the file helps. */
    refused?: boolean;
    gitRepositoryRefs?: { apiVersion: string; kind: string; name: string; namespace: string; uid: string }[];
  };
};
