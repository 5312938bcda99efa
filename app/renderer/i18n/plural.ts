type Forms = { readonly other: string } & Partial<Record<Intl.LDMLPluralRule, string>>;

/** The form of a counted phrase in a language (Unicode CLDR plural rules); `#` is the number. */
export function plural(language: string, count: number, forms: Forms): string {
  const rule = new Intl.PluralRules(language).select(count);
  const form = forms[rule] ?? forms.other;
  return form.replace("#", new Intl.NumberFormat(language).format(count));
}
