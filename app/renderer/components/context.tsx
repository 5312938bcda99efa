import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { AccountModel } from "../model/account-model.ts";
import type { AppModel } from "../model/app-model.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";

export const AppContext = createContext<AppModel | undefined>(undefined);
export const AccountContext = createContext<AccountModel | undefined>(undefined);

export function useApp(): AppModel {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error("no AppContext above");
  return app;
}

export function useAccount(): AccountModel {
  const account = useContext(AccountContext);
  if (account === undefined) throw new Error("no AccountContext above");
  return account;
}

/** Texts and formats of the current language; the component follows a change. */
export function useText(): { t: Catalogue; format: Format; language: string } {
  const { text, format, language } = useApp().i18n;
  return { t: text.value, format: format.value, language: language.value };
}
