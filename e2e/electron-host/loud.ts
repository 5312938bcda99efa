/** The shell uses something of Electron that the stand-in has not. */
export class MissingApi extends Error {
  override readonly name = "MissingApi";

  constructor(api: string) {
    super(`The stand-in for Electron has no ${api}: add it under e2e/electron-host`);
  }
}

/** What the language itself looks for on every object. */
const OF_THE_LANGUAGE: ReadonlySet<string> = new Set(["then", "toJSON"]);

/**
 * The same object, but to read what it has not throws instead of giving `undefined`. What Electron
 * leaves out on this platform has to be there as `undefined`.
 * @throws MissingApi on reading
 */
export function loud<Part extends object>(name: string, part: Part): Part {
  return new Proxy(part, {
    get(object, key) {
      if (typeof key === "string" && !(key in object) && !OF_THE_LANGUAGE.has(key)) {
        throw new MissingApi(`${name}.${key}`);
      }
      const value: unknown = Reflect.get(object, key);
      if (typeof value !== "function") return value;
      // Private fields are the object's own, not its proxy's.
      const bound: unknown = value.bind(object);
      return bound;
    },
  });
}
