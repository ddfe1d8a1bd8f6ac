import { isFields, itemsAt, type JsonValue, parseJson, textAt } from "../../../apimachinery/index.ts";
import { SourceError } from "../../definition.ts";
import { isLocalAddress, submoduleAddress } from "./address.ts";

/** A module that `terraform init` has put on disk because something calls it. */
export type InstalledModule = {
  /** Names of the calls that lead to it from the root module, `vpc` or `eks.kms`. */
  key: string;
  /** What to write as `source` to call the same module, as far as it is not a local folder of the root module. */
  address: string;
  /** Of modules from a registry. */
  version?: string;
  /** Where it is, relative to the root module, with `/` between its parts. */
  dir: string;
  /** Whether another module calls it, and not the root module. */
  nested: boolean;
};

/** Registries that Terraform and OpenTofu ask when an address names none. */
const usualHosts = ["registry.terraform.io/", "registry.opentofu.org/"];

/**
 * Reads `.terraform/modules/modules.json`, in which `terraform init` keeps which module it has put where.
 *
 * @param file what errors call it
 * @returns every module but the root, in the order of their keys; one that several call stands there several times
 * @throws {SourceError} when it is no such file
 */
export function readInstalledModules(text: string, file = ".terraform/modules/modules.json"): InstalledModule[] {
  let content: JsonValue;
  try {
    content = parseJson(text);
  } catch (cause) {
    throw new SourceError(cause instanceof Error ? cause.message : "invalid JSON", { file }, { cause });
  }
  if (!isFields(content) || !Array.isArray(content["Modules"])) {
    throw new SourceError("has no list of Modules, as terraform init writes it", { file });
  }
  const entries = new Map(itemsAt(content, "Modules").map((entry) => [textAt(entry, "Key"), entry] as const));
  const keys = [...entries.keys()].filter((key) => key !== "").sort();
  const found: InstalledModule[] = [];
  const modules = new Map<string, InstalledModule>();
  for (const key of keys) {
    const entry = entries.get(key);
    const parentKey = key.slice(0, Math.max(0, key.lastIndexOf(".")));
    const parent = modules.get(parentKey);
    const source = textAt(entry, "Source");
    const module: InstalledModule = {
      key,
      ...addressOf(source, textAt(entry, "Version"), parent),
      dir: textAt(entry, "Dir").replaceAll("\\", "/"),
      nested: parentKey !== "",
    };
    modules.set(key, module);
    found.push(module);
  }
  return found;
}

function addressOf(
  source: string,
  version: string,
  parent: InstalledModule | undefined,
): { address: string; version?: string } {
  if (parent && isLocalAddress(source)) {
    return {
      address: submoduleAddress(parent.address, source),
      ...(parent.version !== undefined && { version: parent.version }),
    };
  }
  const host = usualHosts.find((usual) => source.startsWith(usual));
  const address = host === undefined ? source : source.slice(host.length);
  return { address, ...(version !== "" && { version }) };
}
