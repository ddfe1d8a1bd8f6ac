// Makes a few files out of the hundreds of modules in src/: finding and linking those takes more than half of a start. Plain
// JavaScript, because Node 20 runs it.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** What is started by its path, and the name that it has in a bundle. */
const entries = {
  skiff: "cli/main.ts",
  "control-plane": "control-plane/index.ts",
  // Beside the part that starts it, under the name that it has there.
  worker: "render/isolated/worker.ts",
};

/** A platform that runs loads a part now and then from the bundle that it was started from: some older ones are kept. */
const bundlesKept = 4;

/**
 * Says what to run: the published bundle, or one of the sources as they are now, which is made when there is none. Where none
 * can be made, the sources themselves.
 *
 * @param {string} root folder of Skiff's own package.json
 * @returns {Promise<string>} path of a module that Node 24 runs as the command
 */
export async function mainModule(root) {
  const sources = join(root, "src");
  if (!existsSync(sources)) return join(root, "dist", "skiff.js");
  const bundles = join(root, ".cache", "bundle");
  const bundle = join(bundles, stateOf(root));
  const main = join(bundle, "skiff.js");
  if (existsSync(main)) return main;
  const draft = `${bundle}.${process.pid}`;
  try {
    await makeBundle(root, draft);
    putInPlace(draft, bundle);
    removeOld(bundles);
    return main;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // It is an optional dependency, and the folder may belong to somebody else.
    if (!canDoWithout.has(error?.code)) throw error;
    return join(sources, entries.skiff);
  }
}

const canDoWithout = new Set(["ERR_MODULE_NOT_FOUND", "EACCES", "EPERM", "EROFS"]);

/**
 * Writes the bundle of the sources, and beside it the data that they read at run time.
 *
 * @param {string} root folder of Skiff's own package.json
 * @param {string} outdir made when absent
 */
export async function makeBundle(root, outdir) {
  const { build } = await import("esbuild");
  mkdirSync(outdir, { recursive: true });
  const entryPoints = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join("src", file)]));
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "part-[hash]",
    format: "esm",
    platform: "node",
    target: "node24",
    packages: "external",
    legalComments: "none",
    logLevel: "error",
  });
  if (hasFormLibrary(root)) await makeFormPage(root, outdir, build);
  // All parts of a bundle are in one folder, so that a file beside a source is beside whichever part has that source.
  for (const file of dataFiles(join(root, "src"))) cpSync(file, join(outdir, basename(file)));
}

/** The page that `skiff template preview` serves is made of development dependencies, so that users need not install them. */
async function makeFormPage(root, outdir, build) {
  const page = join(root, "web", "form-page");
  await build({
    absWorkingDir: root,
    entryPoints: { "form-page": join(page, "main.ts") },
    outdir,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfig: join(page, "tsconfig.json"),
    // These parts are others' code, whose licences want to be named.
    legalComments: "eof",
    logLevel: "error",
  });
  for (const name of ["index.html", "form-page.css"]) cpSync(join(page, name), join(outdir, formPageName(name)));
}

/** Names of its files in the folder that all parts of the bundle are in. */
function formPageName(name) {
  return name === "index.html" ? "form-page.html" : name;
}

function hasFormLibrary(root) {
  return ["@rjsf/core", "react-dom"].every((name) => existsSync(join(root, "node_modules", name, "package.json")));
}

function dataFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".generated.json"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Changes whenever a file of the sources does: by size and time, since reading them all takes as long as bundling. */
function stateOf(root) {
  const hash = createHash("sha256");
  for (const folder of ["src", "web"]) {
    for (const name of readdirSync(join(root, folder), { recursive: true }).sort()) {
      const file = statSync(join(root, folder, name), { throwIfNoEntry: false });
      if (file?.isFile()) hash.update(`${folder}/${name} ${file.size} ${file.mtimeMs}\n`);
    }
  }
  hash.update(`form page: ${hasFormLibrary(root)}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** Somebody else may have made the same one meanwhile. */
function putInPlace(draft, bundle) {
  try {
    renameSync(draft, bundle);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    rmSync(draft, { recursive: true, force: true });
  }
}

function removeOld(bundles) {
  const made = readdirSync(bundles).map((name) => join(bundles, name));
  const newestFirst = made.map((path) => ({ path, atMs: statSync(path).mtimeMs })).sort((a, b) => b.atMs - a.atMs);
  for (const { path } of newestFirst.slice(bundlesKept)) rmSync(path, { recursive: true, force: true });
}
