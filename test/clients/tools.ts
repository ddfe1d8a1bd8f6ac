import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "../../src/control-plane/index.ts";

/** A command that has ended. */
export type Ended = { code: number; stdout: string; stderr: string };

/** A command that goes on. Disposing kills it. */
export type Running = Disposable & {
  /** The next line of its standard output. @throws {Error} when it ends before */
  line(): Promise<string>;
};

/** A program of somebody who uses a cluster, with a home and a kubeconfig of its own. */
export type Tool = {
  home: string;
  /** Writes a file below the home. @returns its path */
  file(name: string, content: string, mode?: number): string;
  /**
   * Runs a command, at most half a minute.
   *
   * @param command words with spaces between; single quotes hold spaces together
   * @param input given to standard input
   */
  run(command: string, input?: string): Promise<Ended>;
  /** The same; it must succeed. @returns what it prints, errors and warnings apart */
  ok(command: string, input?: string): Promise<string>;
  /** The same; it must fail. @returns what it says on standard error */
  fails(command: string, input?: string): Promise<string>;
  start(command: string): Running;
};

/** kubectl in a namespace of its own. */
export type Kubectl = Tool & { namespace: string };

const commandMsMax = 30_000;

/** A control plane that listens, for one test. */
export async function openPlane(t: TestContext, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const plane = await startControlPlane({ listen: true, ...options });
  t.after(() => plane[Symbol.asyncDispose]());
  return plane;
}

/** @param kubeconfig its text, or the path of one */
export function openTool(t: TestContext, program: string, kubeconfig: string, before: readonly string[] = []): Tool {
  const home = mkdtempSync(join(tmpdir(), "skiff-client-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const file = (name: string, content: string, mode = 0o600) => {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  const config = kubeconfig.includes("\n") ? file("kubeconfig", kubeconfig) : kubeconfig;
  const env = {
    HOME: home,
    KUBECONFIG: config,
    PATH: process.env["PATH"],
    TMPDIR: home,
    KUBE_EDITOR: join(home, "editor"),
  };
  const begin = (command: string) =>
    spawn(program, [...before, ...words(command)], { env, cwd: home, timeout: commandMsMax });
  const run = async (command: string, input = ""): Promise<Ended> => {
    const child = begin(command);
    // Commands need not read what they are given.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    const [[code], stdout, stderr] = await Promise.all([once(child, "close"), text(child.stdout), text(child.stderr)]);
    return { code: code ?? -1, stdout, stderr };
  };
  return {
    home,
    file,
    run,
    async ok(command, input) {
      const { code, stdout, stderr } = await run(command, input);
      assert.equal(code, 0, `${program} ${command}: ${stdout}${stderr}`);
      return stdout;
    },
    async fails(command, input) {
      const { code, stdout, stderr } = await run(command, input);
      assert.notEqual(code, 0, `${program} ${command} succeeds: ${stdout}${stderr}`);
      return stderr;
    },
    start(command) {
      const child = begin(command);
      child.stderr.resume();
      const ended = once(child, "close");
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return {
        async line() {
          const { value, done } = await lines.next();
          if (done !== true) return value;
          const [code] = await ended;
          throw new Error(`${command} has ended with code ${code}`);
        },
        [Symbol.dispose]: () => void child.kill(),
      };
    },
  };
}

function words(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ""));
}

/** Makes a namespace, and gives a kubectl that works in it. */
export async function openKubectl(
  t: TestContext,
  plane: ControlPlane,
  options: { program: string; namespace: string; kubeconfig?: string },
): Promise<Kubectl> {
  const { program, namespace, kubeconfig = plane.kubeconfig() } = options;
  await plane.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  return { namespace, ...openTool(t, program, kubeconfig, ["--namespace", namespace]) };
}
