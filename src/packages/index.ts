// The package manager: what idpbuilder's `-p` names becomes repositories and Applications, and stays equal to its source.
// It promises idpbuilder's objects, names, labels and annotations, through the Kubernetes API.
// It leaves to others what an Application does, and how the command line looks.
export { type ApplicationFile, type PackagedApplication, parseApplicationFile } from "./application-file.ts";
export { type PackageArgument, parsePackageArgument } from "./package-argument.ts";
export {
  annotations as packageAnnotations,
  customPackages,
  gitRepositories,
  labels as packageLabels,
  localbuilds,
  platformNamespace,
} from "./resources.ts";
export { rewriteCnoeUrls } from "./rewrite.ts";
export { type PackagesOptions, startPackages } from "./start-packages.ts";
export { openPathWatches, type PathWatches } from "./watch-paths.ts";
