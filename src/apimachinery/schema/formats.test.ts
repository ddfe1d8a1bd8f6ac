import assert from "node:assert/strict";
import { test } from "node:test";
import { stringFormats } from "./formats.ts";

const cases: Record<string, { good: string[]; bad: string[] }> = {
  bsonobjectid: { good: ["507f1f77bcf86cd799439011"], bad: ["507f1f77bcf86cd79943901", "x"] },
  uri: {
    good: ["https://example.com:8080/a?b#c", "/a/b", "urn:x:y", "http://[::1]:80/", "*"],
    bad: ["", "a/b", "http://a b/", "://x", "http://x:port/", "%zz", "/%zz"],
  },
  email: { good: ["a@b.c", "A B <a@b.c>", '"a b"@c'], bad: ["a", "a@", "@b", "a@b@c", "a b@c"] },
  hostname: { good: ["a", "example.com", "a-b.example.com"], bad: ["", "-a", "a_b", "a..b", `${"a".repeat(64)}.com`] },
  ipv4: { good: ["10.0.0.1", "010.0.0.1"], bad: ["10.0.0", "10.0.0.256", "::1", "a"] },
  ipv6: { good: ["::1", "fe80::1", "::ffff:10.0.0.1"], bad: ["10.0.0.1", "fe80::1%eth0", ":::"] },
  cidr: { good: ["10.0.0.0/8", "::/0"], bad: ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/8/8"] },
  mac: { good: ["00:11:22:33:44:55", "00-11-22-33-44-55", "0011.2233.4455"], bad: ["00:11:22", "00:11-22:33:44:55"] },
  uuid: {
    good: ["6BA7B810-9dad-11d1-80b4-00c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8"],
    bad: ["6ba7b810-9dad-11d1-80b4-00c04fd430c", "x"],
  },
  uuid3: { good: ["6ba7b810-9dad-31d1-80b4-00c04fd430c8"], bad: ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"] },
  uuid4: { good: ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"], bad: ["6ba7b810-9dad-41d1-70b4-00c04fd430c8"] },
  uuid5: { good: ["6ba7b810-9dad-51d1-80b4-00c04fd430c8"], bad: ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"] },
  isbn: { good: ["0321751043", "978-0321751041"], bad: ["0321751044", "x"] },
  isbn10: { good: ["0321751043", "0-8044-2957-X"], bad: ["978-0321751041"] },
  isbn13: { good: ["978-0321751041"], bad: ["978-0321751042", "0321751043"] },
  creditcard: { good: ["4111 1111 1111 1111"], bad: ["4111 1111 1111 1112", "1"] },
  ssn: { good: ["111-11-1111", "111 11 1111"], bad: ["111111111", "11-11-1111"] },
  hexcolor: { good: ["#fff", "A0A0A0"], bad: ["#ffff", "white"] },
  rgbcolor: { good: ["rgb(0,255, 10)"], bad: ["rgb(0,256,0)", "rgb(0,0)"] },
  byte: { good: ["aGk=", "aGkh"], bad: ["aGk", "a-k=", ""] },
  password: { good: ["", "x"], bad: [] },
  date: { good: ["2024-02-29", "0001-01-01"], bad: ["2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01T00:00:00Z"] },
  duration: { good: ["1h30m", "0", "-1.5s", "3 days", "2 w"], bad: ["", "5", "x", "1 fortnight"] },
  datetime: {
    good: ["2014-12-15T19:30:20.000Z", "2014-12-15t19:30:20z", "2014-12-15T19:30:20+02:00"],
    bad: ["2014-12-15", "2014-12-15T24:00:00Z", "2014-12-15T19:30:60Z", "2014-12-15T19:30:20", "2014-02-30T00:00:00Z"],
  },
};

for (const [name, { good, bad }] of Object.entries(cases)) {
  test(`format ${name}`, () => {
    const accepts = stringFormats.get(name);
    assert.deepEqual(
      good.filter((text) => !accepts?.(text)),
      [],
    );
    assert.deepEqual(
      bad.filter((text) => accepts?.(text)),
      [],
    );
  });
}

test("every format has cases", () => assert.deepEqual([...stringFormats.keys()].sort(), Object.keys(cases).sort()));
