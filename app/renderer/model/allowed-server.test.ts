import { expect, it } from "vitest";
import { mayUseServer, onlyServer } from "./allowed-server.ts";

const policy = { file: "/p", ignored: [], off: [], fixed: [] };

it("any server will do unless the administrator names one", () => {
  for (const platform of [{}, { policy }]) {
    expect(onlyServer(platform)).toBeUndefined();
    expect(mayUseServer(platform, "https://elsewhere.example")).toBe(true);
  }
});

it("the one that is named, however its address is written, and no other", () => {
  const platform = { policy: { ...policy, server: "https://Chat.example.org/" } };
  expect(onlyServer(platform)).toBe("https://chat.example.org");
  expect(mayUseServer(platform, "https://chat.example.org")).toBe(true);
  expect(mayUseServer(platform, "http://chat.example.org")).toBe(false);
  expect(mayUseServer(platform, "https://chat.example.org.evil.example")).toBe(false);
});
