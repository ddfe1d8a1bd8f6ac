import { cloneJson, internalError, type KubeObject } from "../../apimachinery/index.ts";
import type { Caller } from "../admission/webhooks/connect.ts";
import type { ApiResource, ConversionReader, Converter, StoredValue } from "../resource.ts";
import { decodeStored } from "../stored.ts";
import { convertByWebhook } from "./conversion-review.ts";
import type { Definition } from "./definition.ts";

/** Objects that are sent to a webhook together, in bytes as stored: what one answer to it may hold twice over. */
const batchBytesMax = 4 * 2 ** 20;
/** Converted objects that are remembered in all, in bytes as stored; a list of 16,000 objects of 2 KB. */
const rememberedBytesMax = 32 * 2 ** 20;

/** What all conversions of a server share. */
export type ConversionTools = { caller: Caller; remembered: Remembered };

/** What a version of a custom resource is before it is known who converts. */
type Version = Pick<ApiResource, "apiVersion" | "storedAs"> & {
  /** Drops what the version does not know and fills in its defaults. Changes its argument. */
  finish(object: KubeObject): KubeObject;
};

/** Converts by the webhook of a CRD. What has been converted is remembered by its revision, for as long as the CRD is as it is. */
export function createConverter(
  { caller, remembered }: ConversionTools,
  definition: Definition,
  { apiVersion, storedAs, finish }: Version,
  resource: () => ApiResource,
): Converter {
  const id = remembered.newId();
  const convert = async (object: KubeObject, to: string) => {
    if (object.apiVersion === to) return cloneJson(object);
    const [converted] = await convertByWebhook(caller, definition, [object], to);
    if (converted === undefined) throw internalError(`${definition.name} was not converted`);
    return converted;
  };
  return {
    write: (object) => convert(object, storedAs),
    show: async (object) => finish(await convert(object, apiVersion)),
    reader(): ConversionReader {
      let shown = new Map<string, KubeObject>();
      const fromStored = (object: KubeObject) => {
        if (object.apiVersion === apiVersion) return finish(object);
        const converted = shown.get(object.metadata.resourceVersion ?? "");
        if (converted === undefined) throw internalError(`${definition.name} was not converted before it was read`);
        return finish(cloneJson(converted));
      };
      return {
        resource: { ...resource(), fromStored },
        async fill(entries) {
          shown = await remembered.all(id, entries, apiVersion, (objects) =>
            convertByWebhook(caller, definition, objects, apiVersion),
          );
        },
      };
    },
  };
}

/** Converted objects by who converts them and the revision of what was converted; those used last are kept longest. */
export class Remembered {
  readonly #objects = new Map<string, { object: KubeObject; sizeBytes: number }>();
  #sizeBytes = 0;
  #ids = 0;

  /** Tells apart what different webhooks, and versions, make of the same object. */
  newId(): number {
    return ++this.#ids;
  }

  /** @returns by `resourceVersion`; what is in the version already is left out */
  async all(
    id: number,
    entries: readonly StoredValue[],
    apiVersion: string,
    convert: (objects: KubeObject[]) => Promise<KubeObject[]>,
  ): Promise<Map<string, KubeObject>> {
    const found = new Map<string, KubeObject>();
    let batch: { entry: StoredValue; object: KubeObject }[] = [];
    let batchBytes = 0;
    const take = ({ value, modRevision }: StoredValue, object: KubeObject) => {
      found.set(String(modRevision), object);
      this.#keep(`${id} ${modRevision}`, object, value.byteLength);
    };
    const flush = async () => {
      const converted = await convert(batch.map(({ object }) => object));
      for (const [index, { entry }] of batch.entries()) {
        const object = converted[index];
        if (object !== undefined) take(entry, object);
      }
      batch = [];
      batchBytes = 0;
    };
    for (const entry of entries) {
      const known = this.#objects.get(`${id} ${entry.modRevision}`);
      if (known !== undefined) {
        take(entry, known.object);
        continue;
      }
      const object = decodeStored(entry.value);
      if (object.apiVersion === apiVersion) continue;
      batch.push({ entry, object });
      batchBytes += entry.value.byteLength;
      if (batchBytes > batchBytesMax) await flush();
    }
    if (batch.length > 0) await flush();
    return found;
  }

  #keep(key: string, object: KubeObject, sizeBytes: number): void {
    this.#forget(key);
    this.#objects.set(key, { object, sizeBytes });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#objects.keys()) {
      if (this.#sizeBytes <= rememberedBytesMax) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#sizeBytes -= this.#objects.get(key)?.sizeBytes ?? 0;
    this.#objects.delete(key);
  }
}
