import { createCipheriv, createDecipheriv, createHmac, scryptSync } from "node:crypto";
import { GoError } from "../go-error.ts";
import { fromBytes, toBytes } from "../go-text.ts";
import type { Run } from "../run.ts";
import { type FunctionTable, fn, runFn, string, uint32 } from "../signature.ts";
import { bcryptHash, bcryptPasswordMax } from "./bcrypt.ts";
import { certificateFunctions } from "./certificates.ts";
import { decodeBase64 } from "./encoding.ts";
import { generateDsaKey, generateEcKey, generateEd25519Key, generateRsaKey } from "./private-keys.ts";

/** What is slow on purpose takes as long as this many other steps, and more. */
const slowSteps = 500_000;

/** Sprig's passwords, keys and ciphers; some return the text of what went wrong, as in sprig. */
export const cryptoFunctions: FunctionTable = {
  ...certificateFunctions,
  bcrypt: runFn([string], hashPassword),
  htpasswd: runFn([string, string], (run, user, password) => {
    return user.includes(":") ? `invalid username: ${user}` : `${user}:${hashPassword(run, password)}`;
  }),
  genPrivateKey: runFn([string], (run, type) => {
    const { random, systemKeys } = run.options;
    switch (type) {
      case "":
      case "rsa":
        run.charge(3 * slowSteps);
        return generateRsaKey(systemKeys ? undefined : random, 4096).pem;
      case "dsa":
        run.charge(slowSteps);
        return generateDsaKey(random).pem;
      case "ecdsa":
        return generateEcKey(random).pem;
      case "ed25519":
        return generateEd25519Key(random).pem;
    }
    return `Unknown type ${type}`;
  }),
  derivePassword: runFn([uint32, string, string, string, string], (run, ...args) => {
    run.charge(slowSteps);
    return derivePassword(...args);
  }),
  encryptAES: runFn([string, string], (run, password, plain) => {
    if (plain === "") return "";
    const iv = run.options.random(16);
    const cipher = createCipheriv("aes-256-cbc", aesKey(password), iv);
    return Buffer.concat([iv, cipher.update(toBytes(plain)), cipher.final()]).toString("base64");
  }),
  decryptAES: fn([string, string], decryptAes),
};

function hashPassword(run: Run, password: string): string {
  const bytes = toBytes(password);
  if (bytes.length > bcryptPasswordMax) {
    return `failed to encrypt string with bcrypt: bcrypt: password length exceeds ${bcryptPasswordMax} bytes`;
  }
  run.charge(slowSteps);
  return bcryptHash(bytes, run.options.random(16));
}

function aesKey(password: string): Buffer {
  const key = Buffer.alloc(32);
  toBytes(password).copy(key);
  return key;
}

function decryptAes(password: string, text: string): string {
  if (text === "") return "";
  const bytes = decodeBase64(text);
  if (typeof bytes === "string") throw new GoError(bytes);
  if (bytes.length < 16)
    throw new GoError(`runtime error: slice bounds out of range [:16] with capacity ${bytes.length}`);
  if (bytes.length % 16 !== 0) throw new GoError("crypto/cipher: input not full blocks");
  const decipher = createDecipheriv("aes-256-cbc", aesKey(password), bytes.subarray(0, 16)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
  const padding = plain.at(-1);
  if (padding === undefined) throw new GoError("runtime error: index out of range [-1]");
  const end = plain.length - padding;
  if (end < 0) throw new GoError(`runtime error: slice bounds out of range [:${end}]`);
  return fromBytes(plain.subarray(0, end));
}

/** The shapes of passwords in the Master Password algorithm; each letter stands for a class of characters. */
const passwordShapes: Readonly<Record<string, readonly string[]>> = {
  maximum: ["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
  long: (
    "CvcvnoCvcvCvcv CvcvCvcvnoCvcv CvcvCvcvCvcvno CvccnoCvcvCvcv CvccCvcvnoCvcv CvccCvcvCvcvno CvcvnoCvccCvcv " +
    "CvcvCvccnoCvcv CvcvCvccCvcvno CvcvnoCvcvCvcc CvcvCvcvnoCvcc CvcvCvcvCvccno CvccnoCvccCvcv CvccCvccnoCvcv " +
    "CvccCvccCvcvno CvcvnoCvccCvcc CvcvCvccnoCvcc CvcvCvccCvccno CvccnoCvcvCvcc CvccCvcvnoCvcc CvccCvcvCvccno"
  ).split(" "),
  medium: ["CvcnoCvc", "CvcCvcno"],
  short: ["Cvcn"],
  basic: ["aaanaaan", "aannaaan", "aaannaaa"],
  pin: ["nnnn"],
};

const lettersOfBoth = "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
const characterClasses: Readonly<Record<string, string>> = {
  V: "AEIOU",
  C: "BCDFGHJKLMNPQRSTVWXYZ",
  v: "aeiou",
  c: "bcdfghjklmnpqrstvwxyz",
  A: "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
  a: lettersOfBoth,
  n: "0123456789",
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: `${lettersOfBoth}0123456789!@#$%^&*()`,
};

function derivePassword(counter: number, type: string, password: string, user: string, site: string): string {
  const shapes = Object.hasOwn(passwordShapes, type) ? passwordShapes[type] : undefined;
  if (shapes === undefined) return `cannot find password template ${type}`;
  const scope = Buffer.from("com.lyndir.masterpassword");
  const sized = (text: string) => {
    const bytes = toBytes(text);
    return Buffer.concat([uint32Bytes(bytes.length), bytes]);
  };
  const salt = Buffer.concat([scope, sized(user)]);
  const key = scryptSync(toBytes(password), salt, 64, { N: 32_768, r: 8, p: 2, maxmem: 128 * 2 ** 20 });
  const seed = createHmac("sha256", key)
    .update(Buffer.concat([scope, sized(site), uint32Bytes(counter)]))
    .digest();
  const shape = shapes[(seed[0] ?? 0) % shapes.length] ?? "";
  return Array.from(shape, (letter, index) => {
    const characters = characterClasses[letter] ?? "";
    return characters.charAt((seed[index + 1] ?? 0) % characters.length);
  }).join("");
}

function uint32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
