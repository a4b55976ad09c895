// Texts that people read, in all languages at once; as in credentials/profile/words.py.

import { LANGUAGES, type Label, type Language, MEMBER_NAMES, WORDS } from "./profile";

/** What is put into a text: in each language its own, or the same in all. */
export type Values = Readonly<Record<string, Label | string | number>>;

/** Where there is nothing to say. */
export const NO_WORDS: Label = LANGUAGES.map(() => "");

/** What a label says in `language`; in the one that its readers understand best where it comes from somebody who did
 * not know theirs. */
export function said(label: Label, language: Language): string {
  return label[LANGUAGES.indexOf(language)] ?? label[LANGUAGES.indexOf(commonOf(language))] ?? "";
}

/** What `say` says in each language. */
export function each(say: (language: Language) => string): Label {
  return LANGUAGES.map(say);
}

/** A text of the catalogues, its placeholders filled. */
export function label(name: keyof typeof WORDS, values: Values = {}): Label {
  return each((language) => fill(said(WORDS[name], language), values, language));
}

/** Those of `parts` that are not empty, one after the other as `pattern` puts them together. */
export function joined(parts: readonly Label[], pattern: keyof typeof WORDS): Label {
  const spoken = parts.filter((part) => part.some(Boolean));
  return spoken.length ? spoken.reduce((first, next) => label(pattern, { first, next })) : NO_WORDS;
}

/** A document's text by language tag. One that it lacks is said in zh-CN where it is a kind of Chinese, else in English. */
export function translated(texts: { readonly [language: string]: string | undefined }): Label {
  return each((language) => texts[language] ?? texts[commonOf(language)] ?? "");
}

/** By the names of JSON fields: `<stem>zh`, `<stem>zh_hk`, `<stem>en`. */
export function fieldsOf(label: Label, stem = ""): Record<string, string> {
  return Object.fromEntries(LANGUAGES.map((language) => [stem + fieldOf(language), said(label, language)]));
}

/** One text as JSON has it, by the names of its fields; old documents and old verifiers know fewer languages. */
export type Fields = { readonly [field: string]: unknown };

/** A text by the names of its fields; `known` says it in the languages that it lacks. */
export function fromFields(fields: Fields, known?: Label): Label {
  return each((language) =>
    String(fields[fieldOf(language)] ?? (known && said(known, language)) ?? fields[fieldOf(commonOf(language))]),
  );
}

/** What a member is called: by the trust list, else by the profile. */
export function memberName(member: string, names: Fields): Label {
  return fromFields(names, MEMBER_NAMES[member]);
}

/** How a language is called in names of JSON fields. zh-CN is `zh`: there was no other Chinese when they were named. */
export function fieldOf(language: Language): string {
  return language === LANGUAGES[0] ? "zh" : language.toLowerCase().replace(/-/g, "_");
}

/** Of the languages that every signed document has, the one that a reader of `language` understands best. */
export function commonOf(language: Language): Language {
  return language.split("-")[0] === "zh" ? "zh-CN" : "en";
}

/** `text` with `{name}` replaced by its value, where it has one. */
export function fill(text: string, values: Values, language: Language): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "object" ? said(value, language) : String(value);
  });
}
