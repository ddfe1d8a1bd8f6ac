import { createHmac, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StatusError } from "../apimachinery/index.ts";
import { removeDrafts, writeFileAtomically } from "../lib/index.ts";
import {
  type AccountsData,
  emptyAccounts,
  type Organization,
  parseAccounts,
  type Token,
  type User,
} from "./accounts-file.ts";
import { createGate, createLock } from "./lock.ts";
import { isOwnerName, isReservedOwner } from "./names.ts";
import {
  generatePassword,
  generateToken,
  hashPassword,
  hashToken,
  matchesPassword,
  nobodysHash,
  type Random,
} from "./passwords.ts";
import { unknownScope } from "./token-scopes.ts";

export type { Organization } from "./accounts-file.ts";

/** A user, without the password. */
export type Account = Readonly<Omit<User, "password">>;
/** An access token, without what it is compared with. */
export type AccessToken = Readonly<Omit<Token, "hash">>;

export type AccountChanges = Partial<
  Pick<User, "email" | "fullName" | "isAdmin" | "active" | "website" | "location" | "description">
> & { password?: string };
export type OrganizationChanges = Partial<
  Pick<Organization, "fullName" | "description" | "website" | "location" | "visibility">
>;

/** Users, their tokens, and organisations. Names are compared without regard to case; users and organisations share them. */
export type Accounts = {
  /**
   * Makes sure that there is an administrator who can sign in. What is given and right is kept; what is not given, or does
   * not match, is made anew. So a caller who keeps both and gives them back changes nothing.
   */
  ensureAdmin(options: {
    name: string;
    password?: string;
    token?: string;
    email?: string;
  }): Promise<{ password: string; token: string }>;

  user(login: string): Account | undefined;
  users(): Account[];
  /** @throws {StatusError} `AlreadyExists`, `Invalid` */
  createUser(options: { login: string; password: string } & Omit<AccountChanges, "password">): Promise<Account>;
  /** @throws {StatusError} `NotFound`, `Invalid` */
  editUser(login: string, changes: AccountChanges): Promise<Account>;
  /** With the user's tokens and memberships. Repositories are somebody else's matter. @throws {StatusError} `NotFound` */
  deleteUser(login: string): Promise<void>;

  /** @throws {StatusError} `TooManyRequests` when more passwords are being checked than the machine should bear */
  verifyPassword(login: string, password: string): Promise<Account | undefined>;
  verifyToken(token: string): { account: Account; token: AccessToken } | undefined;

  tokens(login: string): AccessToken[];
  /** @returns the token itself, for the only time. @throws {StatusError} `NotFound`, `AlreadyExists`, `Invalid` */
  createToken(
    login: string,
    options: { name: string; scopes: readonly string[] },
  ): Promise<{ secret: string; token: AccessToken }>;
  /** @param token its id, or its name. @returns whether there was one */
  deleteToken(login: string, token: number | string): Promise<boolean>;

  organization(name: string): Organization | undefined;
  organizations(): Organization[];
  /** @param owner login of the first member. @throws {StatusError} `AlreadyExists`, `Invalid` */
  createOrganization(options: { name: string; owner: string } & OrganizationChanges): Promise<Organization>;
  editOrganization(name: string, changes: OrganizationChanges): Promise<Organization>;
  deleteOrganization(name: string): Promise<void>;
  addMember(organization: string, login: string): Promise<void>;
  removeMember(organization: string, login: string): Promise<void>;
};

/** Gitea's `MIN_PASSWORD_LENGTH`. */
const passwordLengthMin = 8;
/** Password checks at the same time: each takes 32 MiB and one of the four threads that also read files. */
const checksMax = 2;
const checksWaitingMax = 64;
/** A git client sends its password with each request; it is checked once in this time. */
const rememberedMs = 5 * 60_000;
const rememberedMax = 1_000;

/** Opens the accounts kept in `dir`. @throws {Error} when the file there cannot be read */
export async function openAccounts(options: { dir: string; now?: () => Date; random?: Random }): Promise<Accounts> {
  const now = options.now ?? (() => new Date());
  const random = options.random ?? randomBytes;
  const path = join(options.dir, "accounts.json");
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  removeDrafts(path);
  let data = await readAccounts(path);
  const lock = createLock();
  const gate = createGate(checksMax, checksWaitingMax);
  const rememberKey = randomBytes(32);
  const remembered = new Map<string, { userId: number; untilMs: number }>();

  /** Changes become visible when they are on disk. */
  const change = <T>(edit: (draft: AccountsData) => Promise<T> | T): Promise<T> =>
    lock(async () => {
      const draft = structuredClone(data);
      const result = await edit(draft);
      writeFileAtomically(path, JSON.stringify(draft, undefined, 2) + "\n");
      data = draft;
      return result;
    });

  const findUser = (from: AccountsData, login: string) => from.users.find((user) => sameName(user.login, login));
  const userIn = (draft: AccountsData, login: string): User => {
    const user = findUser(draft, login);
    if (user === undefined) throw new StatusError("NotFound", `user does not exist [name: ${login}]`);
    return user;
  };
  const organizationIn = (draft: AccountsData, name: string): Organization => {
    const found = draft.organizations.find((organization) => sameName(organization.name, name));
    if (found === undefined) throw new StatusError("NotFound", `organization does not exist [name: ${name}]`);
    return found;
  };
  const checkNewName = (draft: AccountsData, name: string) => {
    if (isReservedOwner(name)) throw new StatusError("Invalid", `name is reserved [name: ${name}]`);
    if (!isOwnerName(name))
      throw new StatusError(
        "Invalid",
        `name is invalid [name: ${name}]: letters, digits, and single -, _ and . between them`,
      );
    const taken =
      findUser(draft, name) !== undefined ||
      draft.organizations.some((organization) => sameName(organization.name, name));
    if (taken) throw new StatusError("AlreadyExists", `user already exists [name: ${name}]`);
  };
  const checkedHash = async (password: string): Promise<string> => {
    if (password.length < passwordLengthMin)
      throw new StatusError("Invalid", `a password needs at least ${passwordLengthMin} characters`);
    return await hashPassword(password, random);
  };

  const accounts: Accounts = {
    user: (login) => mapDefined(findUser(data, login), accountOf),
    users: () => data.users.map(accountOf),

    async createUser({ login, password, ...changes }) {
      checkNewName(data, login);
      const hash = await checkedHash(password);
      return await change((draft) => {
        checkNewName(draft, login);
        const user: User = {
          id: ++draft.lastId,
          login,
          password: hash,
          fullName: "",
          email: `${login.toLowerCase()}@noreply.localhost`,
          isAdmin: false,
          active: true,
          website: "",
          location: "",
          description: "",
          createdAt: now().toISOString(),
          ...changes,
        };
        draft.users.push(user);
        return accountOf(user);
      });
    },

    async editUser(login, { password, ...changes }) {
      const hash = password === undefined ? undefined : await checkedHash(password);
      return await change((draft) => {
        const user = userIn(draft, login);
        Object.assign(user, changes, hash === undefined ? {} : { password: hash });
        remembered.clear();
        return accountOf(user);
      });
    },

    async deleteUser(login) {
      await change((draft) => {
        const { id } = userIn(draft, login);
        draft.users = draft.users.filter((user) => user.id !== id);
        draft.tokens = draft.tokens.filter((token) => token.userId !== id);
        for (const organization of draft.organizations)
          organization.memberIds = organization.memberIds.filter((member) => member !== id);
        remembered.clear();
      });
    },

    async verifyPassword(login, password) {
      const user = findUser(data, login);
      const key = createHmac("sha256", rememberKey).update(`${login.toLowerCase()}\0${password}`).digest("base64");
      const known = remembered.get(key);
      if (user?.active === true && known?.userId === user.id && known.untilMs > now().getTime()) return accountOf(user);
      using place = await gate.enter();
      if (place === undefined)
        throw new StatusError("TooManyRequests", "Too many passwords are being checked; try again in a moment");
      const matches = await matchesPassword(password, user?.password ?? nobodysHash);
      // It may have been changed in the meantime.
      const current = findUser(data, login);
      if (!matches || current === undefined || current.password !== user?.password || !current.active) return undefined;
      remembered.delete(key);
      remembered.set(key, { userId: current.id, untilMs: now().getTime() + rememberedMs });
      const oldest = remembered.size > rememberedMax ? remembered.keys().next().value : undefined;
      if (oldest !== undefined) remembered.delete(oldest);
      return accountOf(current);
    },

    verifyToken(secret) {
      const hash = hashToken(secret);
      const token = data.tokens.find((candidate) => candidate.hash === hash);
      const user = data.users.find(({ id }) => id === token?.userId);
      return token === undefined || user?.active !== true
        ? undefined
        : { account: accountOf(user), token: tokenOf(token) };
    },

    tokens(login) {
      const user = findUser(data, login);
      return data.tokens.filter((token) => token.userId === user?.id).map(tokenOf);
    },

    async createToken(login, { name, scopes }) {
      if (name === "") throw new StatusError("Invalid", "[Name]: Required");
      if (scopes.length === 0) throw new StatusError("BadRequest", "access token must have a scope");
      const wrong = unknownScope(scopes);
      if (wrong !== undefined) throw new StatusError("BadRequest", `invalid access token scope provided: ${wrong}`);
      const secret = generateToken(random);
      return await change((draft) => {
        const user = userIn(draft, login);
        if (draft.tokens.some((token) => token.userId === user.id && token.name === name)) {
          throw new StatusError("BadRequest", "access token name has been used already");
        }
        const token: Token = {
          id: ++draft.lastId,
          userId: user.id,
          name,
          scopes: [...scopes],
          hash: hashToken(secret),
          lastEight: secret.slice(-8),
          createdAt: now().toISOString(),
        };
        draft.tokens.push(token);
        return { secret, token: tokenOf(token) };
      });
    },

    async deleteToken(login, wanted) {
      return await change((draft) => {
        const user = userIn(draft, login);
        const before = draft.tokens.length;
        draft.tokens = draft.tokens.filter(
          (token) => token.userId !== user.id || (token.id !== wanted && token.name !== wanted),
        );
        return draft.tokens.length < before;
      });
    },

    organization: (name) => data.organizations.find((organization) => sameName(organization.name, name)),
    organizations: () => [...data.organizations],

    async createOrganization({ name, owner, ...changes }) {
      return await change((draft) => {
        checkNewName(draft, name);
        const organization: Organization = {
          id: ++draft.lastId,
          name,
          fullName: "",
          description: "",
          website: "",
          location: "",
          visibility: "public",
          memberIds: [userIn(draft, owner).id],
          createdAt: now().toISOString(),
          ...changes,
        };
        draft.organizations.push(organization);
        return organization;
      });
    },

    editOrganization: (name, changes) => change((draft) => Object.assign(organizationIn(draft, name), changes)),

    async deleteOrganization(name) {
      await change((draft) => {
        const { id } = organizationIn(draft, name);
        draft.organizations = draft.organizations.filter((organization) => organization.id !== id);
      });
    },

    async addMember(name, login) {
      await change((draft) => {
        const organization = organizationIn(draft, name);
        organization.memberIds = [...new Set([...organization.memberIds, userIn(draft, login).id])];
      });
    },

    async removeMember(name, login) {
      await change((draft) => {
        const organization = organizationIn(draft, name);
        const { id } = userIn(draft, login);
        organization.memberIds = organization.memberIds.filter((member) => member !== id);
      });
    },

    async ensureAdmin({ name, password, token, email }) {
      const existing = accounts.user(name);
      const right = password !== undefined && (await accounts.verifyPassword(name, password)) !== undefined;
      const chosen = password ?? generatePassword(random);
      if (existing === undefined) {
        await accounts.createUser({
          login: name,
          password: chosen,
          isAdmin: true,
          ...(email === undefined ? {} : { email }),
        });
      } else if (!right || !existing.isAdmin) {
        await accounts.editUser(name, { isAdmin: true, active: true, ...(right ? {} : { password: chosen }) });
      }
      const holder = token === undefined ? undefined : accounts.verifyToken(token);
      if (
        token !== undefined &&
        holder !== undefined &&
        sameName(holder.account.login, name) &&
        holder.token.scopes.includes("all")
      ) {
        return { password: chosen, token };
      }
      await accounts.deleteToken(name, adminTokenName);
      const made = await accounts.createToken(name, { name: adminTokenName, scopes: ["all"] });
      return { password: chosen, token: made.secret };
    },
  };
  return accounts;
}

/** The name that idpbuilder gives to the token in the Secret `gitea-credential`. */
const adminTokenName = "admin";

async function readAccounts(path: string): Promise<AccountsData> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`Cannot read ${path}`, { cause: error });
  });
  if (text === undefined) return emptyAccounts();
  try {
    return parseAccounts(JSON.parse(text));
  } catch (cause) {
    throw new Error(`Cannot read ${path}: it is damaged`, { cause });
  }
}

function accountOf({ password: _, ...account }: User): Account {
  return account;
}

function tokenOf({ hash: _, ...token }: Token): AccessToken {
  return token;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function mapDefined<T, R>(value: T | undefined, map: (value: T) => R): R | undefined {
  return value === undefined ? undefined : map(value);
}
