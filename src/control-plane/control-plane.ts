import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { KubeObject } from "../apimachinery/index.ts";
import { logicalClusterCrd } from "../apis/index.ts";
import { openClusters, restoreSnapshot, type Snapshot, takeSnapshot } from "../apiserver/index.ts";
import { type Client, createClient, formatKubeconfig } from "../client/index.ts";
import { type ComputeMode, startControllers } from "../controllers/index.ts";
import { type Handler, type Log, makeDirectory, silentLog, type User } from "../lib/index.ts";
import { openMemoryStore, openSqliteStore } from "../storage/index.ts";
import { applyFixtures, type Fixture } from "./fixtures.ts";
import { openKeys } from "./keys.ts";
import { listen } from "./listen.ts";

export type ControlPlaneOptions = {
  /** Whether the controllers of a usable cluster run. Default true; without them it is an API server alone, as envtest is. */
  controllers?: boolean;
  /**
   * A node for pods: `simulated` plays their life cycle on it in time, with `none` they wait there. Default: there is no
   * node, and pods stay pending.
   */
  compute?: ComputeMode;
  /** What is there from the start, and again after every `reset()`. */
  fixtures?: readonly Fixture[];
  /**
   * Whether others than this process may come in, such as kubectl and controllers in other languages: over TLS on
   * 127.0.0.1, with a certificate of its own. Default false: no port is opened.
   */
  listen?: boolean;
  /** Default 0: the system chooses. */
  port?: number;
  /** Keeps objects in this directory, over restarts, and what kubeconfigs and tokens are proved with. Default: in memory. */
  dir?: string;
  log?: Log;
  /** The clock of the server and its controllers. */
  now?: () => Date;
};

/** Somebody who uses the API: what RBAC judges. */
export type Identity = {
  client: Client;
  /** For other programs; only of a control plane that listens. @throws {Error} when it does not */
  kubeconfig(): string;
};

/** A control plane that runs in this process. Disposing ends it. */
export type ControlPlane = AsyncDisposable &
  Identity & {
    /** The API as a function from request to response. */
    handler: Handler;
    /** Where it listens; `undefined` when it does not. */
    url: string | undefined;
    /** Writes the administrator's kubeconfig. @returns the path */
    writeKubeconfig(file: string): string;
    /** Another user than the administrator; `system:authenticated` is added to the groups. */
    as(user: string, groups?: readonly string[]): Identity;
    /** Applies objects, files and directories. @returns the objects as the server has them */
    apply(...fixtures: Fixture[]): Promise<KubeObject[]>;
    /** What all objects are now. */
    snapshot(): Snapshot;
    /** Makes all objects what they were, with their uids; revisions grow on, so that watches and caches stay right. */
    restore(snapshot: Snapshot): Promise<void>;
    /** Restores what was there after the start: fixtures, and what every cluster has. */
    reset(): Promise<void>;
  };

const administrator: User = { name: "kubernetes-admin", groups: ["system:masters", "system:authenticated"] };

/**
 * Starts a Kubernetes control plane in this process.
 *
 * @throws {StatusError} when the server refuses a fixture; {Error} when a port or directory cannot be used
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { dir, log = silentLog, now } = options;
  await using parts = new AsyncDisposableStack();
  const store = parts.use(dir === undefined ? openMemoryStore() : await openDurableStore(dir, log));
  const tokens = new Map<string, User>();
  const keys = openKeys(dir);
  const endpoint = options.listen ? parts.use(await listen({ port: options.port ?? 0, dir, log })) : undefined;
  const clusters = parts.use(
    await openClusters({
      store,
      log,
      tokens,
      serviceAccountIssuer: keys.serviceAccounts,
      // Nobody makes the accounts that pods need when no controllers run.
      serviceAccountAdmission: options.controllers !== false,
      url: endpoint?.url ?? "https://127.0.0.1",
      secret: keys.secret,
      ...(now === undefined ? {} : { now }),
      ...(endpoint === undefined ? {} : { caCertificate: endpoint.caCertificate }),
    }),
  );
  // A kubeconfig of an earlier run names the administrator by it.
  tokens.set(keys.tokenOf(administrator), administrator);
  endpoint?.serve(clusters.handler);
  const identityOf = (user: User): Identity => ({
    client: createClient(clusters.handler, { user }),
    kubeconfig() {
      if (endpoint === undefined) throw new Error("Cannot make a kubeconfig: the control plane does not listen");
      const token = keys.tokenOf(user);
      tokens.set(token, user);
      const { url: server, caCertificate } = endpoint;
      return formatKubeconfig({ server, caCertificate, name: "skiff", user: user.name, credentials: { token } });
    },
  });
  const admin = identityOf(administrator);
  await admin.client.patch(definitions, { name: logicalClusterCrd.metadata.name }, "apply", logicalClusterCrd, {
    fieldManager: "skiff",
    force: true,
  });
  if (options.controllers !== false) {
    parts.use(
      await startControllers({
        client: createClient(clusters.handler, { user: administrator, userAgent: "kube-controller-manager" }),
        caCertificate: endpoint?.caCertificate ?? "",
        signToken: keys.serviceAccounts.sign,
        ...(options.compute === undefined ? {} : { compute: { mode: options.compute, name: "skiff" } }),
        ...(endpoint === undefined ? {} : { certificates: endpoint.signer, apiServer: endpoint.address }),
        log,
        ...(now === undefined ? {} : { now }),
      }),
    );
  }
  await applyFixtures(admin.client, options.fixtures ?? []);
  const start = takeSnapshot(store);
  const moved = parts.move();
  return {
    ...admin,
    handler: clusters.handler,
    url: endpoint?.url,
    writeKubeconfig(file) {
      makeDirectory(dirname(file));
      writeFileSync(file, admin.kubeconfig(), { mode: 0o600 });
      return file;
    },
    as: (user, groups = []) => identityOf({ name: user, groups: [...new Set([...groups, "system:authenticated"])] }),
    apply: async (...fixtures) => await applyFixtures(admin.client, fixtures),
    snapshot: () => takeSnapshot(store),
    restore: async (snapshot) => await restoreSnapshot(store, snapshot),
    reset: async () => await restoreSnapshot(store, start),
    [Symbol.asyncDispose]: async () => await moved.disposeAsync(),
  };
}

const definitions = {
  group: "apiextensions.k8s.io",
  version: "v1",
  resource: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};

async function openDurableStore(dir: string, log: Log) {
  makeDirectory(dir, 0o700);
  return await openSqliteStore({ file: join(dir, "skiff.db"), log });
}
