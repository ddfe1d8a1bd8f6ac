/** Hands out the IPv4 addresses of one node's range to its pods. */
export type PodAddresses = {
  /** The same address for the same pod; empty when all are taken. @param preferred what the pod has already */
  take(uid: string, preferred?: string): string;
  free(uid: string): void;
};

/** @param cidr such as `10.128.0.0/21`; the network's own address, the first (the gateway's) and the last are left out */
export function createPodAddresses(cidr: string): PodAddresses {
  const { base, count } = rangeOf(cidr);
  const owners = new Map<string, string>();
  const addresses = new Map<string, string>();
  let next = 2;

  const give = (uid: string, address: string) => {
    owners.set(address, uid);
    addresses.set(uid, address);
    return address;
  };
  return {
    take(uid, preferred) {
      const known = addresses.get(uid);
      if (known !== undefined) return known;
      if (preferred !== undefined && isWithin(preferred, base, count) && !owners.has(preferred))
        return give(uid, preferred);
      for (let tried = 2; tried < count - 1; tried++) {
        const address = ipText(base + next);
        next = next + 1 < count - 1 ? next + 1 : 2;
        if (!owners.has(address)) return give(uid, address);
      }
      return "";
    },
    free(uid) {
      const address = addresses.get(uid);
      addresses.delete(uid);
      if (address !== undefined) owners.delete(address);
    },
  };
}

/** @returns the first address as a number, and how many there are */
function rangeOf(cidr: string): { base: number; count: number } {
  const [address = "", bits = ""] = cidr.split("/");
  return { base: ipNumber(address), count: 2 ** (32 - Number(bits)) };
}

function isWithin(address: string, base: number, count: number): boolean {
  const number = ipNumber(address);
  return number >= base && number < base + count;
}

export function ipNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function ipText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
