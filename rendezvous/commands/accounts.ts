import { OperatorError } from "../config/operator-error.ts";
import type { Account, Store } from "../store/store.ts";

const PAGE = 500;

/** @throws OperatorError where there is none of that name */
export async function findAccount(store: Store, name: string): Promise<Account> {
  const account = await store.accounts.byName(name);
  if (account === undefined) throw new OperatorError(`There is no user ${name}.`);
  return account;
}

export async function allAccounts(store: Store): Promise<Account[]> {
  const accounts: Account[] = [];
  for (;;) {
    const last = accounts.at(-1);
    const page = await store.accounts.list({
      ...(last === undefined ? {} : { after: last.userId }),
      limit: PAGE,
    });
    accounts.push(...page);
    if (page.length < PAGE) return accounts;
  }
}
