import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { AppContext } from "./components/context.tsx";
import { ToastList } from "./components/toast-list.tsx";
import type { AppModel } from "./model/app-model.ts";
import { MainScreen } from "./screens/main-screen.tsx";
import { OtherWindowScreen, StartingScreen } from "./screens/other-window.tsx";
import { SignInScreen } from "./screens/sign-in.tsx";

/** The whole user interface of one window. */
export function App({ model }: { model: AppModel }): JSX.Element {
  useSignalEffect(() => {
    document.documentElement.lang = model.settings.language.value;
  });
  useSignalEffect(() => {
    document.documentElement.dataset["theme"] = model.settings.theme.value;
  });
  return (
    <AppContext.Provider value={model}>
      <Screen model={model} />
      <ToastList />
    </AppContext.Provider>
  );
}

function Screen({ model }: { model: AppModel }): JSX.Element {
  const phase = model.phase.value;
  switch (phase.kind) {
    case "starting":
      return <StartingScreen />;
    case "sign-in":
      return <SignInScreen reason={phase.reason} />;
    case "elsewhere":
      return <OtherWindowScreen account={phase.account} />;
    case "main":
      return <MainScreen account={phase.account} />;
  }
}
