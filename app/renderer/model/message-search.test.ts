import { expect, test } from "vitest";
import type {
  ChatKitApi,
  SearchHit,
  SearchOptions,
  SearchPage,
} from "../../../shared/chatkit/chatkit.ts";
import { message, someLines } from "../testing/fake-people.ts";
import { MessageSearch } from "./message-search.ts";

const messages = someLines(1).map((line, index) => message(1, index, line, 0));
const hits = (from: number, to: number): readonly SearchHit[] =>
  messages.slice(from, to).map((found) => ({ message: found, text: "", ranges: [] }));
const ids = (found: readonly SearchHit[]): readonly string[] => found.map((hit) => hit.message.id);

/** Answers when it is told to. */
class SlowSearch implements Pick<ChatKitApi, "search"> {
  readonly asked: { query: string; options: SearchOptions | undefined }[] = [];
  readonly #answers: ((page: SearchPage) => void)[] = [];

  search = (query: string, options?: SearchOptions): Promise<SearchPage> => {
    const { promise, resolve } = Promise.withResolvers<SearchPage>();
    this.asked.push({ query, options });
    this.#answers.push(resolve);
    return promise;
  };
  answer(index: number, page: SearchPage): void {
    this.#answers[index]?.(page);
  }
}

test("what an older query finds late is dropped, also when the same is typed again", async () => {
  const kit = new SlowSearch();
  const search = new MessageSearch(kit);
  const first = search.look("a");
  const second = search.look("ab");
  const third = search.look("a");
  kit.answer(1, { hits: hits(0, 1) });
  await second;
  expect(search.state.value).toMatchObject({ query: "a", foundFor: "", hits: [], busy: true });
  kit.answer(2, { hits: hits(1, 2) });
  await third;
  kit.answer(0, { hits: hits(2, 3) });
  await first;
  expect(ids(search.state.value.hits)).toEqual(ids(hits(1, 2)));
  expect(search.state.value).toMatchObject({ foundFor: "a", busy: false, more: false });
});

test("a new filter looks again; until it has found something the hits before stay in sight", async () => {
  const kit = new SlowSearch();
  const search = new MessageSearch(kit);
  const wide = search.look("a", {});
  kit.answer(0, { hits: hits(0, 2) });
  await wide;
  const narrow = search.look("a", { hasFile: true });
  expect(ids(search.state.value.hits)).toEqual(ids(hits(0, 2)));
  expect(kit.asked[1]?.options).toMatchObject({ hasFile: true });
  const next = hits(1, 2)[0]?.message;
  // Looked through without a hit: it goes on by itself.
  kit.answer(1, { hits: [], ...(next === undefined ? {} : { next }) });
  await expect.poll(() => kit.asked.length).toBe(3);
  expect(kit.asked[2]?.options).toMatchObject({ hasFile: true, before: next });
  kit.answer(2, { hits: hits(1, 2) });
  await narrow;
  expect(search.state.value).toMatchObject({ busy: false, more: false });
  expect(ids(search.state.value.hits)).toEqual(ids(hits(1, 2)));
  await search.look("  ");
  expect(search.state.value.hits).toEqual([]);
});
