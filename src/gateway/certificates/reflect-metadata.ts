/**
 * The three functions of the `Reflect.metadata` proposal that tsyringe, the container inside @peculiar/x509, asks for.
 * That package leaves them to a polyfill of the application; these few lines save a dependency. What an application
 * has installed itself stays.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

const functions = {
  defineMetadata(key: unknown, value: unknown, target: object): void {
    const own = metadata.get(target) ?? new Map<unknown, unknown>();
    metadata.set(target, own.set(key, value));
  },
  getOwnMetadata(key: unknown, target: object): unknown {
    return metadata.get(target)?.get(key);
  },
  getMetadata(key: unknown, target: object): unknown {
    for (let object: object | null = target; object !== null; object = Object.getPrototypeOf(object)) {
      if (metadata.get(object)?.has(key)) return metadata.get(object)?.get(key);
    }
    return undefined;
  },
};

if (!("getMetadata" in Reflect)) Object.assign(Reflect, functions);
