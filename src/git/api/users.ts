import { randomBytes } from "node:crypto";
import { type Fields, isStatusError } from "../../apimachinery/index.ts";
import type { Account, AccountChanges } from "../accounts.ts";
import { isMember } from "../authenticate.ts";
import { textOf, textsOf } from "../json.ts";
import { generatePassword } from "../passwords.ts";
import { organizationShape, type Shape, tokenShape, userShape } from "../shapes.ts";
import {
  ApiError,
  type Call,
  caller,
  json,
  jsonPage,
  noContent,
  notFound,
  type Route,
  type Services,
} from "./route.ts";

/** Users and their tokens. */
export function userRoutes(services: Services): Route[] {
  const { accounts, repositories, baseUrl } = services;

  const shapeFor = (call: Call, account: Account): Shape => {
    const self = call.identity?.account;
    return userShape({ baseUrl, login: account.login, account, showEmail: self !== undefined });
  };
  const userParam = (call: Call): Account => {
    const account = accounts.user(call.params["username"] ?? "");
    if (account === undefined) throw notFound(`user does not exist [name: ${call.params["username"]}]`);
    return account;
  };
  /** Tokens are managed with the password, so that a token that got lost cannot make others. */
  const tokenOwner = (call: Call): Account => {
    const owner = userParam(call);
    const { account, scopes } = caller(call);
    if (scopes !== undefined) throw new ApiError(401, "auth required");
    if (!account.isAdmin && account.id !== owner.id)
      throw new ApiError(403, "user should be an administrator, or the owner of the tokens");
    return owner;
  };
  const organizationsOf = (account: Account) =>
    accounts.organizations().filter(({ name }) => isMember(accounts, name, account));

  return [
    {
      method: "GET",
      path: "/user",
      summary: "Who you are",
      scope: "user",
      needs: "user",
      run: async (call) => json(200, shapeFor(call, caller(call).account)),
    },
    {
      method: "GET",
      path: "/user/orgs",
      summary: "Your organisations",
      scope: "organization",
      needs: "user",
      run: async (call) => jsonPage(call, services, organizationsOf(caller(call).account), organizationShape),
    },
    {
      method: "GET",
      path: "/users/search",
      summary: "Users whose name or login contains q",
      scope: "user",
      async run(call) {
        const wanted = (call.query.get("q") ?? "").toLowerCase();
        const id = Number(call.query.get("uid")) || undefined;
        const found = accounts
          .users()
          .filter(
            (user) =>
              (id === undefined || user.id === id) &&
              [user.login, user.fullName].some((text) => text.toLowerCase().includes(wanted)),
          );
        const page = jsonPage(call, services, found, (user) => shapeFor(call, user));
        return { ...page, body: `{"ok":true,"data":${String(page.body)}}` };
      },
    },
    {
      method: "GET",
      path: "/users/{username}",
      summary: "A user",
      scope: "user",
      run: async (call) => json(200, shapeFor(call, userParam(call))),
    },
    {
      method: "GET",
      path: "/users/{username}/orgs",
      summary: "Organisations of a user",
      scope: "organization",
      needs: "user",
      run: async (call) =>
        jsonPage(
          call,
          services,
          organizationsOf(userParam(call)).filter(({ visibility }) => visibility !== "private"),
          organizationShape,
        ),
    },
    {
      method: "GET",
      path: "/users/{username}/tokens",
      summary: "Access tokens of a user, without their secrets",
      needs: "user",
      run: async (call) =>
        jsonPage(call, services, accounts.tokens(tokenOwner(call).login), (token) => tokenShape(token, "")),
    },
    {
      method: "POST",
      path: "/users/{username}/tokens",
      summary: "A new access token; needs the password",
      needs: "user",
      async run(call) {
        const owner = tokenOwner(call);
        const body = await call.body();
        const made = await accounts.createToken(owner.login, {
          name: textOf(body["name"]),
          scopes: textsOf(body["scopes"]),
        });
        return json(201, tokenShape(made.token, made.secret));
      },
    },
    {
      method: "DELETE",
      path: "/users/{username}/tokens/{token}",
      summary: "Delete an access token, by id or name",
      needs: "user",
      async run(call) {
        const owner = tokenOwner(call);
        const wanted = call.params["token"] ?? "";
        const byName = await accounts.deleteToken(owner.login, wanted);
        if (!byName && !(/^\d+$/.test(wanted) && (await accounts.deleteToken(owner.login, Number(wanted)))))
          throw notFound();
        return noContent;
      },
    },
    {
      method: "GET",
      path: "/admin/users",
      summary: "All users",
      scope: "admin",
      needs: "admin",
      run: async (call) => jsonPage(call, services, accounts.users(), (user) => shapeFor(call, user)),
    },
    {
      method: "POST",
      path: "/admin/users",
      summary: "A new user",
      scope: "admin",
      needs: "admin",
      async run(call) {
        const body = await call.body();
        const login = textOf(body["username"], textOf(body["login_name"]));
        const email = textOf(body["email"]);
        if (login === "") throw new ApiError(422, "[Username]: Required");
        if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new ApiError(422, "[Email]: Email");
        // Without a password nobody can sign in until an administrator sets one.
        const password = textOf(body["password"]) || generatePassword(randomBytes);
        const account = await accounts
          .createUser({ ...userChanges(body), login, email, password })
          .catch((error: unknown) => {
            throw isStatusError(error, "AlreadyExists") ? new ApiError(422, error.message) : error;
          });
        return json(201, shapeFor(call, account));
      },
    },
    {
      method: "PATCH",
      path: "/admin/users/{username}",
      summary: "Change a user, the password too",
      scope: "admin",
      needs: "admin",
      async run(call) {
        const body = await call.body();
        const account = userParam(call);
        const changes = userChanges(body);
        if (account.id === caller(call).account.id && changes.isAdmin === false)
          throw new ApiError(403, "You cannot take administration away from yourself");
        const password = textOf(body["password"]);
        return json(
          200,
          shapeFor(
            call,
            await accounts.editUser(account.login, { ...changes, ...(password === "" ? {} : { password }) }),
          ),
        );
      },
    },
    {
      method: "DELETE",
      path: "/admin/users/{username}",
      summary: "Delete a user; with purge=true the repositories too",
      scope: "admin",
      needs: "admin",
      async run(call) {
        const account = userParam(call);
        if (account.id === caller(call).account.id) throw new ApiError(422, "you cannot delete yourself");
        const owned = repositories.list(account.login);
        if (owned.length > 0 && call.query.get("purge") !== "true") {
          throw new ApiError(422, `user still has ownership of repositories [uid: ${account.id}]`);
        }
        for (const { owner, name } of owned) await repositories.delete(owner, name);
        await accounts.deleteUser(account.login);
        return noContent;
      },
    },
  ];
}

function userChanges(body: Fields): Omit<AccountChanges, "password"> {
  const texts = {
    email: body["email"],
    fullName: body["full_name"],
    website: body["website"],
    location: body["location"],
    description: body["description"],
  };
  const flags = { isAdmin: body["admin"], active: body["active"] };
  const chosen = (fields: Record<string, unknown>, type: string) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === type));
  const prohibited = body["prohibit_login"] === true ? { active: false } : {};
  return { ...chosen(texts, "string"), ...chosen(flags, "boolean"), ...prohibited };
}
