import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { accountOf, createContext, linkOf, type Context } from "./context.ts";

const pin = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";
const server = "https://192.0.2.5:8383";

async function contextOf(data: string, options: { server?: string }): Promise<Context> {
  return createContext({ data, user: "ada", ...options });
}

test("H5 an invitation link names server, code and pin; later the server alone is enough", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-context-"));
  const given = await contextOf(folder.path, { server: `${server}/#invite=abcd&pin=${pin}` });
  expect(linkOf(given)).toEqual({ server, invite: "abcd", pin });
  expect(accountOf(given)).toEqual({ server, user: "ada", pin });
  await given.settings.remember(accountOf(given));
  expect(accountOf(await contextOf(folder.path, {}))).toEqual({ server, user: "ada", pin });
  expect(linkOf(await contextOf(folder.path, { server: `${server}/` }))).toEqual({ server, pin });
});

test("H5 the pin of one server is not that of another", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-context-"));
  const given = await contextOf(folder.path, { server: `${server}/#pin=${pin}` });
  await given.settings.remember(accountOf(given));
  const other = await contextOf(folder.path, { server: "https://192.0.2.6:8383" });
  expect(linkOf(other)).toEqual({ server: "https://192.0.2.6:8383" });
});
