/**
 * Puts the focus into the first field that was refused, once its error is drawn: its description is
 * then said, and one types on where the mistake is.
 */
export function focusInvalid(form: HTMLFormElement): void {
  requestAnimationFrame(() => {
    form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}
