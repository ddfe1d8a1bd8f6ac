// The entry of every npm script. It runs on the system's Node (20 or newer), installs what is missing, and hands over
// to Node 24 from npm. Plain JavaScript on purpose: Node 20 cannot run TypeScript sources.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { mainModule } from "./bundle.mjs";
import { nodeBinary, nodeEnvironment } from "./node-binary.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each npm script: which dependencies it needs, and the commands it runs, in order, until one fails. */
const scripts = {
  start: {
    needs: "runtime",
    commands: async (args) => [node([await mainModule(root), "create", ...exampleStack(args), ...args])],
  },
  skiff: {
    // The page that shows a form in the browser is made of the portal's form library, which nothing else needs.
    needs: (args) => (isFormPage(args) ? "development" : "runtime"),
    commands: async (args) => [node([await mainModule(root), ...args])],
  },
  test: { needs: "development", commands: (args) => [node(["scripts/test.ts", ...args])] },
  "test:slow": { needs: "development", commands: (args) => [node(["scripts/test.ts", "--slow", ...args])] },
  conformance: { needs: "development", commands: (args) => [node(conformance(args))] },
  "conformance:render": {
    needs: "development",
    commands: (args) => [node(["scripts/test.ts", ...(args.length > 0 ? args : renderConformance())])],
  },
  lint: { needs: "development", commands: () => [biome(["ci", "."]), ...types()] },
  check: { needs: "development", commands: () => [biome(["ci", "."]), ...types(), node(["scripts/test.ts"])] },
  fix: { needs: "development", commands: () => [biome(["check", "--write", "."])] },
  bench: { needs: "development", commands: (args) => [node(["scripts/bench.ts", ...args])] },
  build: {
    needs: "development",
    commands: () => [node(["scripts/build.mjs"]), tsc(["--project", "tsconfig.build.json"])],
  },
};

const [name = "", ...args] = process.argv.slice(2);
const script = scripts[name];
if (script === undefined) {
  console.error(`No script ${JSON.stringify(name)}; there are: ${Object.keys(scripts).join(", ")}`);
  process.exit(2);
}
await install(typeof script.needs === "function" ? script.needs(args) : script.needs);
for (const [command, commandArgs] of await script.commands(args)) {
  const code = await run(command, commandArgs);
  if (code !== 0) process.exit(code);
}

function isFormPage(args) {
  const isPreview = args.some((arg, index) => arg === "template" && args[index + 1] === "preview");
  return isPreview && args.some((arg) => arg === "--browser" || /^--port(=|$)/.test(arg));
}

function node(nodeArgs) {
  return [nodeBinary(root), ["--disable-warning=ExperimentalWarning", ...nodeArgs]];
}
function biome(biomeArgs) {
  return node([join("node_modules", "@biomejs", "biome", "bin", "biome"), ...biomeArgs]);
}
function tsc(tscArgs) {
  return node([join("node_modules", "typescript", "bin", "tsc"), ...tscArgs]);
}

/** The page in the browser knows other things than what runs in Node. */
function types() {
  return ["tsconfig.json", join("web", "form-page", "tsconfig.json")].map((project) => tsc(["--project", project]));
}

/** The suite that runs against our server or, with KUBECONFIG set, against any cluster; arguments name files of it. */
function conformance(files) {
  const pattern = files.length > 0 ? files : ["test/conformance/*.test.ts"];
  return ["--test", "--test-timeout=120000", "--test-concurrency=2", ...pattern];
}

/** The suites that compare what we render with what the real helm and kubectl make of the same files. */
function renderConformance() {
  const folder = join(root, "test", "render");
  return readdirSync(folder)
    .filter((name) => /\.conformance\.ts$/.test(name))
    .map((name) => join("test", "render", name));
}

/** `npm start` alone brings the example stack; with packages of the user's own it brings those. */
function exampleStack(args) {
  const own = args.some(
    (arg) => arg === "-p" || arg === "--package" || arg.startsWith("--package=") || arg.startsWith("-p="),
  );
  return own ? [] : ["--package", join(root, "examples", "stack")];
}

/** Installs dependencies when node_modules does not hold what the lockfile asks for; a stamp makes the usual case free. */
async function install(needs) {
  const stampFile = join(root, "node_modules", ".skiff-installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(process.platform + process.arch)
    .digest("hex");
  const [have = "", level = ""] = existsSync(stampFile) ? readFileSync(stampFile, "utf8").split(" ") : [];
  if (have === wanted && (level === "development" || level === needs)) return;
  const omit = needs === "runtime" ? ["--omit=dev"] : [];
  const started = Date.now();
  process.stderr.write(`Installing ${needs === "runtime" ? "what Skiff needs" : "development dependencies"} (once) `);
  const dots = setInterval(() => process.stderr.write("."), 1000);
  const npm = process.env.npm_execpath?.endsWith(".js") ? [process.execPath, [process.env.npm_execpath]] : ["npm", []];
  const result = await capture(npm[0], [...npm[1], "ci", "--loglevel=error", "--no-audit", "--no-fund", ...omit]);
  clearInterval(dots);
  if (result.code !== 0) {
    process.stderr.write(
      ` failed\n${result.output}\nCannot install dependencies: npm ci ended with code ${result.code}.\n`,
    );
    process.stderr.write("Check that the npm registry is reachable (npm ping), then run the same command again.\n");
    process.exit(1);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${wanted} ${needs}`);
  process.stderr.write(` done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function capture(command, commandArgs) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function run(command, commandArgs) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArgs, {
      cwd: process.env.INIT_CWD && name === "skiff" ? process.env.INIT_CWD : root,
      stdio: "inherit",
      env: name === "skiff" || name === "start" ? nodeEnvironment() : process.env,
    });
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    child.on("error", (error) => {
      console.error(`Cannot run ${command}: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code, signal) => {
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      resolve(signal ? 128 + 15 : (code ?? 1));
    });
  });
}
