import { type Fields, isFields } from "../apimachinery/index.ts";
import { flagOf, integerOf, listOf, textOf, textsOf } from "./json.ts";

/** Times are RFC 3339. */
export type User = {
  id: number;
  login: string;
  /** As `hashPassword` gives it. */
  password: string;
  fullName: string;
  email: string;
  isAdmin: boolean;
  active: boolean;
  website: string;
  location: string;
  description: string;
  createdAt: string;
};

export type Token = {
  id: number;
  userId: number;
  name: string;
  scopes: string[];
  hash: string;
  lastEight: string;
  createdAt: string;
};

export type Organization = {
  id: number;
  name: string;
  fullName: string;
  description: string;
  website: string;
  location: string;
  visibility: "public" | "limited" | "private";
  /** Users who may do everything in it; there are no teams. */
  memberIds: number[];
  createdAt: string;
};

/** Everything in `accounts.json`. Users, tokens and organisations take their ids from one sequence. */
export type AccountsData = { lastId: number; users: User[]; tokens: Token[]; organizations: Organization[] };

export function emptyAccounts(): AccountsData {
  return { lastId: 0, users: [], tokens: [], organizations: [] };
}

/** @throws {Error} when this is not what an `accounts.json` looks like */
export function parseAccounts(value: unknown): AccountsData {
  if (!isFields(value) || !Array.isArray(value["users"])) throw new Error("it has no list of users");
  return {
    lastId: integerOf(value["lastId"]),
    users: listOf(value["users"]).filter(isFields).map(parseUser),
    tokens: listOf(value["tokens"]).filter(isFields).map(parseToken),
    organizations: listOf(value["organizations"]).filter(isFields).map(parseOrganization),
  };
}

function parseUser(value: Fields): User {
  return {
    id: integerOf(value["id"]),
    login: textOf(value["login"]),
    password: textOf(value["password"]),
    fullName: textOf(value["fullName"]),
    email: textOf(value["email"]),
    isAdmin: flagOf(value["isAdmin"]),
    active: flagOf(value["active"]),
    website: textOf(value["website"]),
    location: textOf(value["location"]),
    description: textOf(value["description"]),
    createdAt: textOf(value["createdAt"]),
  };
}

function parseToken(value: Fields): Token {
  return {
    id: integerOf(value["id"]),
    userId: integerOf(value["userId"]),
    name: textOf(value["name"]),
    scopes: textsOf(value["scopes"]),
    hash: textOf(value["hash"]),
    lastEight: textOf(value["lastEight"]),
    createdAt: textOf(value["createdAt"]),
  };
}

function parseOrganization(value: Fields): Organization {
  const visibility = value["visibility"];
  return {
    id: integerOf(value["id"]),
    name: textOf(value["name"]),
    fullName: textOf(value["fullName"]),
    description: textOf(value["description"]),
    website: textOf(value["website"]),
    location: textOf(value["location"]),
    visibility: visibility === "limited" || visibility === "private" ? visibility : "public",
    memberIds: listOf(value["memberIds"]).map((id) => integerOf(id)),
    createdAt: textOf(value["createdAt"]),
  };
}
