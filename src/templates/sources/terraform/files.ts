/** The files of a folder that Terraform or OpenTofu read as its configuration, each list in the order of their names. */
export type ConfigurationFiles = {
  primary: string[];
  /** Merged into what the primary ones declare: `override.tf`, `*_override.tf`. */
  override: string[];
};

const extensions = [".tofu.json", ".tf.json", ".tofu", ".tf"] as const;

/** Whether a folder with these files is a module: it has configuration, if only an override file. */
export function isTerraformModule(fileNames: Iterable<string>): boolean {
  const { primary, override } = configurationFiles(fileNames);
  return primary.length + override.length > 0;
}

/**
 * Chooses among the names of a folder's files as Terraform does: no hidden files, backups of editors, tests and values. Of
 * `x.tf` and `x.tofu` OpenTofu reads the latter only.
 */
export function configurationFiles(fileNames: Iterable<string>): ConfigurationFiles {
  const names = [...fileNames].filter((name) => extensionOf(name) !== undefined && !isIgnored(name)).sort();
  const all = new Set(names);
  const counted = names.filter(
    (name) => !all.has(name.replace(/\.tf(\.json)?$/, ".tofu$1")) || /\.tofu(\.json)?$/.test(name),
  );
  return {
    primary: counted.filter((name) => !isOverride(name)),
    override: counted.filter(isOverride),
  };
}

function extensionOf(name: string): string | undefined {
  return name.includes("/") ? undefined : extensions.find((extension) => name.endsWith(extension));
}

function isIgnored(name: string): boolean {
  return name.startsWith(".") || name.endsWith("~") || (name.startsWith("#") && name.endsWith("#"));
}

function isOverride(name: string): boolean {
  const stem = name.slice(0, -(extensionOf(name) ?? "").length);
  return stem === "override" || stem.endsWith("_override");
}
