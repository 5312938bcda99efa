/** Files that are dropped where nobody takes them: a browser would open them in place of the app. */
export function refuseStrayDrops(target: Pick<Window, "addEventListener">): void {
  for (const type of ["dragover", "drop"] as const) {
    target.addEventListener(type, (event) => {
      const { dataTransfer, defaultPrevented } = event;
      if (defaultPrevented || dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      dataTransfer.dropEffect = "none";
    });
  }
}
