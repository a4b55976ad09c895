// Ways to bring a text in without a camera: a chosen picture, or the text itself.

import { element } from "../dom";
import type { Decoder } from "./camera";

/**
 * A chooser of one picture, out of sight: a button opens it. `found` gets the texts in the picture, or null where no
 * reader can run here; `chosen` is told before it is read.
 */
export function pictureChooser(
  decoder: Decoder,
  found: (texts: string[] | null) => unknown,
  attributes: Record<string, string>,
  chosen: () => void = () => {},
): HTMLInputElement {
  const fixed = { type: "file", accept: "image/*", class: "hidden", id: "picture", tabindex: -1 };
  const chooser = element("input", { ...fixed, ...attributes });
  chooser.addEventListener("change", async () => {
    const file = chooser.files?.[0];
    if (!file) return;
    chosen();
    const texts = await decoder.read(file).catch(() => null);
    chooser.value = "";
    await found(texts);
  });
  return chooser;
}

/** A box for a text that is typed or pasted: nothing of it is guessed or corrected. `most`: characters. */
export function textBox(most: number, attributes: Record<string, string> = {}): HTMLInputElement {
  const fixed = { id: "typed", autocomplete: "off", autocapitalize: "characters", spellcheck: "false" };
  return element("input", { ...fixed, maxlength: most, ...attributes });
}
