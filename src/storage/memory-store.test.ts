import { openMemoryStore } from "./memory-store.ts";
import { storeConformance } from "./store.conformance.ts";
import { storeModel } from "./testing/store-model.ts";

storeConformance("Memory store", async () => openMemoryStore());
storeModel("Memory store", () => ({ open: async () => openMemoryStore(), reopens: false }));
