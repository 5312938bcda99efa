import { describe } from "vitest";
import { describeFileVault } from "./file-vault-contract.ts";
import { MemoryFileVault } from "./memory-file-vault.ts";

describe("the memory vault", () => {
  describeFileVault(async () => {
    const vault = new MemoryFileVault();
    return { open: async () => vault };
  });
});
