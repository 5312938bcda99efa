import {
  expect,
  type Browser,
  type BrowserContext,
  type Locator,
  type Page,
} from "playwright/test";

export const PASSWORD = "correct horse battery";

/** Somebody with a browser window of their own, who does what people do. */
export class Person implements AsyncDisposable {
  readonly name: string;
  readonly page: Page;
  readonly #context: BrowserContext;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.name = name;
    this.#context = context;
    this.page = page;
  }

  /** Opens a window with nothing in it yet. */
  static async arrive(
    browser: Browser,
    name: string,
    options: {
      webrtc?: boolean;
      width?: number;
      colorScheme?: "light" | "dark";
      contrast?: "more" | "no-preference";
      locale?: string;
    } = {},
  ): Promise<Person> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1180, height: 800 },
      ...(options.colorScheme === undefined ? {} : { colorScheme: options.colorScheme }),
      ...(options.contrast === undefined ? {} : { contrast: options.contrast }),
      ...(options.locale === undefined ? {} : { locale: options.locale }),
    });
    if (options.webrtc === false) {
      // As in browsers where an administrator switched it off.
      await context.addInitScript(() => {
        Reflect.deleteProperty(globalThis, "RTCPeerConnection");
      });
    }
    return new Person(name, context, await context.newPage());
  }

  /** Somebody whose window is open already. */
  static at(name: string, page: Page): Person {
    return new Person(name, page.context(), page);
  }

  async register(server: string): Promise<void> {
    await this.page.goto(server);
    await this.createAccount();
  }

  async createAccount(): Promise<void> {
    await this.page.getByRole("tab", { name: "Create account" }).click();
    await this.page.getByLabel("User name").fill(this.name);
    await this.page.getByLabel("Your name").fill(displayName(this.name));
    await this.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.seesHome();
  }

  async seesHome(): Promise<void> {
    await expect(this.page.getByTestId("main-screen")).toBeVisible();
  }

  async addBuddy(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Add a buddy" }).first().click();
    const dialog = this.page.getByRole("dialog", { name: "Add a buddy" });
    await dialog.getByLabel("User name").first().fill(name);
    await dialog.getByRole("button", { name: "Send request" }).click();
    await expect(dialog).toBeHidden();
  }

  async accept(name: string): Promise<void> {
    await this.page.getByRole("tab", { name: /Buddies/ }).click();
    await this.page.getByRole("button", { name: `Accept ${displayName(name)}` }).click();
  }

  /** Opens the conversation from the list of buddies. */
  async open(name: string): Promise<void> {
    await this.page.getByRole("tab", { name: /Buddies/ }).click();
    await this.page.locator(`[data-testid="buddy-row"][data-user="${name}"] button`).click();
    await expect(this.composer(name)).toBeEditable();
  }

  composer(name: string): Locator {
    return this.page.getByLabel(`Message to ${displayName(name)}`);
  }

  async say(to: string, text: string): Promise<void> {
    await this.composer(to).fill(text);
    await this.composer(to).press("Enter");
  }

  /** The bubbles that show just this text. */
  message(text: string): Locator {
    const words = text.trim().split(/\s+/).map(escapeForRegExp);
    const whole = new RegExp(`^\\s*${words.join("\\s+")}\\s*$`, "u");
    const shown = this.page.getByTestId("message-text").filter({ hasText: whole });
    return this.page.getByTestId("message").filter({ has: shown });
  }

  async reads(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
    await expect(this.message(text)).toBeVisible();
  }

  /** The texts of the whole conversation in their order, gathered by scrolling from its start. */
  async everyMessage(): Promise<string[]> {
    const list = this.page.getByTestId("messages");
    const shown = this.page.getByTestId("message");
    const found = new Map<string, string>();
    await list.hover();
    // Again and again: the list may still be on its way to the first unread message.
    while (!(await this.page.locator(".chat-start").isVisible())) await this.#scroll(-2000);
    for (;;) {
      const rows = await shown.evaluateAll((elements) =>
        elements.map((element) => {
          const text = element.querySelector('[data-testid="message-text"]')?.textContent ?? "";
          return [element.getAttribute("data-id") ?? "", text] as const;
        }),
      );
      for (const [id, text] of rows) found.set(id, text);
      if (!(await this.page.getByTestId("to-end").isVisible())) return [...found.values()];
      await this.#scroll(300);
    }
  }

  /** Turns the wheel, and waits for the frames in which the rows that it brings are drawn. */
  async #scroll(pixels: number): Promise<void> {
    await this.page.mouse.wheel(0, pixels);
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  async expectDelivery(text: string, state: string | RegExp): Promise<void> {
    await expect(this.message(text)).toHaveAttribute("data-state", state);
  }

  async expectPath(text: string, path: "direct" | "relayed" | "stored"): Promise<void> {
    await expect(this.message(text)).toHaveAttribute("data-path", path);
  }

  /** Waits until the way to the other person is a direct link. */
  async directTo(): Promise<void> {
    await expect(this.page.getByTestId("link-status")).toHaveAttribute("data-link", "direct");
  }

  /** The machine is switched off; what it has on disk stays. */
  async leave(): Promise<void> {
    await this.page.close();
  }

  /** A new window of the same machine. */
  async comeBack(server: string): Promise<Person> {
    const page = await this.#context.newPage();
    const back = new Person(this.name, this.#context, page);
    await page.goto(server);
    await back.seesHome();
    return back;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

function displayName(userName: string): string {
  return userName.charAt(0).toUpperCase() + userName.slice(1);
}

/** Two people become buddies and open their conversation. */
export async function befriend(one: Person, two: Person): Promise<void> {
  await one.addBuddy(two.name);
  await two.accept(one.name);
  await one.open(two.name);
  await two.open(one.name);
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[$()*+./?[\\\]^{|}]/g, "\\$&");
}
