import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createContext, runInContext } from "node:vm";
import { gunzipSync } from "node:zlib";
import { isFields } from "../../../apimachinery/index.ts";

/**
 * How much memory a parser may have grown to before the next file gets a new one; WebAssembly memory never shrinks. It starts
 * with 4 MiB, and the largest files of public modules leave it below 64 MiB.
 */
const memoryBytesMax = 256 * 2 ** 20;

/** HashiCorp's parser, ready to read one text after another. */
export type HclRuntime = {
  /**
   * @param label what its messages call the text
   * @returns JSON text in the shape of Terraform's JSON syntax, expressions as `${...}`
   * @throws {HclRefusal} with the parser's words
   * @throws {HclSurrender} when the text nests deeper than the stack holds; the runtime is spent then
   */
  convert(label: string, text: string): string;
  /** Whether it died or grew too large: a new one has to be made. */
  isSpent(): boolean;
};

/** What the parser says of a text that is no HCL. */
export class HclRefusal extends Error {
  override readonly name = "HclRefusal";
}

/** The end of a parser that a text was too much for. */
export class HclSurrender extends Error {
  override readonly name = "HclSurrender";
}

/** The part of WebAssembly that is used here; Node has it, but its types come with those of a browser only. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: object): Promise<WasmInstance>;
};
type WasmModule = { readonly [Symbol.toStringTag]: string };
type WasmInstance = { exports: { [name: string]: unknown } };

/** The parser as its package ships it: Go's bridge to JavaScript as source text, and the compiled program. */
export type HclCode = { bridge: string; program: WasmModule };

/**
 * Starts the parser of `@cdktn/hcl2json`. The package's own loader keeps one instance for the life of the process, puts Go's
 * runtime into the global scope and has no way back once a text was too much for it; here every instance has a scope of its
 * own, without file system and process, so that it can be thrown away.
 */
export async function startHclRuntime(code: HclCode): Promise<HclRuntime> {
  const functions: Record<string, unknown> = {};
  const scope = createScope(functions);
  runInContext(code.bridge, createContext(scope));
  const go: unknown = runInContext("new Go()", scope);
  if (!isGo(go)) throw new Error("Cannot start the HCL parser: its bridge has another shape than expected");
  const instance = await WebAssembly.instantiate(code.program, go.importObject);
  const memory = instance.exports["mem"];
  // It runs as long as the process does; the promise of its end has nobody to tell.
  go.run(instance).catch(() => undefined);
  const parse = functions["parse"];
  if (typeof parse !== "function" || !hasBuffer(memory)) {
    throw new Error("Cannot start the HCL parser: it offers no parse function");
  }

  let broken = false;
  return {
    convert(label, text) {
      const answer: { error?: string; json?: string } = {};
      try {
        parse(label, text, (error: unknown, json: unknown) => {
          if (typeof error === "string") answer.error = error;
          else if (typeof json === "string") answer.json = json;
        });
      } catch (cause) {
        broken = true;
        throw new HclSurrender("the HCL parser broke down", { cause });
      }
      if (answer.error !== undefined) throw new HclRefusal(answer.error);
      if (answer.json !== undefined) return answer.json;
      broken = true;
      throw new HclSurrender("the HCL parser gave no answer");
    },
    isSpent: () => broken || go.exited === true || memory.buffer.byteLength > memoryBytesMax,
  };
}

/** Reads the parser's code from the package; compiled once, it serves any number of instances. */
export async function loadHclCode(): Promise<HclCode> {
  const { resolve } = createRequire(import.meta.url);
  const [bridge, zipped] = await Promise.all([
    readFile(resolve("@cdktn/hcl2json/wasm/wasm_exec.js"), "utf8"),
    readFile(resolve("@cdktn/hcl2json/main.wasm.gz")),
  ]);
  return { bridge, program: await WebAssembly.compile(gunzipSync(zipped)) };
}

/** What Go's bridge looks for in the global scope; what Go prints when it dies is said by the error already. */
function createScope(functions: Record<string, unknown>): Record<string, unknown> {
  const silent = () => undefined;
  const scope: Record<string, unknown> = {
    TextEncoder,
    TextDecoder,
    crypto,
    performance,
    WebAssembly,
    setTimeout,
    clearTimeout,
    console: { log: silent, warn: silent, error: silent },
    __parse_terraform_config_wasm__: functions,
  };
  scope["global"] = scope;
  return scope;
}

type Go = { importObject: object; run(instance: WasmInstance): Promise<void>; exited?: boolean };

function isGo(value: unknown): value is Go {
  return isFields(value) && isFields(value["importObject"]) && typeof value["run"] === "function";
}

function hasBuffer(value: unknown): value is { buffer: ArrayBuffer } {
  return isFields(value) && value["buffer"] instanceof ArrayBuffer;
}
