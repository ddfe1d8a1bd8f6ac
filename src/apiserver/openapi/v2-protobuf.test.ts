import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestServer } from "../testing.ts";
import { encodeOpenApiV2 } from "./v2-protobuf.ts";

/** A document without the part that a case is about; fields are in the order of their numbers, as Go writes them. */
const base = { swagger: "2.0", info: { title: "a", version: "1" }, paths: {} };

/** The bytes are what gnostic-models 0.7 makes of the same documents, but for values as YAML, which we write as JSON. */
const cases: Record<string, { document: Record<string, unknown>; hex: string }> = {
  "the document itself": {
    document: {
      swagger: "2.0",
      info: { title: "Kubernetes", version: "v1.34.0" },
      host: "h",
      basePath: "/b",
      schemes: ["https"],
      consumes: ["a/b"],
      produces: ["c/d"],
      paths: {},
      security: [{ BearerToken: [] }, { Other: ["read", "write"] }],
      securityDefinitions: {
        BearerToken: { type: "apiKey", name: "authorization", in: "header", description: "a token" },
      },
    },
    hex: `
      0a03322e3012150a0a4b756265726e65746573120776312e33342e301a016822022f622a0568747470733203612f623a03632f6442006211
      0a0f0a0b426561726572546f6b656e120062180a160a054f74686572120d0a04726561640a0577726974656a3b0a390a0b42656172657254
      6f6b656e122a12280a066170694b6579120d617574686f72697a6174696f6e1a0668656164657222076120746f6b656e`,
  },
  "a schema with words and numbers": {
    document: {
      ...base,
      definitions: {
        "io.example.v1.Gear": {
          $ref: "#/definitions/x",
          format: "int32",
          title: "t",
          description: "gear ⚙",
          multipleOf: 0.5,
          maximum: 1e21,
          exclusiveMaximum: true,
          minimum: -2.5,
          exclusiveMinimum: true,
          maxLength: 300,
          minLength: 1,
          pattern: "^a",
          maxItems: 9007199254740991,
          minItems: 2,
          uniqueItems: true,
          maxProperties: 4,
          minProperties: 3,
          required: ["a", "b"],
          discriminator: "d",
          readOnly: true,
          externalDocs: { description: "e", url: "u" },
        },
      },
    },
    hex: `
      0a03322e3012060a016112013142004a92010a8f010a12696f2e6578616d706c652e76312e4765617212790a0f232f646566696e6974696f
      6e732f781205696e7433321a017422086765617220e29a9931000000000000e03f3950efe2d6e41a4b4440014900000000000004c0500158
      ac0260016a025e6170ffffffffffffff0f78028001018801049001039a0101619a010162d2010164d80101ea01060a0165120175`,
  },
  "what is empty as absent": {
    document: {
      ...base,
      definitions: { A: { description: "", maximum: 0, maxLength: 0, readOnly: false, required: [], properties: {} } },
    },
    hex: `
      0a03322e3012060a016112013142004a0a0a080a01411203ca0100`,
  },
  "schemas within schemas": {
    document: {
      ...base,
      definitions: {
        A: {
          additionalProperties: { type: "string" },
          type: ["string", "null"],
          items: { type: "object" },
          allOf: [{ $ref: "x" }, { type: "object" }],
          properties: { type: { type: "object" }, "x-y": { type: "array" } },
        },
        B: { additionalProperties: false },
        C: { additionalProperties: true },
      },
    },
    hex: `
      0a03322e3012060a016112013142004a8f010a750a01411270aa010d0a0bb201080a06737472696e67b2010e0a06737472696e670a046e75
      6c6cba010d0a0bb201080a066f626a656374c201030a0178c2010bb201080a066f626a656374ca01280a130a0474797065120bb201080a06
      6f626a6563740a110a03782d79120ab201070a0561727261790a0a0a01421205aa010210000a0a0a01431205aa01021001`,
  },
  "data and extensions as YAML": {
    document: {
      ...base,
      definitions: {
        A: {
          default: {},
          enum: ["a", 1, null],
          example: [true],
          "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "A" }],
          "x-kubernetes-patch-strategy": "merge",
        },
      },
    },
    hex: `
      0a03322e3012060a016112013142004aac010aa9010a014112a3012a0412027b7da201051203226122a20103120131a2010612046e756c6c
      f2010812065b747275655dfa014d0a1f782d6b756265726e657465732d67726f75702d76657273696f6e2d6b696e64122a12285b7b226772
      6f7570223a22222c2276657273696f6e223a227631222c226b696e64223a2241227d5dfa01280a1b782d6b756265726e657465732d706174
      63682d737472617465677912091207226d6572676522`,
  },
  "paths and operations": {
    document: {
      ...base,
      paths: {
        "/api": {
          get: {
            tags: ["t"],
            summary: "s",
            description: "d",
            externalDocs: { url: "u" },
            operationId: "o",
            produces: ["a/b"],
            consumes: ["*/*"],
            responses: {
              "200": { description: "OK", schema: { $ref: "x" } },
              "401": { description: "no" },
              default: { $ref: "#/responses/r" },
            },
            schemes: ["https"],
            deprecated: true,
            security: [{}],
            "x-kubernetes-action": "get",
          },
          put: { responses: {} },
          post: { responses: {} },
          delete: { responses: {} },
          options: { responses: {} },
          head: { responses: {} },
          patch: { responses: {} },
          "x-p": 1,
        },
      },
    },
    hex: `
      0a03322e3012060a016112013142be0112bb010a042f61706912b201128b010a01741201731a016422031201752a016f3203612f623a032a
      2f2a4a430a140a03323030120d0a0b0a024f4b12050a030a01780a0d0a0334303112060a040a026e6f0a1c0a0764656661756c741211120f
      0a0d232f726573706f6e7365732f7252056874747073580162006a1e0a13782d6b756265726e657465732d616374696f6e12071205226765
      74221a024a0022024a002a024a0032024a003a024a0042024a00520a0a03782d701203120131`,
  },
  "parameters by their place": {
    document: {
      ...base,
      paths: {
        "/api": {
          parameters: [
            { description: "b", name: "body", in: "body", required: true, schema: { type: "object" } },
            {
              required: true,
              in: "path",
              description: "p",
              name: "name",
              type: "string",
              format: "f",
              items: { type: "string", maxLength: 3 },
              collectionFormat: "csv",
              default: 1,
              maximum: 5,
              exclusiveMaximum: true,
              minimum: 4,
              exclusiveMinimum: true,
              maxLength: 9,
              minLength: 8,
              pattern: "p",
              maxItems: 7,
              minItems: 6,
              uniqueItems: true,
              enum: ["e"],
              multipleOf: 2,
            },
            {
              in: "query",
              name: "dryRun",
              allowEmptyValue: true,
              type: "string",
              uniqueItems: true,
              enum: ["All"],
              multipleOf: 2,
              "x-q": 2,
            },
            { in: "header", name: "h", type: "string", "x-h": 3 },
            { $ref: "#/parameters/pretty-tJGM1-ng" },
          ],
        },
      },
      parameters: { "pretty-tJGM1-ng": { in: "query", name: "pretty", type: "string" } },
      responses: { r: { description: "R" } },
    },
    hex: `
      0a03322e3012060a016112013142b20212af020a042f61706912a6024a220a200a1e0a01621204626f64791a04626f647920012a0bb20108
      0a066f626a6563744a710a6f126d226b08011204706174681a017022046e616d652a06737472696e673201663a0a0a06737472696e675003
      42036373764a03120131510000000000001440580161000000000000104068017009780882010170880107900106980101a2010512032265
      22a90100000000000000404a430a41123f1a3d12057175657279220664727952756e28013206737472696e67a00101aa0107120522416c6c
      22b1010000000000000040ba010a0a03782d7112031201324a260a2412220a2012066865616465722201682a06737472696e67b2010a0a03
      782d6812031201334a20121e0a1c232f706172616d65746572732f7072657474792d744a474d312d6e6752300a2e0a0f7072657474792d74
      4a474d312d6e67121b12191a171205717565727922067072657474793206737472696e675a0a0a080a017212030a0152`,
  },
};
for (const [name, { document, hex }] of Object.entries(cases)) {
  test(`encodeOpenApiV2 writes ${name}`, () => {
    const bytes = encodeOpenApiV2(document);
    assert.equal(Buffer.from(bytes).toString("hex"), hex.replaceAll(/\s/g, ""));
  });
}

test("encodeOpenApiV2 leaves out what the message has no form for", () => {
  const odd = {
    host: 7,
    consumes: "application/json",
    definitions: {
      A: {
        maxLength: "long",
        minLength: 1.5,
        minimum: null,
        required: [1],
        properties: [],
        readOnly: "yes",
        additionalProperties: "any",
        title: undefined,
        "x-b": undefined,
        constructor: { type: "object" },
      },
    },
    securityDefinitions: { A: {} },
    tags: [{ name: "a" }],
  };
  const same = { definitions: { A: {} }, securityDefinitions: { A: {} } };
  assert.deepEqual(encodeOpenApiV2({ ...base, ...odd }), encodeOpenApiV2({ ...base, ...same }));
  assert.deepEqual(encodeOpenApiV2("no document"), new Uint8Array());
});

test("encodeOpenApiV2 escapes what YAML, unlike JSON, does not take as it is", () => {
  const bytes = encodeOpenApiV2({ "x-a": "\u007f\u0085\ufeff\uffff\ud800 😀\\ud800\n" });
  assert.match(Buffer.from(bytes).toString(), /"\\u007f\\u0085\\ufeff\\uffff\\ufffd 😀\\\\ud800\\n"$/);
});

test("the server writes /openapi/v2 as protobuf to whom asks for it, under the name that has no @", async () => {
  await using server = await openTestServer();
  const type = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  const json = await server.ok("GET", "/openapi/v2", { accept: "application/json" });
  const expected = Buffer.from(encodeOpenApiV2(json)).toString();
  for (const accept of [type, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"]) {
    const { status, headers, text } = await server.send("GET", "/openapi/v2", { accept });
    assert.deepEqual([status, headers["content-type"]], [200, type]);
    assert.ok(text === expected, `the answer to ${accept} is the document`);
    const known = await server.send("GET", "/openapi/v2", {
      accept,
      headers: { "if-none-match": String(headers["etag"]) },
    });
    assert.equal(known.status, 304);
  }
});
