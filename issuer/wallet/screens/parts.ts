// Pieces that several screens are made of.

import type { Status } from "../../../credentials/browser/profile";
import { button, element, put, shape } from "../../../service_kit/browser/dom";
import { type Card, NotKept } from "../holding/cards";
import type { Wallet } from "../screen";

/** Told apart without any colour: a tick in a circle, an exclamation mark in a triangle, a cross in an octagon, a clock. */
export const STATUS_SHAPES: Record<Status, string> = {
  green: "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM10.4 17.2l-5-5l2-2l3 3l6.3-6.3l2 2z",
  yellow: "M12 1L24 22H0zM10.8 8.5h2.4l-.4 6.5h-1.6zM12 16.3a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 0 0 0-3.2z",
  red: "M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9zM8 6L6 8l4 4l-4 4l2 2l4-4l4 4l2-2l-4-4l4-4l-2-2l-4 4z",
  pending: "M12 1a11 11 0 1 0 0 22a11 11 0 0 0 0-22zM10.7 5.5h2.6v6l4 4l-1.8 1.8l-4.8-4.8z",
};
export const WARNING_SHAPE = STATUS_SHAPES.yellow;

/** The heading of a screen; it takes the focus when the screen comes. */
export function heading(text: string, ...before: Node[]): HTMLHeadingElement {
  return element("h1", { tabindex: -1 }, ...before, text);
}

/** A button that keeps its focus when the screen is drawn again. */
export function action(id: string, label: string, deed: () => unknown, style = ""): HTMLButtonElement {
  const made = button(label, deed, style);
  made.id = id;
  return made;
}

/** The status in its colour, with its word and its shape. */
export function statusBand(status: Status, label: string): HTMLElement {
  return element(
    "p",
    { class: `band ${status}`, "data-status": status },
    shape(STATUS_SHAPES[status]),
    element("strong", {}, label),
  );
}

export function warning(text: string, ...more: HTMLElement[]): HTMLElement {
  return element("div", { class: "warning notice" }, shape(WARNING_SHAPE), element("p", {}, text), ...more);
}

/** The hotline as a link that calls it; nothing where no office was ever heard. */
export function hotline(wallet: Wallet): HTMLElement | null {
  const number = wallet.card?.office.hotline ?? wallet.office?.hotline;
  if (!number) return null;
  return element(
    "a",
    { class: "button call", href: `tel:${number.replace(/[^0-9+]/g, "")}` },
    wallet.words.text("hotline", { number }),
  );
}

/** Whose code a screen is about, by the signed code; above whatever is shown of it. */
export function whose(card: Card, { words, isElder }: Wallet, ...more: (HTMLElement | null)[]): HTMLElement {
  const { name, more: tail } = words.person(card, isElder);
  const who = element(
    "p",
    { class: "who" },
    element("strong", {}, name),
    " ",
    element("span", { class: "tail" }, tail),
  );
  return element("div", { class: "whose" }, who, ...more);
}

/** Draw `children` into `place` when what they say has become another; the focus stays on the button that it was on. */
export function retell(place: HTMLElement, ...children: (HTMLElement | null)[]): void {
  const drawn = element("div", {}, ...children);
  if (drawn.textContent === place.textContent) return;
  const focused = place.contains(document.activeElement) ? document.activeElement?.id : null;
  put(place, ...drawn.childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Buttons under each other. */
export function stack(...children: (HTMLElement | null)[]): HTMLElement {
  return element("div", { class: "stack" }, ...children);
}

/** Run `deed`; where the browser keeps nothing of it that is said, and null comes back. */
export async function orSaid<Result>(wallet: Wallet, deed: () => Promise<Result>): Promise<Result | null> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof NotKept)) throw error;
    wallet.say(wallet.words.text(`notKept-${error.trouble}`), true);
    return null;
  }
}

/** Run `deed` with `pressed` out of use meanwhile, so that nobody asks twice. */
export async function whileBusy<Result>(pressed: HTMLButtonElement, deed: () => Promise<Result>): Promise<Result> {
  pressed.setAttribute("aria-busy", "true");
  pressed.disabled = true;
  try {
    return await deed();
  } finally {
    pressed.removeAttribute("aria-busy");
    pressed.disabled = false;
  }
}
