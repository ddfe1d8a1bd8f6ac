import { notFound } from "../../apimachinery/index.ts";
import type { Entry } from "../../storage/index.ts";
import type { ListOptions } from "../http/query.ts";
import type { ApiResource } from "../resource.ts";
import type { Server } from "../server.ts";
import type { Listed } from "./list.ts";
import { selection } from "./select.ts";

const storageName = "componentstatuses";

/** ComponentStatuses are stored nowhere: they say how the parts of a control plane are when somebody asks. */
export function isComponentStatus(resource: ApiResource): boolean {
  return resource.storageName === storageName;
}

/** @throws {StatusError} `NotFound` */
export function componentStatus(server: Server, name: string): Entry {
  const found = statuses(server).find(({ key }) => key === server.keys.key(storageName, "", name));
  if (found === undefined) throw notFound({ group: "", resource: "componentstatus" }, name);
  return found;
}

export function componentStatuses(server: Server, resource: ApiResource, options: ListOptions): Listed {
  const select = selection(resource, options, server.keys, server.parsed);
  const entries = statuses(server).filter(({ key, value }) => select === undefined || select(key, value));
  return { entries, resourceVersion: "", continue: "", remaining: undefined };
}

/** Health endpoints of the parts that others run; where Kubernetes looks for them. */
const others = { "controller-manager": 10_257, scheduler: 10_259 };

function statuses({ keys, hasControllers }: Server): Entry[] {
  const away = Object.entries(others).map(([name, port]) => {
    const message = `Get "https://127.0.0.1:${port}/healthz": dial tcp 127.0.0.1:${port}: connect: connection refused`;
    return [name, hasControllers ? "ok" : message] as const;
  });
  return [...away, ["etcd-0", "ok"] as const].map(([name, message]) => {
    const conditions = [{ type: "Healthy", status: message === "ok" ? "True" : "False", message }];
    const object = { apiVersion: "v1", kind: "ComponentStatus", metadata: { name }, conditions };
    return {
      key: keys.key(storageName, "", name),
      value: Buffer.from(JSON.stringify(object)),
      createRevision: 0,
      modRevision: 0,
    };
  });
}
