/** What a device keeps of an account, and how it lets go of all of it. */
import { canonicalUserName, type ConversationId, type MessageId } from "../protocol/index.ts";
import { parseServerAddress } from "./connection/server-address.ts";
import type { Ports } from "./ports.ts";
import type { Store, StoreWrite } from "./store.ts";

/** Messages that are asked for at a time: as many as a store gives. */
const PAGE = 1000;

/**
 * Under which an account is kept on a device: server origin and canonical user name.
 * @throws ChatKitError invalid-server
 */
export function accountName(server: string, userName: string): string {
  return `${parseServerAddress(server).origin}/${canonicalUserName(userName)}`;
}

/**
 * Deletes what is here of an account that nobody has open: history, files, keys. It needs neither its
 * session nor its keys, which may have gone before.
 * @throws StoreError, locked where it is open elsewhere; FileError; ChatKitError invalid-server
 */
export async function eraseAccount(
  { stores, files }: Pick<Ports, "stores" | "files">,
  server: string,
  userName: string,
): Promise<void> {
  const name = accountName(server, userName);
  {
    await using store = await stores.open(name);
    await store.commit(await deletionOf(store));
  }
  const vault = await files?.open(name);
  await vault?.clear();
}

/** The writes after which nothing is left in the store. @throws StoreError */
export async function deletionOf(store: Store): Promise<readonly StoreWrite[]> {
  const writes: StoreWrite[] = [];
  for (const key of (await store.values("")).keys()) writes.push({ type: "delete-value", key });
  for (const { id } of await store.outbox()) writes.push({ type: "delete-outbox", id });
  for (const { conversationId } of await store.conversations()) {
    for (const id of await messageIds(store, conversationId)) {
      writes.push({ type: "delete-message", id });
    }
    writes.push({ type: "delete-conversation", id: conversationId });
  }
  return writes;
}

async function messageIds(
  store: Store,
  conversationId: ConversationId,
): Promise<readonly MessageId[]> {
  const ids: MessageId[] = [];
  let before: string | undefined;
  for (;;) {
    const page = await store.messages(
      conversationId,
      before === undefined ? { limit: PAGE } : { limit: PAGE, before },
    );
    for (const { id } of page) ids.push(id);
    before = page[0]?.order;
    if (page.length < PAGE) return ids;
  }
}
