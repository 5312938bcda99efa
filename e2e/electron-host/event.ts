/** What Electron gives with most events: somebody may say that it is not to happen. */
export class HostEvent {
  defaultPrevented = false;

  preventDefault(): void {
    this.defaultPrevented = true;
  }
}
