import type { MessageRecord } from "../store.ts";
import { Merging, type MergingOptions } from "./merging.ts";
import { Removal, type RemovalOptions } from "./removal.ts";
import { Search } from "./search.ts";
import type { WatchedStore } from "./watched-store.ts";

type HistoryOptions = Omit<RemovalOptions & MergingOptions, "store"> & {
  readonly store: WatchedStore;
};

/** What an account does with what was said: finding it, and deleting it. */
export class AccountHistory {
  readonly store: WatchedStore;
  readonly search: Search;
  readonly removal: Removal;
  readonly merging: Merging;
  /** The message as it is now, where the store may be behind. */
  readonly live: (message: MessageRecord) => MessageRecord;

  constructor(options: HistoryOptions) {
    const { clock, live, store } = options;
    this.store = store;
    this.live = live;
    this.search = new Search({ store, clock });
    store.onCommitted((writes) => this.search.committed(writes));
    this.removal = new Removal(options);
    this.merging = new Merging(options);
  }

  start(): void {
    this.removal.start();
  }

  close(): void {
    this.search.close();
    this.removal.close();
  }
}
