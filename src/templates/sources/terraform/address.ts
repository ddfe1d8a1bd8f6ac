/**
 * Whether an address is one of a module registry, `[host/]namespace/name/provider[//folder]`: only calls of those have a `version`.
 */
export function isRegistryAddress(address: string): boolean {
  const [module = ""] = address.split("//");
  const parts = module.split("/");
  const [host, ...path] = parts.length === 4 ? parts : [undefined, ...parts];
  // Terraform takes these two as Git repositories.
  if (host === "github.com" || host === "bitbucket.org") return false;
  if (host !== undefined && !/^[\w-]+(\.[\w-]+)+(:\d+)?$/.test(host)) return false;
  return path.length === 3 && path.every((part) => /^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62}[0-9A-Za-z])?$/.test(part ?? ""));
}

/** Whether an address is a folder beside the one that calls, or above or below it. */
export function isLocalAddress(address: string): boolean {
  return /^\.\.?(?:\/|$)/.test(address);
}

/** The address of a folder that was named by its path: Terraform takes a path for a local one only with `./` or `../` before it. */
export function localAddress(path: string): string {
  const slashed = path.replaceAll("\\", "/").replace(/(?<=.)\/+$/, "");
  if (slashed === "" || slashed === ".") return "./";
  return isLocalAddress(slashed) || slashed.startsWith("/") || /^[A-Za-z]:\//.test(slashed) ? slashed : `./${slashed}`;
}

/**
 * The address of a module inside a package, `modules/x` in `a/b/aws` is `a/b/aws//modules/x`. What an address asks for besides the place,
 * `?ref=v1`, stays behind it.
 *
 * @param folder relative to the module that the address names, which may be inside a package itself; may lead up with `..`
 */
export function submoduleAddress(address: string, folder: string): string {
  const asked = address.indexOf("?");
  const [place, query] = asked < 0 ? [address, ""] : [address.slice(0, asked), address.slice(asked)];
  if (isLocalAddress(place) || place.startsWith("/")) return localAddress(normalized(`${place}/${folder}`)) + query;
  const scheme = /^(?:[a-z0-9]+::)?(?:[a-z+]+:\/\/)?/i.exec(place)?.[0] ?? "";
  const inside = place.indexOf("//", scheme.length);
  const [repository, base] = inside < 0 ? [place, ""] : [place.slice(0, inside), place.slice(inside + 2)];
  const path = normalized(base === "" ? folder : `${base}/${folder}`);
  return path === "." ? `${repository}${query}` : `${repository}//${path}${query}`;
}

/** A path without `.` and `..`, as far as those do not lead out of it. */
function normalized(path: string): string {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else kept.push(part);
  }
  const joined = kept.join("/");
  return path.startsWith("/") ? `/${joined}` : joined === "" ? "." : joined;
}
