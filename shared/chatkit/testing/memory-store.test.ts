import { MemoryStores } from "./memory-store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("memory", () =>
  Promise.resolve({
    opener: new MemoryStores(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
