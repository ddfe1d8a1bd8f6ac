import { badRequest, type Fields, quoteGo } from "../../apimachinery/index.ts";
import { newAttempt } from "../admission/admit.ts";
import type { Server } from "../server.ts";
import type { Call } from "./call.ts";
import { whyNotReached } from "./containers.ts";

const streams = ["stdin", "stdout", "stderr", "tty"];

type Connection = { kind: string; read(call: Call): Fields };

/** What admission is shown of a connection, by what it goes to: what its query says, as an object of a kind of its own. */
const connections: Readonly<Record<string, Connection>> = {
  "pods/attach": { kind: "PodAttachOptions", read: streamOptions },
  "pods/exec": { kind: "PodExecOptions", read: commandOptions },
  "pods/portforward": { kind: "PodPortForwardOptions", read: portOptions },
  "pods/proxy": { kind: "PodProxyOptions", read: proxyOptions },
  "services/proxy": { kind: "ServiceProxyOptions", read: proxyOptions },
  "nodes/proxy": { kind: "NodeProxyOptions", read: proxyOptions },
};

/**
 * Answers who wants to reach what runs in a pod, behind a service or on a node. Admission is asked first, as kube-apiserver asks
 * it before it looks for the object: whoever forbids `exec` forbids it here, too.
 *
 * @throws {StatusError} always: the refusal of admission, or why nothing is reached
 */
export async function refuseConnection(server: Server, call: Call): Promise<never> {
  const { resource, path, query, user, warnings, annotations } = call;
  const { namespace, name, subresource } = path;
  const connection = connections[`${resource.resource}/${subresource}`];
  if (connection !== undefined) {
    if (query.has("dryRun")) throw badRequest("dryRun is not supported");
    const { kind } = connection;
    const attempt = newAttempt({
      operation: "CONNECT",
      resource,
      subresource,
      kind: { group: "", version: "v1", kind },
      namespace,
      name,
      object: { kind, apiVersion: "v1", metadata: {}, ...connection.read(call) },
      live: undefined,
      user,
      dryRun: false,
      warnings,
      ...(annotations === undefined ? {} : { annotations }),
    });
    await server.connecting.mutate(server, attempt);
    await server.connecting.validate(server, attempt);
  }
  throw whyNotReached(server, resource.storageName, path);
}

function streamOptions({ query }: Call): Fields {
  const wanted = streams.filter((stream) => query.has(stream) && !/^(?:0|false)$/i.test(query.get(stream) ?? ""));
  const container = query.get("container");
  return { ...Object.fromEntries(wanted.map((stream) => [stream, true])), ...(container ? { container } : {}) };
}

function commandOptions(call: Call): Fields {
  const command = call.query.getAll("command");
  return { ...streamOptions(call), ...(command.length > 0 ? { command } : {}) };
}

/** @throws {StatusError} `BadRequest` for what is no number */
function portOptions({ query }: Call): Fields {
  const ports = query.getAll("ports").flatMap((list) => list.split(","));
  const wrong = ports.find((port) => !/^\d+$/.test(port));
  if (wrong !== undefined)
    throw badRequest(`cannot convert to []int32: strconv.ParseUint: parsing ${quoteGo(wrong)}: invalid syntax`);
  return ports.length > 0 ? { ports: ports.map(Number) } : {};
}

/** The path behind the subresource, which is what is asked for there. */
function proxyOptions({ request, path }: Call): Fields {
  const [pathname = ""] = request.target.split("?", 1);
  // `/api/v1/nodes/<name>/proxy`, or with `namespaces/<namespace>` before it.
  const before = path.namespace === "" ? 6 : 8;
  const rest = pathname.split("/").slice(before).join("/");
  const below = pathname.split("/").length > before ? `/${rest}` : "";
  return below === "" ? {} : { path: below };
}
