// Writes to repositories as fast as it can and says what was acknowledged, one JSON line each, until it is killed.
import { silentLog } from "../../lib/index.ts";
import { openRepositories } from "../repositories.ts";

const [dir = "", round = ""] = process.argv.slice(2);
const repositories = await openRepositories({ dir, log: silentLog });
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
const author = { name: "a", email: "a@example.org" };
if (repositories.get("crash", "tree") === undefined) await repositories.create({ owner: "crash", name: "tree" });
say({ ready: true });
for (let count = 0; ; count++) {
  const name = `r${round}-${count}`;
  const files = new Map(
    Array.from({ length: 20 }, (_, index) => [`f${index}`, { bytes: Buffer.from(`${round} ${count} ${index}`) }]),
  );
  const created = repositories
    .create({ owner: "crash", name, description: "d", autoInit: count % 2 === 0 })
    .then(() => say({ created: name }));
  const { commit } = await repositories.writeTree({
    owner: "crash",
    name: "tree",
    branch: "main",
    files,
    message: "m",
    author,
  });
  say({ commit });
  await created;
  if (count % 4 !== 3) continue;
  await repositories.edit("crash", name, { name: `${name}-moved`, description: "e" });
  say({ moved: `${name}-moved`, from: name });
}
