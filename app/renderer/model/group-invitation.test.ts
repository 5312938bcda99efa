import { expect, test } from "vitest";
import { accountsAt } from "./group-invitation.ts";

const at = (server: string): { readonly server: string } => ({ server });

test("an account is at a server however its address is written, and at no other", () => {
  const accounts = [
    at("https://chat.example.org"),
    at("wss://chat.example.org/"),
    at("https://Chat.Example.Org:443/ws"),
    at("http://chat.example.org"),
    at("https://chat.example.org:8443"),
    at("https://chat.example.org/team"),
    at("no address"),
  ];
  expect(accountsAt(accounts, "https://chat.example.org")).toEqual(accounts.slice(0, 3));
  expect(accountsAt(accounts, "no address")).toEqual([]);
});
