import type { Page } from "playwright";
import * as v from "valibot";
import { UserId } from "../../shared/protocol/index.ts";
import { seed } from "./history-rows.ts";

/** Messages written in one transaction. */
const BATCH = 4_000;

/**
 * Puts a history of years where the app of the page's only account keeps it, as it writes it. No
 * window of the account is open meanwhile; the page is left on an empty one.
 * @param address of the server, where the account was made
 */
export async function fillHistory(
  page: Page,
  address: string,
  size: { readonly messages: number; readonly conversations: number },
): Promise<void> {
  // A page of the same origin on which the app does not run.
  await page.route("**/empty", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>empty</title>" }),
  );
  await page.goto(`${address}/empty`);
  const self = v.parse(UserId, "AAAAAAAAAAAAAAAAAAAAAA");
  const { conversations, messages } = seed(size.messages, size.conversations, self, Date.now());
  await put(page, "conversations", conversations);
  for (let from = 0; from < size.messages; from += BATCH) {
    await put(page, "messages", messages(from, from + BATCH));
  }
}

async function put(page: Page, name: string, rows: readonly unknown[]): Promise<void> {
  await page.evaluate(
    async ([table, all]) => {
      const known = (await indexedDB.databases()).find(({ name }) =>
        name?.startsWith("beeline:http"),
      );
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const opening = indexedDB.open(known?.name ?? "");
      opening.onsuccess = () => {
        const transaction = opening.result.transaction(table, "readwrite");
        for (const row of all) transaction.objectStore(table).put(row);
        transaction.oncomplete = () => {
          opening.result.close();
          resolve();
        };
        transaction.onabort = () => reject(new Error(String(transaction.error)));
      };
      opening.onerror = () => reject(new Error(String(opening.error)));
      await promise;
    },
    [name, rows] as const,
  );
}
