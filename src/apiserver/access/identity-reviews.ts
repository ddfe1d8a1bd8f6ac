import { badRequest, type Fields, type KubeObject, textAt, textsAt } from "../../apimachinery/index.ts";
import type { User } from "../../lib/index.ts";
import type { Authenticator } from "./authenticate.ts";
import { TokenError } from "./identity.ts";

/** Answers who asks. */
export function reviewSelf(object: KubeObject, { user, now }: { user: User; now: string }): KubeObject {
  const metadata = { ...object.metadata, creationTimestamp: now };
  return { ...object, metadata, status: { userInfo: userInfo(user) } };
}

/** Answers whose a token is, if it is meant for who asks. */
export async function reviewToken(
  object: KubeObject,
  { authenticator }: { authenticator: Authenticator },
): Promise<KubeObject> {
  const token = textAt(object, "spec", "token");
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  const asked = textsAt(object, "spec", "audiences");
  try {
    const { user, audiences } = await authenticator.token(token, asked.length > 0 ? asked : authenticator.audiences);
    return { ...object, status: { authenticated: true, user: userInfo(user), audiences } };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { ...object, status: { user: {}, error: error.message } };
  }
}

/** A user as the API shows one; what is empty is left out. */
export function userInfo({ name, groups, uid = "", extra = {} }: User): Fields {
  const keys = Object.keys(extra).sort();
  return {
    username: name,
    ...(uid === "" ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(keys.length === 0 ? {} : { extra: Object.fromEntries(keys.map((key) => [key, extra[key]])) }),
  };
}
