import { flag, idpbuilderCrd, list, struct, text } from "./schema.ts";

const secretRef = (description: string) =>
  struct(description, { name: text("Name of the Secret."), namespace: text("Namespace of the Secret.") });

const remoteRepository = struct(
  "A directory in a Git repository elsewhere.",
  {
    url: text("URL that git can clone."),
    ref: text("Branch, tag or commit; the default branch when empty."),
    path: text("Directory inside the repository."),
    cloneSubmodules: flag("Whether submodules are part of the content."),
  },
  ["url"],
);

const customization = struct("A file that overrides manifests of a core package.", {
  name: text("Core package: argocd, gitea or nginx."),
  filePath: text("Absolute path of the file."),
});

/** The three kinds of idpbuilder, with the field names that its tools read, one misspelt as upstream has it. */
export const idpbuilderCrds = [
  idpbuilderCrd({
    kind: "Localbuild",
    plural: "localbuilds",
    singular: "localbuild",
    scope: "Cluster",
    columns: [
      { name: "Host", type: "string", jsonPath: ".spec.buildCustomization.host" },
      { name: "Port", type: "string", jsonPath: ".spec.buildCustomization.port" },
    ],
    spec: struct("What a platform on this machine is made of.", {
      packageConfigs: struct("Packages of the user.", {
        argoPackageConfigs: struct("Accepted for idpbuilder's objects; Argo CD's API is always served.", {
          enabled: flag("Unused."),
        }),
        embeddedArgoApplicationsPackageConfigs: struct("Accepted for idpbuilder's objects.", {
          enabled: flag("Unused."),
        }),
        customPackageDirs: list("Absolute paths of directories with Applications.", text("A directory.")),
        customPackageFiles: list("Absolute paths of files with Applications.", text("A file.")),
        customPackageUrls: list(
          "URLs of directories in Git repositories.",
          text("URL of the form https://host/org/repo//path?ref=x."),
        ),
        packageCustomization: {
          ...struct("Overrides of core packages, by package.", {}),
          properties: undefined,
          additionalProperties: customization,
        },
      }),
      buildCustomization: struct("How the platform answers.", {
        protocol: text("http or https."),
        host: text("Base domain."),
        ingressHost: text("Further host name, for a proxy in front."),
        port: text("Port of the gateway."),
        usePathRouting: flag("Paths of one host instead of sub-domains."),
        selfSignedCert: text("PEM of the certificate to trust."),
        staticPassword: flag("Whether passwords are the fixed ones for development."),
      }),
    }),
    status: struct("What is ready.", {
      observedGeneration: { type: "integer", description: "Generation that the rest of the status is about." },
      ArgoCD: struct("GitOps.", { available: flag("Ready."), appsCreated: flag("Unused.") }),
      nginx: struct("Gateway.", { available: flag("Ready.") }),
      gitea: struct("Git server.", {
        available: flag("Ready."),
        externalURL: text("Base URL outside the platform."),
        internalURL: text("Base URL inside the platform."),
        adminUserSecretNameecret: text("Secret with the administrator's credentials."),
        adminUserSecretNamespace: text("Namespace of that Secret."),
      }),
      problems: list(
        "What could not be used of the packages.",
        struct("One problem.", {
          source: text("Package as it was given."),
          file: text("File that it is in."),
          message: text("What is wrong, with the line when it is known."),
          severity: text("Whether something is missing because of it.", { enum: ["error", "warning"] }),
        }),
      ),
    }),
  }),
  idpbuilderCrd({
    kind: "GitRepository",
    plural: "gitrepositories",
    singular: "gitrepository",
    scope: "Namespaced",
    columns: [
      { name: "Synced", type: "boolean", jsonPath: ".status.synced" },
      { name: "URL", type: "string", jsonPath: ".status.externalGitRepositoryUrl" },
    ],
    spec: struct(
      "A repository on the platform's Git server that is kept equal to its source.",
      {
        customization,
        secretRef: secretRef("Credentials for the provider."),
        source: struct("Where the content comes from.", {
          type: text("Kind of source.", { enum: ["local", "embedded", "remote"], default: "embedded" }),
          path: text("Absolute path of a local directory."),
          embeddedAppName: text("Core package."),
          remoteRepository: { ...remoteRepository, required: undefined },
        }),
        provider: struct("Git server that holds the repository.", {
          name: text("Kind of server.", { enum: ["gitea", "github"], default: "gitea" }),
          gitURL: text("Base URL.", { pattern: "^https?:\\/\\/.+$" }),
          internalGitURL: text("Base URL inside the platform.", { pattern: "^https?:\\/\\/.+$" }),
          organizationName: text("Owner of the repository."),
        }),
      },
      ["source", "provider"],
    ),
    status: struct("Where the repository is and what it holds.", {
      commit: struct("Last commit.", { hash: text("Commit id.") }),
      externalGitRepositoryUrl: text("Clone URL."),
      internalGitRepositoryUrl: text("Clone URL inside the platform."),
      path: text("Path of the content."),
      synced: flag("Equal to its source."),
      message: text("Why it is not synced."),
    }),
  }),
  idpbuilderCrd({
    kind: "CustomPackage",
    plural: "custompackages",
    singular: "custompackage",
    scope: "Namespaced",
    columns: [
      { name: "Application", type: "string", jsonPath: ".spec.argoCD.name" },
      { name: "Synced", type: "boolean", jsonPath: ".status.synced" },
    ],
    spec: struct(
      "An Application or ApplicationSet that came from a package.",
      {
        argoCD: struct("The Argo CD object.", {
          applicationFile: text("Absolute path, or path in the remote repository, of the file it is in."),
          name: text("Name of the object."),
          namespace: text("Namespace of the object."),
          type: text("Its kind.", { enum: ["Application", "ApplicationSet"] }),
        }),
        gitServerURL: text("Base URL of the Git server."),
        internalGitServeURL: text("Base URL of the Git server inside the platform."),
        gitServerAuthSecretRef: secretRef("Credentials for the Git server."),
        remoteRepository: { ...remoteRepository, required: undefined },
        replicate: flag("Always true.", { default: false }),
      },
      ["argoCD"],
    ),
    status: struct("Whether the package has arrived.", {
      synced: flag("The Argo CD object and its repositories exist."),
      message: text("Why it is not synced."),
      refused: flag("The API server refused the object; only a change of the file helps."),
      gitRepositoryRefs: list(
        "Repositories made for cnoe:// sources.",
        struct("One repository.", {
          apiVersion: text("API version."),
          kind: text("GitRepository."),
          name: text("Name."),
          namespace: text("Namespace."),
          uid: text("Unique id."),
        }),
      ),
    }),
  }),
];
